import { useLayoutEffect, useState } from 'react';

const HELD_AT_MOST_MS = 200;

/**
 * A value for the map, held back while an answer is on its way and until the page with it has been painted: the map's
 * frames, slow without a GPU, must not stand between a click and its list. A slow answer holds nothing back for long.
 */
export function useHeld<T>(value: T, isAnswerComing: boolean): T {
  const [held, setHeld] = useState(value);
  useLayoutEffect(() => {
    if (isAnswerComing) {
      const timer = setTimeout(() => setHeld(value), HELD_AT_MOST_MS);
      return () => clearTimeout(timer);
    }
    // A timer set in the callback before a frame runs after that frame.
    let timer = 0;
    const frame = requestAnimationFrame(() => (timer = window.setTimeout(() => setHeld(value))));
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [value, isAnswerComing]);
  return held;
}
