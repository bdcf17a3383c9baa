import type { Problem } from '../api/problem';
import './problem.css';

export function ProblemNote({ problem, onClose }: { problem: Problem; onClose?: () => void }) {
  return (
    <div className="problem" role="alert">
      <div>
        <strong>{problem.title}</strong>
        {problem.detail && <p>{problem.detail}</p>}
      </div>
      {onClose && (
        <button type="button" onClick={onClose} aria-label="Close this message">
          ×
        </button>
      )}
    </div>
  );
}
