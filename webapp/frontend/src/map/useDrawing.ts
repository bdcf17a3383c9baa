import type { Polygon } from 'geojson';
import type { Map } from 'maplibre-gl';
import { useEffect, useRef, useState } from 'react';
import { palette } from './palette';

export interface Drawing {
  isOn: boolean;
  start: () => void;
  stop: () => void;
}

/** Whether the user draws an area on the map just now. Its library is loaded at the first time. */
export function useDrawing(map: Map | null, isDark: boolean, onDrawn: (area: Polygon) => void): Drawing {
  const [isOn, setOn] = useState(false);
  const latest = useRef(onDrawn);
  latest.current = onDrawn;
  useEffect(() => {
    if (!map || !isOn) return undefined;
    let isGone = false;
    let stop: () => void = () => undefined;
    void import('./draw').then(({ drawPolygon }) => {
      if (isGone) return;
      stop = drawPolygon(map, palette(isDark).area as `#${string}`, (area) => {
        setOn(false);
        latest.current(area);
      });
    });
    const giveUp = ({ key }: KeyboardEvent) => key === 'Escape' && setOn(false);
    window.addEventListener('keydown', giveUp);
    return () => {
      isGone = true;
      window.removeEventListener('keydown', giveUp);
      stop();
    };
  }, [map, isOn]);
  return { isOn, start: () => setOn(true), stop: () => setOn(false) };
}
