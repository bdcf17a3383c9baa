import type { Map } from 'maplibre-gl';
import { useEffect, useMemo } from 'preact/hooks';
import { cityIdsOf } from '../scatter/lassoCities';
import { usePage } from '../state/PageProvider';
import { useLatest } from '../ui/useLatest';
import { point } from './features';
import { go, repaint } from './makeMap';
import { showSimilarity, type SimilarityTo } from './similarityLayers';
import { markCities, markTiles, setData, setMatches, setSelected } from './stateData';
import { useHeld } from './useHeld';

/** Draw the page's state on the map, and redraw what changes. */
export function useMapState(map: Map | null, tilesUrl: string | null, isDark: boolean, similarity: SimilarityTo | null): void {
  const { state } = usePage();
  const { view } = state;
  const { area } = state.page;
  useMarks(map);
  useLasso(map);
  useEffect(() => {
    if (map && tilesUrl) showSimilarity(map, tilesUrl, similarity);
  }, [map, tilesUrl, similarity]);
  useEffect(() => {
    if (map) setData(map, 'area', area ? [{ type: 'Feature', geometry: area, properties: {} }] : []);
  }, [map, area]);
  useEffect(() => {
    if (map && view) go(map, view);
  }, [map, view]);
  useEffect(() => {
    if (map) repaint(map, isDark);
  }, [map, isDark]);
}

/** The chosen tile, the matches and the hovered tile, drawn after the list. */
function useMarks(map: Map | null): void {
  const { tile, similar, matches, hovered } = usePage();
  const marks = useMemo(() => ({ selected: tile.value, matches, hovered }), [tile.value, matches, hovered]);
  const held = useHeld(marks, similar.isLoading);
  useEffect(() => {
    if (map) setSelected(map, held.selected);
  }, [map, held.selected]);
  useEffect(() => {
    if (map) setMatches(map, held.selected, held.matches);
  }, [map, held.selected, held.matches]);
  useEffect(() => {
    if (!map) return undefined;
    setData(map, 'hovered', held.hovered.tile ? [point(held.hovered.tile)] : []);
    return held.hovered.id === null ? undefined : markTiles(map, 'hover', [held.hovered.id]);
  }, [map, held.hovered]);
}

function useLasso(map: Map | null): void {
  const { lassoIds } = usePage().state;
  const latestIds = useLatest(lassoIds);
  useEffect(() => {
    if (!map) return undefined;
    if (lassoIds.length === 0) markCities(map, []);
    else void cityIdsOf(lassoIds).then((ids) => latestIds.current === lassoIds && markCities(map, ids));
    return markTiles(map, 'lasso', lassoIds);
  }, [map, lassoIds, latestIds]);
}
