// Two tiles, blocks or items side by side, above the matches.

import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { isOwn, nameOf } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import './compare.css';
import { ItemPair } from './ItemPair';
import { PlacePair } from './PlacePair';

export function Compare() {
  const { state, unit, dispatch } = usePage();
  const { chosenId, compareId } = state.page;
  const section = useRef<HTMLElement>(null);
  const comparedId = chosenId === null ? null : compareId;
  useFocus(comparedId, section);
  if (chosenId === null || comparedId === null) return null;
  const title = `Two ${nameOf(unit)}s side by side`;
  const close = () => dispatch({ type: 'compared', id: null });
  return (
    <section ref={section} className="compare" tabIndex={-1} aria-label={title} onKeyDown={(event) => event.key === 'Escape' && close()}>
      <div className="compare-head actions">
        <h2>{title}</h2>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
      {isOwn(unit) ? <PlacePair unit={unit} a={chosenId} b={comparedId} /> : <ItemPair unit={unit} a={chosenId} b={comparedId} />}
    </section>
  );
}

/** Move to every new comparison, and back to what asked for it when it is closed. */
function useFocus(comparedId: number | null, section: RefObject<HTMLElement | null>): void {
  const opener = useRef<Element | null>(null);
  useEffect(() => {
    if (comparedId === null) {
      if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
      opener.current = null;
      return;
    }
    opener.current = document.activeElement;
    section.current!.scrollIntoView({ block: 'start' });
    section.current!.focus({ preventScroll: true });
  }, [comparedId, section]);
}
