/** Return the wheel delta of a pinch: regl-scatterplot's camera scales by exp(delta / height). */
const pinchDelta = (before: number, now: number, height: number) => Math.log(before / now) * height;

/**
 * Translate touches into mouse events, because regl-scatterplot only handles the mouse: one finger is a pressed mouse (pan,
 * lasso; a tap is a click), two fingers are a wheel. Return a function that stops it.
 */
export function mouseFromTouch(canvas: HTMLCanvasElement): () => void {
  const fingers = new Map<number, { x: number; y: number }>();
  let spread = 0;

  const dispatch = (type: string, x: number, y: number, target: EventTarget = canvas) =>
    target.dispatchEvent(
      new MouseEvent(type, { bubbles: true, clientX: x, clientY: y, buttons: type === 'mouseup' ? 0 : 1, view: window }),
    );
  const distance = () => {
    const [a, b] = [...fingers.values()];
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  };
  const isTouch = (event: PointerEvent) => event.pointerType === 'touch';

  const down = (event: PointerEvent) => {
    if (!isTouch(event)) return;
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) {
      dispatch('mouseenter', event.clientX, event.clientY);
      dispatch('mousemove', event.clientX, event.clientY);
      dispatch('mousedown', event.clientX, event.clientY);
    } else {
      dispatch('mouseup', event.clientX, event.clientY, window);
      spread = distance();
    }
  };
  const move = (event: PointerEvent) => {
    if (!isTouch(event) || !fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) return void dispatch('mousemove', event.clientX, event.clientY);
    const now = distance();
    const [a, b] = [...fingers.values()];
    if (!a || !b || spread === 0 || now === 0) return;
    const at = { clientX: (a.x + b.x) / 2, clientY: (a.y + b.y) / 2 };
    canvas.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: pinchDelta(spread, now, canvas.clientHeight), cancelable: true }));
    spread = now;
  };
  const up = (event: PointerEvent) => {
    if (!isTouch(event) || !fingers.delete(event.pointerId)) return;
    if (fingers.size === 0) dispatch('mouseup', event.clientX, event.clientY, window);
  };

  canvas.addEventListener('pointerdown', down);
  canvas.addEventListener('pointermove', move);
  canvas.addEventListener('pointerup', up);
  canvas.addEventListener('pointercancel', up);
  return () => {
    canvas.removeEventListener('pointerdown', down);
    canvas.removeEventListener('pointermove', move);
    canvas.removeEventListener('pointerup', up);
    canvas.removeEventListener('pointercancel', up);
  };
}
