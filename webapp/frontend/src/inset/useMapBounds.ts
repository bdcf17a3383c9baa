import type { Map } from 'maplibre-gl';
import { useEffect, useState } from 'preact/hooks';
import type { Bounds } from '../geo/bounds';

/** Return what the map shows once it has stopped moving; null until then. */
export function useMapBounds(map: Map | null): Bounds | null {
  const [bounds, setBounds] = useState<Bounds | null>(null);
  useEffect(() => {
    if (!map) return undefined;
    const read = () => {
      const shown = map.getBounds();
      setBounds([shown.getWest(), shown.getSouth(), shown.getEast(), shown.getNorth()]);
    };
    read();
    map.on('moveend', read);
    return () => void map.off('moveend', read);
  }, [map]);
  return bounds;
}
