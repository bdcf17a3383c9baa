import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { nearestTo, nextOf, pixelsOf, type Height } from './heights';
import './sheet.css';

const NAMES: Record<Height, string> = { peek: 'low', half: 'half of the window', full: 'nearly the whole window' };
/** A pointer that moves less than this presses the handle instead of dragging it. */
const PRESS_PX = 6;

/** The handle of the panel on a phone: drag it, or press it to go to the next height. */
export function Handle({ panel }: { panel: RefObject<HTMLElement | null> }) {
  const [height, setHeight] = useState<Height>('half');
  const start = useRef<{ y: number; px: number } | null>(null);
  const set = (px: number | null) => panel.current?.style.setProperty('--sheet-px', px === null ? null : `${px}px`);
  useEffect(() => {
    if (panel.current) panel.current.dataset.sheet = height;
  }, [panel, height]);
  const draggedTo = ({ clientY }: PointerEvent) => start.current!.px + start.current!.y - clientY;
  return (
    <button
      type="button"
      className="sheet-handle"
      aria-label={`Height of the panel: ${NAMES[height]}; change to ${NAMES[nextOf(height)]}`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { y: event.clientY, px: panel.current!.clientHeight };
      }}
      onPointerMove={(event) => {
        if (start.current) set(Math.max(pixelsOf('peek', window.innerHeight), Math.min(draggedTo(event), pixelsOf('full', window.innerHeight))));
      }}
      onPointerUp={(event) => {
        if (!start.current) return;
        const isDrag = Math.abs(event.clientY - start.current.y) >= PRESS_PX;
        if (isDrag) setHeight(nearestTo(draggedTo(event), window.innerHeight));
        start.current = isDrag ? start.current : null;
        set(null);
      }}
      onPointerCancel={() => {
        start.current = null;
        set(null);
      }}
      onClick={() => {
        if (start.current === null) setHeight(nextOf(height)); // a drag ends with a click too
        start.current = null;
      }}
    >
      <span aria-hidden="true" />
    </button>
  );
}
