// Country and date of a tile. Whether a tile is synthetic is said in words wherever it is shown.

import { dateText } from './format';
import './badge.css';

export const SyntheticBadge = () => (
  <span className="badge" title="Made-up pixels: no satellite observed this place">
    Synthetic
  </span>
);

/** What a place is known of; an item of an imported set has neither origin nor period. */
interface Place {
  country: string;
  is_synthetic: boolean | null;
  period: string | null;
  is_date_known: boolean | null;
}

/** The country, then the date of a real place or the badge of a synthetic one. */
export function PlaceFacts({ place: { country, is_synthetic: isSynthetic, period, is_date_known: isDateKnown } }: { place: Place }) {
  if (period === null) return <>{country}</>;
  return (
    <>
      {country} · {isSynthetic ? <SyntheticBadge /> : dateText({ period, is_date_known: isDateKnown === true })}
    </>
  );
}
