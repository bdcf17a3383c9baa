import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Match } from '../api/types';
import { useLatest } from '../ui/useLatest';

/** Show the match in the middle of the list while the user swipes through it as a strip, which is wider than its window. */
export function useStrip(list: RefObject<HTMLElement | null>, matches: Match[], onShow: (match: Match) => void): void {
  const latest = useLatest({ matches, onShow });
  useEffect(() => {
    const strip = list.current;
    if (!strip) return undefined;
    let isSwiped = false;
    const swipe = () => (isSwiped = true);
    const settle = () => {
      if (!isSwiped || strip.scrollWidth <= strip.clientWidth) return;
      isSwiped = false;
      const middle = strip.getBoundingClientRect().x + strip.clientWidth / 2;
      const offsets = [...strip.children].map((card) => Math.abs(card.getBoundingClientRect().x + card.clientWidth / 2 - middle));
      const match = latest.current.matches[offsets.indexOf(Math.min(...offsets))];
      if (match) latest.current.onShow(match);
    };
    strip.addEventListener('touchmove', swipe, { passive: true });
    strip.addEventListener('scrollend', settle);
    return () => {
      strip.removeEventListener('touchmove', swipe);
      strip.removeEventListener('scrollend', settle);
    };
  }, [list, latest]);
}
