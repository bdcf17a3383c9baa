import type { Polygon } from 'geojson';
import type { Map } from 'maplibre-gl';
import { useEffect, useRef, useState } from 'react';
import { Problem } from '../api';
import { palette } from './palette';

export interface Drawing {
  isOn: boolean;
  /** Whether a click on the map is taken as a corner. */
  isReady: boolean;
  start: () => void;
  stop: () => void;
}

const NOT_LOADED = new Problem('No drawing', 'A part of the page could not be loaded. Load the page again to draw an area.', 0);

/** Whether the user draws an area on the map just now. Its library is loaded at the first time. */
export function useDrawing(
  map: Map | null,
  isDark: boolean,
  events: { onDrawn: (area: Polygon) => void; onProblem: (problem: Problem) => void },
): Drawing {
  const [isOn, setOn] = useState(false);
  const [isReady, setReady] = useState(false);
  const latest = useRef(events);
  latest.current = events;
  useEffect(() => {
    if (!map || !isOn) return undefined;
    let isGone = false;
    let stop: () => void = () => undefined;
    import('./draw').then(
      ({ drawPolygon }) => {
        if (isGone) return;
        stop = drawPolygon(map, palette(isDark).area as `#${string}`, (area) => {
          setOn(false);
          latest.current.onDrawn(area);
        });
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
  }, [map, isOn]);
  return { isOn, isReady, start: () => setOn(true), stop: () => setOn(false) };
}
