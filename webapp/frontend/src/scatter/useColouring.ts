import { useMemo } from 'preact/hooks';
import { useAnswer } from '../api/useAnswer';
import { useConcepts } from '../api/useConcepts';
import { isOwn } from '../geo/unit';
import type { ColourBy } from '../state/page';
import { usePage } from '../state/PageProvider';
import { useScheme } from '../state/preferences';
import { byCity, byContinent, bySimilarity, type Colouring } from './colours';
import { getSimilarities, type Layout } from './layout';

/** Return whether there is something about tiles or blocks that the points can be similar to. */
export function useIsAsked(): boolean {
  const { state, request, unit } = usePage();
  const { concept } = state.page;
  const concepts = useConcepts(concept !== null);
  if (concept === null) return request !== null && isOwn(unit);
  return concepts.some(({ name, unit: ofUnit }) => name === concept && isOwn(ofUnit));
}

/** Return what colours the points: without a question about tiles or blocks there is no similarity to it. */
export const shownColours = (wanted: ColourBy | null, isAsked: boolean): ColourBy | null => (wanted === 'similarity' && !isAsked ? 'continent' : wanted);

/** Return the colours of the points; null until the layout is known. */
export function useColouring(layout: Layout | null, selected: number, onlyContinent: string | null): Colouring | null {
  const { state, heatMap } = usePage();
  const scatter = shownColours(state.page.scatter, useIsAsked());
  const { isDark } = useScheme();
  const asked = scatter === 'similarity' ? heatMap : null;
  const similarities = useAnswer(layout && asked && `${layout.version} ${asked}`, (signal) => getSimilarities(layout!, asked!, signal)).value;
  // Points are recoloured only when their colours change: continents depend neither on the chosen tile nor on the scheme.
  const highlighted = scatter === 'continent' ? -1 : selected;
  const isGreyed = scatter === 'city' || onlyContinent !== null;
  const isDarkGrey = isGreyed && isDark;
  return useMemo(() => {
    if (!layout) return null;
    if (scatter === 'similarity' && similarities) return bySimilarity(similarities);
    if (scatter === 'city') return byCity(layout, highlighted, isDarkGrey);
    return byContinent(layout, onlyContinent, isDarkGrey);
  }, [layout, scatter, similarities, highlighted, onlyContinent, isDarkGrey]);
}
