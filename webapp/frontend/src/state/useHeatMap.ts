import { useMemo } from 'preact/hooks';
import { getKey } from '../api/client';
import type { SearchRequest } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import type { PageState } from './page';

/** What the vector tiles take of a search, under the same names. */
const PARAMETERS = ['tile_id', 'block_id', 'positive', 'negative', 'unit', 'method', 'origin'];

/** Return the question as vector tiles and the plot take it, to be coloured by similarity to it; null if that is off, or not known yet. */
export function useHeatMap({ isSimilarityOn, concept }: PageState, request: SearchRequest | null): string | null {
  const asked = isSimilarityOn && concept === null ? request : null;
  // An area would be too long for the address of a tile.
  const key = useAnswer(asked && 'area' in asked.body ? JSON.stringify(asked) : null, (signal) => getKey(asked!, signal)).value;
  const query = useMemo(() => asked && queryOf(asked, key), [asked, key]);
  return isSimilarityOn && concept !== null ? `concept=${encodeURIComponent(concept)}` : query;
}

function queryOf({ body }: SearchRequest, key: string | null): string | null {
  const given = (names: string[]) => names.filter((name) => name in body).map((name) => `${name}=${String(body[name])}`);
  if ('area' in body) return key && [`key=${key}`, ...given(['origin'])].join('&');
  return given(PARAMETERS).join('&');
}
