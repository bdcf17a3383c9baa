// Other places to start from, as different as possible, while the page still shows the one that it opened on.

import { thumbnailUrl } from '../api/client';
import { useAnswer } from '../api/useAnswer';
import { usePage } from '../state/PageProvider';
import { findTile } from '../state/places';
import { useCommands } from '../state/useCommands';
import './startCards.css';

export function StartCards() {
  const ids = usePage().encoder.value?.start_tile_ids ?? [];
  const { pickTile } = useCommands();
  const tiles = useAnswer(ids.length === 0 ? null : ids.join(), () => Promise.all(ids.map((id) => findTile(id)))).value;
  return (
    <section className="start" aria-label="Start here">
      <p className="hint">Find places that look like this one. Click any square{tiles ? ', or start here:' : '.'}</p>
      {tiles && (
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
      )}
    </section>
  );
}
