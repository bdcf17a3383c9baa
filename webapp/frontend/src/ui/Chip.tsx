import type { ComponentChildren } from 'preact';
import './chip.css';
import { Icon } from './Icon';

interface Props {
  removeLabel: string;
  onRemove: () => void;
  tileId?: number;
  children: ComponentChildren;
}

/** One of several things that were chosen, with a button that removes it. */
export const Chip = ({ removeLabel, onRemove, tileId, children }: Props) => (
  <span className="chip" data-tile-id={tileId}>
    {children}
    <button type="button" aria-label={removeLabel} onClick={onRemove}>
      <Icon name="close" />
    </button>
  </span>
);
