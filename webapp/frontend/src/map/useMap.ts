import type { RefObject } from 'preact';
import type { Map as LibreMap } from 'maplibre-gl';
import { useEffect, useState } from 'preact/hooks';
import { useLatest } from '../ui/useLatest';
import { makeMap, type MapEvents } from './makeMap';

export interface MadeMap {
  /** Null until its style is loaded, and while the browser has taken its graphics memory away: nothing can be drawn then. */
  map: LibreMap | null;
  isLost: boolean;
}

/** Make the map as soon as the address of its tiles is known. Whoever draws on it draws again when it comes back. */
export function useMap(container: RefObject<HTMLDivElement | null>, tilesUrl: string | null, isDark: boolean, events: MapEvents): MadeMap {
  const [map, setMap] = useState<LibreMap | null>(null);
  const [isLost, setLost] = useState(false);
  const latest = useLatest({ events, isDark });
  useEffect(() => {
    if (!tilesUrl) return undefined;
    const { current } = latest;
    const made = makeMap(container.current!, current.isDark, tilesUrl, {
      onClick: (under) => latest.current.events.onClick(under),
      onMissed: (at) => latest.current.events.onMissed(at),
      onHover: (under) => latest.current.events.onHover(under),
      onImageryFailed: () => latest.current.events.onImageryFailed(),
      onImageryLoaded: () => latest.current.events.onImageryLoaded(),
      onProblem: (problem) => latest.current.events.onProblem(problem),
      onUnavailable: (problem) => latest.current.events.onUnavailable(problem),
      isDrawing: () => latest.current.events.isDrawing(),
      unit: () => latest.current.events.unit(),
    });
    const draw = (drawn: LibreMap | null) => {
      setMap(drawn);
      setLost(drawn === null);
    };
    made?.on('style.load', () => draw(made));
    made?.on('webglcontextlost', () => draw(null));
    return () => {
      setMap(null);
      made?.remove();
    };
  }, [container, tilesUrl, latest]);
  return { map, isLost };
}
