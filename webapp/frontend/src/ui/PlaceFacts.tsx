// Country and date of a tile. Whether a tile is synthetic is said in words wherever it is shown.

import { dateText, type Dated } from './format';
import './badge.css';

export const SyntheticBadge = () => (
  <span className="badge" title="Made-up pixels: no satellite observed this place">
    Synthetic
  </span>
);

/** The country, then the date of a real place or the badge of a synthetic one. */
export function PlaceFacts({ place }: { place: Dated & { country: string; is_synthetic: boolean } }) {
  return (
    <>
      {place.country} · {place.is_synthetic ? <SyntheticBadge /> : dateText(place)}
    </>
  );
}
