import { useLayoutEffect, useState } from 'preact/hooks';

const HELD_AT_MOST_MS = 200;

/**
 * Hold back a value for the map while an answer is on its way and until the page with the answer has been painted.
 * Without a GPU the map's frames are slow: they must not come between a click and its list. A slow answer does not hold
 * the map back for longer than `HELD_AT_MOST_MS`.
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
