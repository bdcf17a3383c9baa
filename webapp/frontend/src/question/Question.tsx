// What is searched for: the chosen tile or block, the examples beside it, the drawn area. Each can be removed.

import { inUnit } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { AreaCard } from './AreaCard';
import { Examples } from './Examples';
import { ChosenPlace } from './ChosenPlace';
import './question.css';
import { StartCards } from './StartCards';

export function Question() {
  const { state, unit, chosen } = usePage();
  const { chosenId, positive, negative, area } = state.page;
  const { startId } = state;
  return (
    <>
      {startId !== null && chosenId === inUnit(unit, startId) && <StartCards />}
      {chosen.value && <ChosenPlace chosen={chosen.value} />}
      {positive.length + negative.length > 0 && <Examples />}
      {area && <AreaCard area={area} />}
    </>
  );
}
