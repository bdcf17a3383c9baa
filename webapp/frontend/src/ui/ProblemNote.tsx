import type { Problem } from '../api/problem';
import './problem.css';

export function ProblemNote({ problem, onClose, onRetry }: { problem: Problem; onClose?: () => void; onRetry?: () => void }) {
  return (
    <div className="problem" role="alert">
      <div>
        <strong>{problem.title}</strong>
        {problem.detail && <p>{problem.detail}</p>}
        {onRetry && (
          <div className="actions">
            <button type="button" onClick={onRetry}>
              Try again
            </button>
          </div>
        )}
      </div>
      {onClose && (
        <button type="button" onClick={onClose} aria-label="Close this message">
          ×
        </button>
      )}
    </div>
  );
}
