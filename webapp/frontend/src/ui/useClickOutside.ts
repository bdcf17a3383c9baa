import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { useLatest } from './useLatest';

/** Call `onLeave` when the pointer is pressed outside an open menu. */
export function useClickOutside(menu: RefObject<HTMLElement | null>, isOpen: boolean, onLeave: () => void): void {
  const latest = useLatest(onLeave);
  useEffect(() => {
    if (!isOpen) return undefined;
    const leave = ({ target }: Event) => {
      if (!menu.current?.contains(target as Node)) latest.current();
    };
    document.addEventListener('pointerdown', leave);
    return () => document.removeEventListener('pointerdown', leave);
  }, [menu, isOpen, latest]);
}
