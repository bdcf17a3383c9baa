// Other places to start from, as different as possible, over the map while the page still shows the one that it opened on.

import { useState } from 'preact/hooks';
import { thumbnailUrl } from '../api/client';
import { useAnswer } from '../api/useAnswer';
import { inUnit, isOwn } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { findTile } from '../state/places';
import { useCommands } from '../state/useCommands';
import { Icon } from '../ui/Icon';
import './startCards.css';

export function StartCards() {
  const { state, unit } = usePage();
  const [isClosed, setClosed] = useState(false);
  const { startId } = state;
  if (isClosed || startId === null || !isOwn(unit) || state.past.length > 0 || state.page.chosenId !== inUnit(unit, startId)) return null;
  return (
    <section className="start" aria-label="Start here">
      <div className="start-head">
        <p>Find places that look like this one. Click any square, or start here:</p>
        <button type="button" aria-label="Hide the places to start from" onClick={() => setClosed(true)}>
          <Icon name="close" />
        </button>
      </div>
      <Places />
    </section>
  );
}

function Places() {
  const ids = usePage().encoder.value?.start_tile_ids ?? [];
  const { pickTile } = useCommands();
  const tiles = useAnswer(ids.length === 0 ? null : ids.join(), () => Promise.all(ids.map((id) => findTile(id)))).value;
  if (!tiles) return null;
  return (
    <ul>
      {tiles.map(({ tile_id: tileId, city }) => (
        <li key={tileId}>
          <button type="button" onClick={() => pickTile(tileId)}>
            <img src={thumbnailUrl(tileId)} alt="" width="224" height="224" />
            <bdi>{city}</bdi>
          </button>
        </li>
      ))}
    </ul>
  );
}
