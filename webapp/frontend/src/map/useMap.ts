import type { RefObject } from 'preact';
import type { Map as LibreMap } from 'maplibre-gl';
import { useEffect, useState } from 'preact/hooks';
import { useLatest } from '../ui/useLatest';
import { makeMap, type MapEvents } from './makeMap';

/** Make the map as soon as the address of its tiles is known. Return it once its style is loaded, until then null. */
export function useMap(container: RefObject<HTMLDivElement | null>, tilesUrl: string | null, isDark: boolean, events: MapEvents): LibreMap | null {
  const [map, setMap] = useState<LibreMap | null>(null);
  const latest = useLatest({ events, isDark });
  useEffect(() => {
    if (!tilesUrl) return undefined;
    const { current } = latest;
    const made = makeMap(container.current!, current.isDark, tilesUrl, {
      onClick: (under) => latest.current.events.onClick(under),
      onHover: (under) => latest.current.events.onHover(under),
      onImageryFailed: () => latest.current.events.onImageryFailed(),
      onImageryLoaded: () => latest.current.events.onImageryLoaded(),
      onProblem: (problem) => latest.current.events.onProblem(problem),
      isDrawing: () => latest.current.events.isDrawing(),
      unit: () => latest.current.events.unit(),
    });
    made?.once('style.load', () => setMap(made));
    return () => {
      setMap(null);
      made?.remove();
    };
  }, [container, tilesUrl, latest]);
  return map;
}
