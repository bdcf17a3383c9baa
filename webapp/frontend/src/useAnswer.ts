import { useLayoutEffect, useState } from 'react';
import { toProblem, type Problem } from './api';

export interface Answer<T> {
  value: T | null;
  problem: Problem | null;
  isLoading: boolean;
}

const IDLE = { value: null, problem: null, isLoading: false };

/**
 * What the server answers to a question, asked anew whenever `key` changes; null asks nothing.
 * The answer before stays until the new one is there, but never an answer to a question that is no longer asked.
 */
export function useAnswer<T>(key: string | null, ask: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>(IDLE);
  // Asked at once: an effect would wait until the page, and with it the map, has been painted.
  useLayoutEffect(() => {
    if (key === null) {
      setAnswer(IDLE);
      return undefined;
    }
    const controller = new AbortController();
    setAnswer((before) => ({ ...before, isLoading: true }));
    const settle = (value: T | null, problem: Problem | null) => {
      if (!controller.signal.aborted) setAnswer({ value, problem, isLoading: false });
    };
    ask(controller.signal).then(
      (value) => settle(value, null),
      (error: unknown) => settle(null, toProblem(error)),
    );
    return () => controller.abort();
    // `ask` is a new function at every render; `key` says when the question is another.
  }, [key]);
  return answer;
}
