import { useEffect, type Dispatch } from 'preact/hooks';
import type { Action } from './actions';

/** Keys that work everywhere on the page, as the help lists them. */
export function useShortcuts(dispatch: Dispatch<Action>, undo: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (isTyping(event) || event.altKey) return;
      const isCommand = event.ctrlKey || event.metaKey;
      if (isCommand && event.key === 'z' && !event.shiftKey) undo();
      else if (!isCommand && event.key === '?') dispatch({ type: 'helpSwitched', isOpen: true });
      else if (!isCommand && event.key === '/') document.querySelector<HTMLElement>('[type=search]')?.focus();
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [dispatch, undo]);
}

/** Whether a key belongs to a field, or to a window over the page. */
const isTyping = ({ target }: Event): boolean => target instanceof HTMLElement && target.closest('input:not([type=radio], [type=checkbox]), select, textarea, dialog') !== null;
