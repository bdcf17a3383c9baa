import type { Polygon } from 'geojson';
import type { Map } from 'maplibre-gl';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Problem } from '../api/problem';
import { useLatest } from '../ui/useLatest';
import { palette } from './palette';

export interface Drawing {
  isOn: boolean;
  /** Whether a click on the map is taken as a corner. */
  isReady: boolean;
  start: () => void;
  stop: () => void;
}

interface Events {
  onDrawn: (area: Polygon) => void;
  onProblem: (problem: Problem) => void;
}

const NOT_LOADED = new Problem('Drawing is not available', 'A part of the page could not be loaded. Load the page again to draw an area.', 0);

const CROSSED = new Problem('The lines of the area cross', 'Go back over the last corner, or press Esc and draw it again.', 0);

/** Let the user draw an area on the map. The library is loaded when drawing first starts. */
export function useDrawing(map: Map | null, isDark: boolean, events: Events): Drawing {
  const [isOn, setOn] = useState(false);
  const [isReady, setReady] = useState(false);
  const latest = useLatest({ ...events, colour: palette(isDark).area });
  useEffect(() => {
    if (!map || !isOn) return undefined;
    let isGone = false;
    let stop: () => void = () => undefined;
    import('./draw').then(
      ({ drawPolygon }) => {
        if (isGone) return;
        stop = drawPolygon(map, latest.current.colour, (area) => {
          setOn(false);
          latest.current.onDrawn(area);
        }, () => latest.current.onProblem(CROSSED));
        setReady(true);
      },
      () => {
        if (isGone) return;
        setOn(false);
        latest.current.onProblem(NOT_LOADED);
      },
    );
    const giveUp = ({ key }: KeyboardEvent) => key === 'Escape' && setOn(false);
    window.addEventListener('keydown', giveUp);
    return () => {
      isGone = true;
      setReady(false);
      window.removeEventListener('keydown', giveUp);
      stop();
    };
  }, [map, isOn, latest]);
  return useMemo(() => ({ isOn, isReady, start: () => setOn(true), stop: () => setOn(false) }), [isOn, isReady]);
}
