import type { ComponentChildren } from 'preact';
import './chip.css';
import { Icon } from './Icon';

interface Props {
  children: ComponentChildren;
  /** Without it the chip cannot be removed. */
  remove?: { label: string; run: () => void };
  tileId?: number;
}

/** One of several things that were chosen, with a button that removes it. */
export const Chip = ({ children, remove, tileId }: Props) => (
  <span className="chip" data-tile-id={tileId}>
    {children}
    {remove && (
      <button type="button" className="chip-remove" aria-label={remove.label} onClick={remove.run}>
        <Icon name="close" />
      </button>
    )}
  </span>
);
