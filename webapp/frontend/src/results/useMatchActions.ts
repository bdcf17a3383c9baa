import type { Match } from '../api/types';
import { isSaved, savedPlace, toggled } from '../saved/collections';
import { useCollections } from '../saved/useCollections';
import { usePage } from '../state/PageProvider';
import type { IconName } from '../ui/Icon';

export interface MatchAction {
  /** The key that does it while the card has the focus. */
  key: string;
  icon: IconName;
  word: string;
  label: string;
  isPressed?: boolean;
  run: () => void;
}

/** Return a function that returns what can be done with a match beside showing it. */
export function useMatchActions(): (match: Match) => MatchAction[] {
  const { state, unit, dispatch } = usePage();
  const [collections, change] = useCollections();
  return (match) => {
    const { id, lon, lat } = match;
    const where = `match ${match.rank}, in ${match.city}`;
    const place = savedPlace(unit, id, match);
    const isKept = isSaved(collections, place);
    const example = (kind: 'positive' | 'negative') => () => dispatch({ type: 'exampleAdded', kind, id });
    const compare: MatchAction = { key: 'c', icon: 'compare', word: 'Compare', label: `Compare with ${where}`, run: () => dispatch({ type: 'compared', id }) };
    return [
      { key: '+', icon: 'more', word: 'More like this', label: `More like ${where}`, run: example('positive') },
      { key: '-', icon: 'less', word: 'Less', label: `Less like ${where}`, run: example('negative') },
      ...(state.page.chosenId === null ? [] : [compare]),
      {
        key: 'f',
        icon: 'find',
        word: 'Search from here',
        label: `Search from ${where}`,
        run: () => {
          dispatch({ type: 'picked', id });
          dispatch({ type: 'viewRequested', view: { lon, lat } });
        },
      },
      {
        key: 's',
        icon: 'save',
        word: isKept ? 'Saved' : 'Save',
        label: `${isKept ? 'Remove' : 'Save'} ${where}`,
        isPressed: isKept,
        run: () => change(toggled(collections, place)),
      },
    ];
  };
}
