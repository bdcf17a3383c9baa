import type { Map } from 'maplibre-gl';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Imagery } from '../api/types';
import { usePage } from '../state/PageProvider';
import { useStored } from '../state/preferences';
import { imageryUrl, showImagery } from './imagery';

export interface ImageryState {
  imagery: Imagery | null;
  /** Null: no imagery, or its token is missing. */
  url: string | null;
  hasFailed: boolean;
  setHasFailed: (hasFailed: boolean) => void;
}

/** Return the token that the user gave an imagery provider, and a function that sets it. */
export const useToken = () => useStored('mapboxToken');

/** Return the chosen imagery, or the server's default. */
export function useChosenImagery(): Imagery | null {
  const { state, config } = usePage();
  const { imagery } = state.page;
  return useMemo(() => {
    const wanted = imagery ?? config.value?.default_imagery;
    return config.value?.imagery.find(({ id }) => id === wanted) ?? null;
  }, [config.value, imagery]);
}

/** Return the chosen imagery and whether it could be loaded. */
export function useImagery(): ImageryState {
  const imagery = useChosenImagery();
  const [token] = useToken();
  const [hasFailed, setHasFailed] = useState(false);
  return { imagery, url: imageryUrl(imagery, token), hasFailed, setHasFailed };
}

/** Show imagery on the map, and give it another chance whenever it changes. */
export function useImageryOn(map: Map | null, { imagery, url, setHasFailed }: ImageryState): void {
  useEffect(() => {
    if (!map) return;
    setHasFailed(false);
    showImagery(map, imagery, url);
  }, [map, imagery, url, setHasFailed]);
}
