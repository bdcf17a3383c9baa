import { squareOf } from '../geo/blocks';
import './blockOutline.css';

const PX = 128;

/** The outline of a block over the picture of its tile, which the parent element positions. */
export function BlockOutline({ id }: { id: number }) {
  const [west, north, size] = squareOf(id).map((share) => share * PX) as [number, number, number];
  const square = { x: west, y: north, width: size, height: size };
  return (
    <svg className="block-outline" data-block-id={id} viewBox={`0 0 ${PX} ${PX}`} aria-hidden="true">
      <rect {...square} className="halo" />
      <rect {...square} />
    </svg>
  );
}
