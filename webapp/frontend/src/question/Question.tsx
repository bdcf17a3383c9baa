// What is searched for: the chosen tile, the examples beside it, the drawn area. Each can be removed.

import { usePage } from '../state/PageProvider';
import { AreaCard } from './AreaCard';
import { Examples } from './Examples';
import './question.css';
import { SelectedTile } from './SelectedTile';

export function Question() {
  const { state, tile } = usePage();
  const { positive, negative, area } = state.page;
  return (
    <>
      {tile.value && <SelectedTile tile={tile.value} />}
      {positive.length + negative.length > 0 && <Examples />}
      {area && <AreaCard area={area} />}
    </>
  );
}
