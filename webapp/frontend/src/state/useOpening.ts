import { useEffect, useRef, type Dispatch } from 'preact/hooks';
import { getTile } from '../api/client';
import { toProblem } from '../api/problem';
import { useLatest } from '../ui/useLatest';
import { isInView } from './opening';
import { isQuestionless, type PageState } from './page';
import type { Action } from './actions';

/** Read before the map writes its position there. */
const FIRST_HASH = window.location.hash;

/** Open the page on the server's start tile if that is a real place and the address asks for nothing else. */
export function useOpening(page: PageState, startId: number | null, dispatch: Dispatch<Action>): void {
  const isPending = useRef(isQuestionless(page));
  const latestPage = useLatest(page);
  useEffect(() => {
    if (startId === null || !isPending.current) return;
    isPending.current = false;
    getTile(startId).then(
      (tile) => {
        if (tile.is_synthetic || !isInView(FIRST_HASH, tile) || !isQuestionless(latestPage.current)) return;
        dispatch({ type: 'opened', tileId: startId });
        if (FIRST_HASH === '') dispatch({ type: 'viewRequested', view: { lon: tile.lon, lat: tile.lat } });
      },
      (error: unknown) => dispatch({ type: 'noticed', problem: toProblem(error) }),
    );
  }, [startId, latestPage, dispatch]);
}
