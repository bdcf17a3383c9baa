import { getItem, getSimilarityBySearch, itemPictureUrl } from '../api/client';
import type { Item } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import type { Unit } from '../geo/unit';
import { dayText } from '../ui/format';
import { ComparedPicture } from './ComparedPicture';
import { PairView } from './PairView';
import type { SharedZoom } from './useZoom';

/** Two items of an imported set: their places as our tiles show them. */
export function ItemPair({ unit, a, b }: { unit: Unit; a: number; b: number }) {
  const pair = useAnswer(`${unit} ${a} ${b}`, (signal) => Promise.all([a, b].map((id) => getItem(unit, id, signal))));
  const other = pair.value?.[1];
  const similarity = useAnswer(other?.item_id === b ? `${unit} ${a} ${b}` : null, (signal) =>
    getSimilarityBySearch(unit, a, { ...other!, id: b }, signal),
  );
  return (
    <PairView pair={pair} similarity={similarity} pictures={(shared) => pair.value!.map((item, i) => <ComparedItem key={i} item={item} shared={shared} />)} />
  );
}

function ComparedItem({ item, shared }: { item: Item; shared: SharedZoom }) {
  const { unit, item_id: id, city, country, source_id: sourceId, observed_at: observedAt, has_thumbnail: hasThumbnail } = item;
  return (
    <section className="compare-tile" aria-label={`Item ${id}`}>
      <ComparedPicture name={`item ${id}`} shared={shared}>
        {hasThumbnail ? <img src={itemPictureUrl(unit, id)} alt={`Satellite picture of the place of item ${id}`} draggable={false} /> : <p>No picture of this place</p>}
      </ComparedPicture>
      <h3>{city}</h3>
      <p>{country}</p>
      <dl>
        {observedAt !== null && (
          <>
            <dt>Date</dt>
            <dd>{dayText(observedAt)}</dd>
          </>
        )}
        <dt>Item</dt>
        <dd>{id}</dd>
        {sourceId !== null && (
          <>
            <dt>In its file</dt>
            <dd>{sourceId}</dd>
          </>
        )}
      </dl>
    </section>
  );
}
