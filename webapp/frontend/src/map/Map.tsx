// The map: the grid of tiles on the base map, the chosen tile and its look-alikes. MapLibre is driven from effects.

import type { Feature, Polygon } from 'geojson';
import type { Map as LibreMap } from 'maplibre-gl';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Config, Problem, SimilarTile, Tile } from '../api';
import { cityIdsOf } from '../lassoCities';
import { useStored } from '../preferences';
import type { Hovered } from '../useHovered';
import { lines, point, polygon } from './features';
import { imageryUrl, showImagery } from './imagery';
import { markCities, markTiles, showSimilarity, type SimilarityLayer } from './layers';
import { SimilarityLegend } from './Legend';
import { go, makeMap, repaint, setData, type View } from './makeMap';
import { MapTools } from './MapTools';
import { palette } from './palette';
import { useDrawing } from './useDrawing';
import { useHeld } from './useHeld';

export type { View } from './makeMap';

interface Props {
  isDark: boolean;
  config: Config | null;
  /** Null: what the server suggests. */
  imagery: string | null;
  onImagery: (id: string) => void;
  similarity: SimilarityLayer | null;
  /** Null while there is no tile to compare with. */
  onSimilarity: ((isOn: boolean) => void) | null;
  /** Whether an answer is on its way: what is new on the map is then drawn after the list. */
  isSearching: boolean;
  selected: Tile | null;
  matches: SimilarTile[];
  hovered: Hovered;
  lassoIds: number[];
  area: Polygon | null;
  onArea: (area: Polygon) => void;
  view: View | null;
  onPick: (tileId: number) => void;
  onMatch: (tile: SimilarTile) => void;
  onHover: (tileId: number | null) => void;
  onCentre: (lon: number, lat: number) => void;
  onProblem: (problem: Problem) => void;
}

const tokenName = 'mapboxToken';

export function TileMap(props: Props) {
  const { isDark, config, similarity, lassoIds, area, view } = props;
  const marks = useMemo(
    () => ({ selected: props.selected, matches: props.matches, hovered: props.hovered }),
    [props.selected, props.matches, props.hovered],
  );
  const { selected, matches, hovered } = useHeld(marks, props.isSearching);
  const container = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [map, setMap] = useState<LibreMap | null>(null);
  const [hasImagery, setHasImagery] = useState(true);
  const [token, setToken] = useStored(tokenName);
  const drawing = useDrawing(map, isDark, {
    onDrawn: (drawn) => latest.current.onArea(drawn),
    onProblem: (problem) => latest.current.onProblem(problem),
  });
  const isDrawing = useRef(false);
  isDrawing.current = drawing.isOn;

  const tilesUrl = config?.tiles_url ?? null;
  const imagery = useMemo(() => {
    const wanted = props.imagery ?? config?.default_imagery;
    return config?.imagery.find(({ id }) => id === wanted) ?? null;
  }, [config, props.imagery]);
  const url = imageryUrl(imagery, token);

  useEffect(() => {
    if (!tilesUrl) return undefined;
    const made = makeMap(container.current!, latest.current.isDark, tilesUrl, {
      onTile: (tileId) => latest.current.onPick(tileId),
      onMatch: (tileId) => {
        const tile = latest.current.matches.find(({ tile_id }) => tile_id === tileId);
        if (tile) latest.current.onMatch(tile);
      },
      onHover: (tileId) => latest.current.onHover(tileId),
      onImageryFailed: () => setHasImagery(false),
      onImageryLoaded: () => setHasImagery(true),
      onProblem: (problem) => latest.current.onProblem(problem),
      isDrawing: () => isDrawing.current,
    });
    made?.once('style.load', () => setMap(made));
    return () => {
      setMap(null);
      made?.remove();
    };
  }, [tilesUrl]);

  useEffect(() => {
    if (!map) return;
    setHasImagery(true);
    showImagery(map, imagery, url);
  }, [map, imagery, url]);
  useEffect(() => {
    if (map && tilesUrl) showSimilarity(map, tilesUrl, similarity);
  }, [map, tilesUrl, similarity?.tileId, similarity?.method]);
  useEffect(() => {
    if (!map) return;
    setData(map, 'selected', selected ? [polygon(selected)] : []);
    setData(map, 'selectedPoint', selected ? [point(selected)] : []);
    const dominant = selected?.dominant_area;
    setData(map, 'dominant', dominant ? [{ type: 'Feature', geometry: dominant, properties: {} }] : []);
  }, [map, selected]);
  useEffect(() => {
    if (!map) return;
    setData(map, 'matches', matches.map(polygon));
    setData(map, 'matchPoints', matches.map(point));
    setData(map, 'lines', lines(selected, matches));
  }, [map, matches, selected]);
  useEffect(() => {
    if (map) setData(map, 'hovered', hovered.tile ? [point(hovered.tile)] : []);
    return map && hovered.id !== null ? markTiles(map, 'hover', [hovered.id]) : undefined;
  }, [map, hovered]);
  useEffect(() => {
    if (!map) return undefined;
    if (lassoIds.length === 0) markCities(map, []);
    else void cityIdsOf(lassoIds).then((ids) => latest.current.lassoIds === lassoIds && markCities(map, ids));
    return markTiles(map, 'lasso', lassoIds);
  }, [map, lassoIds]);
  useEffect(() => {
    if (map) setData(map, 'area', area ? [{ type: 'Feature', geometry: area, properties: {} } satisfies Feature] : []);
  }, [map, area]);
  useEffect(() => {
    if (map && view) go(map, view);
  }, [map, view]);
  useEffect(() => {
    if (map) repaint(map, isDark);
  }, [map, isDark]);

  const pickCentre = () => {
    const centre = map?.getCenter().wrap();
    if (centre) latest.current.onCentre(centre.lng, centre.lat);
  };
  return (
    <section className="map" aria-label="Map of all tiles" style={{ background: palette(isDark).sea }}>
      <div ref={container} className="map-canvas" data-state="loading" />
      <div className="crosshair" aria-hidden="true" />
      <MapTools
        imageries={config?.imagery ?? []}
        imagery={imagery}
        onImagery={props.onImagery}
        token={token}
        onToken={setToken}
        isSimilarityOn={similarity !== null}
        onSimilarity={props.onSimilarity}
        drawing={drawing}
        onView={() => map && props.onArea(viewOf(map))}
      />
      <div className="map-foot">
        {similarity && <SimilarityLegend />}
        {url && !hasImagery && (
          <p className="map-note" role="status">
            {imagery!.name} cannot be reached; the base map stays.
          </p>
        )}
      </div>
      <button type="button" className="pick-centre" onClick={pickCentre} disabled={!map}>
        Choose the tile in the middle of the map
      </button>
    </section>
  );
}

/** What the map shows, as an area: for those who cannot draw. */
function viewOf(map: LibreMap): Polygon {
  const bounds = map.getBounds();
  const [south, north] = [Math.max(bounds.getSouth(), -85), Math.min(bounds.getNorth(), 85)];
  const isWorld = bounds.getEast() - bounds.getWest() >= 360;
  const [west, east] = isWorld ? [-180, 180] : [bounds.getWest(), bounds.getEast()];
  return { type: 'Polygon', coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] }; // prettier-ignore
}
