import { Icon } from '../ui/Icon';
import type { MatchAction } from './useMatchActions';

/** The buttons of a card. Only those of the active card are stops of the keyboard, and show words. */
export const CardActions = ({ actions, isActive }: { actions: MatchAction[]; isActive: boolean }) => (
  <div className="card-actions">
    {actions.map(({ key, icon, word, label, isPressed, run }) => (
      <button key={key} type="button" tabIndex={isActive ? 0 : -1} title={`${word} (${key})`} aria-label={label} aria-pressed={isPressed} onClick={run}>
        <Icon name={icon} />
        <span className="word" aria-hidden="true">
          {word}
        </span>
      </button>
    ))}
  </div>
);
