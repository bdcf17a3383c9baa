import { isOwn } from '../geo/unit';
import type { ColourBy, PageState } from '../state/page';
import { plural } from '../ui/format';

export const COLOUR_NAMES: Record<ColourBy, string> = {
  continent: 'Continent',
  city: 'City',
  similarity: 'Similarity',
};

/** Return the description of the plot for screen readers. */
export function describe(nTiles: number | null, { scatter, chosenId, search }: PageState, nMatches: number, nLassoed: number): string {
  if (nTiles === null) return 'Scatter plot, loading';
  const parts = [`Scatter plot of ${plural(nTiles, 'tile')}: tiles that look alike lie near each other`];
  if (scatter) parts.push(`coloured by ${COLOUR_NAMES[scatter].toLowerCase()}`);
  if (chosenId !== null && isOwn(search.unit)) parts.push(`the chosen ${search.unit} and ${plural(nMatches, 'match', 'matches')} are marked`);
  if (nLassoed > 0) parts.push(`${plural(nLassoed, 'tile')} in the lasso`);
  return `${parts.join('; ')}. Arrow keys move, plus and minus zoom, 0 resets, Enter chooses the tile in the middle.`;
}
