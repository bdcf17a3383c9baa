// What must be said wherever results are shown: made-up data, untrained weights, errors, and what made the vectors.

import type { Encoder, Problem } from './api';

const WEIGHTS = {
  pretrained: 'published weights',
  random: 'random weights',
  fitted: 'filters taken from this data set',
} as const;

export function Banner({ encoder }: { encoder: Encoder | null }) {
  return (
    <div className="banners">
      {encoder?.is_synthetic && (
        <p className="banner" role="note">
          <strong>Synthetic demonstration data:</strong> the towns and their pixels are made up; no satellite saw them.
        </p>
      )}
      {encoder?.weights === 'random' && (
        <p className="banner" role="note">
          <strong>Random weights:</strong> the encoder is untrained, so similarities mean little.
        </p>
      )}
    </div>
  );
}

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

const count = new Intl.NumberFormat('en');
const plural = (n: number, one: string, many: string) => `${count.format(n)} ${n === 1 ? one : many}`;

export function EncoderLine({ encoder }: { encoder: Encoder }) {
  const { name, weights, n_tiles, n_cities, n_countries } = encoder;
  if (name === null || weights === null) return <p>No tiles are loaded yet: run terrakin etl run.</p>;
  return (
    <p>
      {plural(n_tiles, 'tile', 'tiles')} in {plural(n_cities, 'city', 'cities')} of{' '}
      {plural(n_countries, 'country', 'countries')}. Encoder: <strong>{name}</strong> ({WEIGHTS[weights]}).
    </p>
  );
}
