// What is searched for: the question as a sentence, then the chosen tile or block and the drawn area in full.

import { usePage } from '../state/PageProvider';
import { AreaCard } from './AreaCard';
import { ChosenPlace } from './ChosenPlace';
import './question.css';
import { QuestionBar } from './QuestionBar';

export function Question() {
  const { state, chosen } = usePage();
  const { area } = state.page;
  return (
    <>
      <QuestionBar />
      {chosen.value && <ChosenPlace chosen={chosen.value} />}
      {area && <AreaCard area={area} />}
    </>
  );
}
