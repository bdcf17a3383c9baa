import { getPeriods } from '../api/client';
import { useAnswer } from '../api/useAnswer';

/** Return the periods of known date of which a city has tiles, oldest first; null until they are known. */
export const usePeriods = (cityId: number): string[] | null => useAnswer(`periods ${cityId}`, (signal) => getPeriods(cityId, signal)).value;
