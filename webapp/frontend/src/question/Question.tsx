// What is searched for: the chosen tile, the examples beside it, the drawn area. Each can be removed.

import { usePage } from '../state/PageProvider';
import { AreaCard } from './AreaCard';
import { Examples } from './Examples';
import './question.css';
import { SelectedTile } from './SelectedTile';

export function Question() {
  const { state, tile } = usePage();
  const { tileId, positive, negative, area } = state.page;
  return (
    <>
      {tileId !== null && tileId === state.startId && (
        <p className="hint">A real place, and the places that look most like it. Click any square on the map to search from there.</p>
      )}
      {tile.value && <SelectedTile tile={tile.value} />}
      {positive.length + negative.length > 0 && <Examples />}
      {area && <AreaCard area={area} />}
    </>
  );
}
