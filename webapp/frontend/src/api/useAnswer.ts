import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { useLatest } from '../ui/useLatest';
import { toProblem, type Problem } from './problem';

export interface Answer<T> {
  value: T | null;
  problem: Problem | null;
  isLoading: boolean;
}

const IDLE = { value: null, problem: null, isLoading: false };

/**
 * Return the server's answer to a question, which is asked again whenever `key` changes; null asks nothing.
 * The previous answer stays until the next one arrives. An answer to a previous question is never shown. A question that
 * reached no server is asked again when the browser is back online.
 */
export function useAnswer<T>(key: string | null, ask: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>(IDLE);
  const [attempt, setAttempt] = useState(0);
  const latestAsk = useLatest(ask);
  // A layout effect asks at once; other effects wait until the page, and with it the map, has been painted.
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
    latestAsk.current(controller.signal).then(
      (value) => settle(value, null),
      (error: unknown) => settle(null, toProblem(error)),
    );
    return () => controller.abort();
  }, [key, attempt, latestAsk]);
  const isUnanswered = answer.problem?.status === 0;
  useEffect(() => {
    if (!isUnanswered) return undefined;
    const askAgain = () => setAttempt((before) => before + 1);
    window.addEventListener('online', askAgain);
    return () => window.removeEventListener('online', askAgain);
  }, [isUnanswered]);
  return answer;
}
