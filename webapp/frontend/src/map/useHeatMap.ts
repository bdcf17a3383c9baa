import { useMemo } from 'preact/hooks';
import { getKey } from '../api/client';
import { useAnswer } from '../api/useAnswer';
import type { PageState } from '../state/page';
import { usePage } from '../state/PageProvider';

/** Return the query string of the tiles that colour the map by similarity to the question; null if that is off, or not known yet. */
export function useHeatMap(): string | null {
  const { state, request } = usePage();
  const { page } = state;
  const isOn = page.isSimilarityOn && request !== null;
  const ids = isOn ? idsOf(page) : null;
  // The server knows an area by a key, which would be too long to send as a shape.
  const key = useAnswer(isOn && !ids ? JSON.stringify(request) : null, (signal) => getKey(request!, signal)).value;
  const { unit, method, origin } = page.search;
  return useMemo(() => {
    const question = ids ?? (key === null ? null : `key=${key}`);
    if (!isOn || question === null) return null;
    const others = new URLSearchParams({
      ...(ids && { unit }),
      ...(ids && unit === 'tile' && method && { method }),
      ...(origin && { origin }),
    });
    return [question, others.toString()].filter(Boolean).join('&');
  }, [isOn, ids, key, unit, method, origin]);
}

/** Return the question by ids; null if it is about an area. */
function idsOf({ chosenId, positive, negative, area, areaUse, search }: PageState): string | null {
  if (area && areaUse === 'like') return null;
  const examples = chosenId === null ? positive : [chosenId, ...positive];
  if (examples.length === 1 && negative.length === 0) return `${search.unit}_id=${examples[0]}`;
  return `positive=${examples.join()}${negative.length > 0 ? `&negative=${negative.join()}` : ''}`;
}
