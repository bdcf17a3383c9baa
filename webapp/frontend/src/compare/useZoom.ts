import { useRef, useState } from 'preact/hooks';
import { pannedBy, WHOLE, zoomedAt, type Zoom } from './zoom';

const STEP = 1.6;
const KEY_SHARE = 0.15;

interface ZoomEvents {
  onWheel: (event: WheelEvent) => void;
  onDblClick: (event: MouseEvent) => void;
  onPointerDown: (event: PointerEvent) => void;
  onPointerMove: (event: PointerEvent) => void;
  onPointerUp: () => void;
  onPointerCancel: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** The zoom that both pictures share, and the events by which a picture changes it. */
export interface SharedZoom {
  zoom: Zoom;
  events: ZoomEvents;
}

/** Return the zoom that both pictures share, and what changes it. */
export function useZoom(): SharedZoom & { zoomIn: () => void; zoomOut: () => void } {
  const [zoom, setZoom] = useState(WHOLE);
  const last = useRef<{ x: number; y: number } | null>(null);
  const zoomIn = () => setZoom((before) => zoomedAt(before, STEP));
  const zoomOut = () => setZoom((before) => zoomedAt(before, 1 / STEP));
  const pan = (right: number, down: number) => setZoom((before) => pannedBy(before, right, down));
  const zoomAt = (event: MouseEvent, factor: number) => {
    const { left, top, width, height } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    setZoom((before) => zoomedAt(before, factor, (event.clientX - left) / width, (event.clientY - top) / height));
    event.preventDefault();
  };
  const stop = () => (last.current = null);
  const keys: Record<string, () => void> = {
    '+': zoomIn,
    '=': zoomIn,
    '-': zoomOut,
    '0': () => setZoom(WHOLE),
    ArrowLeft: () => pan(KEY_SHARE, 0),
    ArrowRight: () => pan(-KEY_SHARE, 0),
    ArrowUp: () => pan(0, KEY_SHARE),
    ArrowDown: () => pan(0, -KEY_SHARE),
  };
  const events: ZoomEvents = {
    // A pinch on a touchpad is a wheel with Ctrl; the wheel alone scrolls the panel.
    onWheel: (event) => event.ctrlKey && zoomAt(event, Math.exp(-event.deltaY / 200)),
    onDblClick: (event) => zoomAt(event, STEP),
    onPointerDown(event) {
      last.current = { x: event.clientX, y: event.clientY };
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    },
    onPointerMove(event) {
      if (!last.current) return;
      const { clientWidth, clientHeight } = event.currentTarget as HTMLElement;
      pan((event.clientX - last.current.x) / clientWidth, (event.clientY - last.current.y) / clientHeight);
      last.current = { x: event.clientX, y: event.clientY };
    },
    onPointerUp: stop,
    onPointerCancel: stop,
    onKeyDown(event) {
      const act = keys[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      act();
      event.preventDefault();
    },
  };
  return { zoom, zoomIn, zoomOut, events };
}
