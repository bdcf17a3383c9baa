import type { Map } from 'maplibre-gl';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { cityIdsOf } from '../scatter/lassoed';
import { tileIdOf } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { knownTile } from '../state/places';
import { useLatest } from '../ui/useLatest';
import { go, repaint } from './makeMap';
import { showChanges, showRanks } from './changeLayers';
import { showSimilarity } from './similarityLayers';
import { markCities, markTiles, setBlocks, setData, setHovered, setLine, setMatches, setSelected, setUnit } from './stateData';
import { useHeld } from './useHeld';

const PHONE = window.matchMedia('(max-width: 46rem)');

/** Draw the page's state on the map, and redraw what changes. */
export function useMapState(map: Map | null, tilesUrl: string | null, isDark: boolean): void {
  const { state, unit, heatMap, changed, dispatch } = usePage();
  const { view } = state;
  const { changes } = state.page;
  const latestUnit = useLatest(unit);
  const isFirstView = useRef(true);
  const { area } = state.page;
  useMarks(map);
  useLasso(map);
  useEffect(() => {
    if (map) setData(map, 'area', area ? [{ type: 'Feature', geometry: area, properties: {} }] : []);
  }, [map, area]);
  useEffect(() => {
    if (!map || !view) return;
    // On a phone the plot covers the map: whoever asks for a view after that of the address wants to see it.
    if (PHONE.matches && !isFirstView.current) dispatch({ type: 'paneChosen', pane: 'map' });
    isFirstView.current = false;
    go(map, view, latestUnit.current);
  }, [map, view, latestUnit, dispatch]);
  useEffect(() => {
    if (!map) return;
    repaint(map, isDark);
    // The colours of changes take the place of those of similarity.
    if (tilesUrl) showSimilarity(map, tilesUrl, changes ? null : heatMap, isDark);
  }, [map, tilesUrl, isDark, heatMap, changes]);
  useEffect(() => {
    if (map && tilesUrl) showChanges(map, tilesUrl, changes);
  }, [map, tilesUrl, changes]);
  useEffect(() => {
    if (map && changes) showRanks(map, changed.value ?? []);
  }, [map, tilesUrl, changes, changed.value]);
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
    if (map) setMatches(map, held.matches);
  }, [map, held.matches]);
  const hoveredMatch = held.hovered.id === null ? undefined : held.matches.find(({ id }) => id === held.hovered.id);
  useEffect(() => {
    if (map) setLine(map, held.selected, hoveredMatch);
  }, [map, held.selected, hoveredMatch]);
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
    return held.unit !== 'tile' || held.hovered.id === null ? undefined : markTiles(map, 'hover', [held.hovered.id]);
  }, [map, held.unit, held.hovered]);
}

function useLasso(map: Map | null): void {
  const { lassoIds } = usePage();
  const latestIds = useLatest(lassoIds);
  useEffect(() => {
    if (!map) return undefined;
    if (lassoIds.length === 0) markCities(map, []);
    else void cityIdsOf(lassoIds).then((ids) => latestIds.current === lassoIds && markCities(map, ids));
    return markTiles(map, 'lasso', lassoIds);
  }, [map, lassoIds, latestIds]);
}
