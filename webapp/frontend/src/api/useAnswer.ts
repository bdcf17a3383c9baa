import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLatest } from '../ui/useLatest';
import { toProblem, type Problem } from './problem';

export interface Answer<T> {
  value: T | null;
  problem: Problem | null;
  isLoading: boolean;
  /** Ask again. */
  retry: () => void;
}

const IDLE = { value: null, problem: null, isLoading: false };
/** Pauses before a question is asked again by itself that no server answered; then the user decides. */
const RETRY_AFTER_MS = [2_000, 5_000, 15_000];
const AWAY = [0, 502, 503, 504];

/**
 * Return the server's answer to a question, which is asked again whenever `key` changes; null asks nothing.
 * The previous answer stays until the next one arrives, and with `keepsOld` also beside the problem of one that failed.
 * A question that no server answered is asked again after some seconds, and when the browser is back online.
 */
export function useAnswer<T>(
  key: string | null,
  ask: (signal: AbortSignal) => Promise<T>,
  { keepsOld = false }: { keepsOld?: boolean } = {},
): Answer<T> {
  const [answer, setAnswer] = useState<Omit<Answer<T>, 'retry'>>(IDLE);
  const [attempt, setAttempt] = useState(0);
  const nFailures = useRef(0);
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
      if (controller.signal.aborted) return;
      nFailures.current = problem ? nFailures.current + 1 : 0;
      setAnswer((before) => ({ value: problem && keepsOld ? before.value : value, problem, isLoading: false }));
    };
    latestAsk.current(controller.signal).then(
      (value) => settle(value, null),
      (error: unknown) => settle(null, toProblem(error)),
    );
    return () => controller.abort();
  }, [key, attempt, keepsOld, latestAsk]);
  const retry = useCallback(() => setAttempt((before) => before + 1), []);
  const { problem } = answer;
  useEffect(() => {
    if (!problem || !AWAY.includes(problem.status)) return undefined;
    window.addEventListener('online', retry);
    const pause = RETRY_AFTER_MS[nFailures.current - 1];
    const timer = pause === undefined ? undefined : setTimeout(retry, pause);
    return () => {
      window.removeEventListener('online', retry);
      clearTimeout(timer);
    };
  }, [problem, retry]);
  return useMemo(() => ({ ...answer, retry }), [answer, retry]);
}
