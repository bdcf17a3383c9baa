import type { Map } from 'maplibre-gl';

/** Fold the attribution behind its (i), because on a phone it would hide the map. The control unfolds itself once. */
export function foldAttribution(map: Map): void {
  const fold = () => {
    const attribution = map.getContainer().querySelector('.maplibregl-ctrl-attrib.maplibregl-compact');
    if (!attribution) return;
    attribution.classList.remove('maplibregl-compact-show');
    map.off('render', fold);
  };
  map.on('render', fold);
}
