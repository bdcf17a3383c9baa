// The chosen item of an imported set: its place as our tiles show it, and what its file says of it.

import { itemPictureUrl } from '../api/client';
import type { Item } from '../api/types';
import { dayText } from '../ui/format';

export const ItemPlace = ({ item: { unit, item_id: id, city, country, observed_at: observedAt, has_thumbnail: hasThumbnail } }: { item: Item }) => (
  <>
    {hasThumbnail && (
      <div className="selected-picture">
        <img src={itemPictureUrl(unit, id)} alt={`Satellite picture of the place of item ${id}`} />
      </div>
    )}
    <div className="place">
      <h2>
        <bdi>{city}</bdi>
      </h2>
      <p>
        {country}
        {observedAt !== null && ` · ${dayText(observedAt)}`}
      </p>
    </div>
  </>
);

/** The columns of the file that are not places and vectors. */
export const ItemDetails = ({ item: { unit, item_id: id, source_id: sourceId, properties } }: { item: Item }) => (
  <>
    <p>
      Item {id} of {unit}
      {sourceId !== null && <> · {sourceId}</>}
    </p>
    <dl className="item-columns">
      {Object.entries(properties).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
        </div>
      ))}
    </dl>
  </>
);
