import type { Map } from 'maplibre-gl';
import { useEffect, useMemo } from 'preact/hooks';
import { cityIdsOf } from '../scatter/lassoCities';
import { tileIdOf } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { knownTile } from '../state/places';
import { useLatest } from '../ui/useLatest';
import { go, repaint } from './makeMap';
import { showSimilarity, type SimilarityTo } from './similarityLayers';
import { markCities, markTiles, setBlocks, setData, setHovered, setMatches, setSelected, setUnit } from './stateData';
import { useHeld } from './useHeld';

/** Draw the page's state on the map, and redraw what changes. */
export function useMapState(map: Map | null, tilesUrl: string | null, isDark: boolean, similarity: SimilarityTo | null): void {
  const { state, unit } = usePage();
  const { view } = state;
  const latestUnit = useLatest(unit);
  const { area } = state.page;
  useMarks(map);
  useLasso(map);
  useEffect(() => {
    if (map) setData(map, 'area', area ? [{ type: 'Feature', geometry: area, properties: {} }] : []);
  }, [map, area]);
  useEffect(() => {
    if (map && view) go(map, view, latestUnit.current);
  }, [map, view, latestUnit]);
  useEffect(() => {
    if (!map) return;
    repaint(map, isDark);
    if (tilesUrl) showSimilarity(map, tilesUrl, similarity, isDark);
  }, [map, tilesUrl, isDark, similarity]);
}

/** What is chosen, the matches and what is hovered, drawn after the list. */
function useMarks(map: Map | null): void {
  const { unit, chosen, similar, matches, hovered } = usePage();
  const marks = useMemo(() => ({ unit, selected: chosen.value, matches, hovered }), [unit, chosen.value, matches, hovered]);
  const held = useHeld(marks, similar.isLoading);
  useEffect(() => {
    if (map) setSelected(map, held.selected);
  }, [map, held.selected]);
  useEffect(() => {
    if (map) setMatches(map, held.selected, held.matches);
  }, [map, held.selected, held.matches]);
  useEffect(() => {
    if (map) setUnit(map, held.unit);
  }, [map, held.unit]);
  const chosenTile = held.selected?.unit === 'block' ? held.selected.tile : null;
  const hoveredTile = held.unit === 'block' && held.hovered.id !== null ? knownTile(tileIdOf('block', held.hovered.id)) : null;
  useEffect(() => {
    if (map) setBlocks(map, [...new Set([chosenTile, hoveredTile])].filter((tile) => tile !== null));
  }, [map, chosenTile, hoveredTile]);
  useEffect(() => {
    if (!map) return undefined;
    setHovered(map, held.unit, held.hovered.place);
    return held.unit === 'block' || held.hovered.id === null ? undefined : markTiles(map, 'hover', [held.hovered.id]);
  }, [map, held.unit, held.hovered]);
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
