// Behind the points of the plot: how dense they lie, and pictures of what lies where. Both move with the points.

import type { RefObject } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { thumbnailUrl } from '../api/client';
import './backdrop.css';
import { densityOf, medoidsIn } from './cells';
import type { Layout } from './layout';
import type { Plot } from './plot';

const N_CELLS = 96;
const PICTURE_PX = 56;
/** A cell with one picture is this wide, up to twice as wide. */
const CELL_PX = 90;
const MAX_PICTURES = 30;
/** Pictures are chosen again when the view has been still for so long. */
const STILL_MS = 200;

interface Props {
  plot: Plot | null;
  layout: Layout | null;
  hasPictures: boolean;
  /** Set to a function that moves what is shown to where the points are. */
  paint: RefObject<() => void>;
}

export function Backdrop({ plot, layout, hasPictures, paint }: Props) {
  const room = useRef<HTMLDivElement>(null);
  const density = useRef<HTMLCanvasElement>(null);
  const [pictures, setPictures] = useState<number[]>([]);
  useEffect(() => {
    if (layout && density.current) drawDensity(density.current, layout);
  }, [layout]);
  const move = useCallback(() => {
    if (!plot || !room.current || !density.current) return;
    const { left, top, scale } = plot.frame();
    Object.assign(density.current.style, { left: `${left - scale}px`, top: `${top - scale}px`, width: `${2 * scale}px`, height: `${2 * scale}px` });
    for (const picture of room.current.querySelectorAll('img')) {
      const [x, y] = plot.position(Number(picture.dataset.index));
      picture.style.transform = `translate(${x - PICTURE_PX / 2}px, ${y - PICTURE_PX / 2}px)`;
    }
  }, [plot]);
  const timer = useRef(0);
  useEffect(() => {
    paint.current = () => {
      move();
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => {
        if (plot && layout && room.current && hasPictures) setPictures(chosenIn(plot, layout, room.current));
      }, STILL_MS);
    };
    paint.current();
    return () => window.clearTimeout(timer.current);
  }, [paint, plot, layout, hasPictures, move]);
  useEffect(move, [move, pictures]);
  return (
    <div ref={room} className="scatter-backdrop" aria-hidden="true">
      <canvas ref={density} width={N_CELLS} height={N_CELLS} />
      {hasPictures && pictures.map((index) => <Picture key={index} index={index} tileId={layout!.tileIds[index]!} onLoad={move} />)}
    </div>
  );
}

/** Shown once it has been loaded: not every tile has a picture. */
function Picture({ index, tileId, onLoad }: { index: number; tileId: number; onLoad: () => void }) {
  const [isLoaded, setLoaded] = useState(false);
  useEffect(onLoad, [onLoad, isLoaded]);
  return <img data-index={index} src={thumbnailUrl(tileId)} alt="" width={PICTURE_PX} height={PICTURE_PX} hidden={!isLoaded} onLoad={() => setLoaded(true)} />;
}

/** Return the points whose pictures are shown: no picture lies on another. */
function chosenIn(plot: Plot, layout: Layout, room: HTMLElement): number[] {
  const { left, top, scale } = plot.frame();
  const { clientWidth, clientHeight } = room;
  const box = { left: -left / scale, right: (clientWidth - left) / scale, top: top / scale, bottom: (top - clientHeight) / scale };
  const size = 2 ** Math.ceil(Math.log2(CELL_PX / scale));
  const chosen: [number, number][] = [];
  const isFree = (index: number) => {
    const [x, y] = plot.position(index);
    const isTaken = chosen.some(([otherX, otherY]) => Math.abs(x - otherX) < PICTURE_PX && Math.abs(y - otherY) < PICTURE_PX);
    if (!isTaken) chosen.push([x, y]);
    return !isTaken;
  };
  return medoidsIn(layout, box, size).filter(isFree).slice(0, MAX_PICTURES);
}

/** Draw how dense the points lie as opacity, in black. */
function drawDensity(canvas: HTMLCanvasElement, layout: Layout): void {
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(N_CELLS, N_CELLS);
  const counts = densityOf(layout, N_CELLS);
  const most = counts.reduce((max, n) => Math.max(max, n), 1);
  // The square root shows sparse cells beside full ones.
  counts.forEach((n, i) => (image.data[i * 4 + 3] = 255 * Math.sqrt(n / most)));
  context.putImageData(image, 0, 0);
}
