// What users must know wherever matches are listed: synthetic data, untrained weights, errors, the encoder, and whose pixels these are.

import { Problem } from '../api/problem';
import type { Encoder } from '../api/types';
import { isOwn, type Unit } from '../geo/unit';
import { loadedOrigin } from '../state/origin';
import { usePage } from '../state/PageProvider';
import { plural } from '../ui/format';
import { SyntheticBadge } from '../ui/PlaceFacts';
import { ProblemNote } from '../ui/ProblemNote';
import { NoBlock } from './NoBlock';
import './notices.css';

const WEIGHTS: Record<NonNullable<Encoder['weights']>, string> = {
  pretrained: 'published weights',
  random: 'random weights',
  fitted: 'filters taken from this data set',
};

/** Return that a question is about something that is not there. */
function unknown(unit: Unit, problem: Problem): Problem {
  if (!isOwn(unit)) return new Problem('There is no such item', problem.detail, 404);
  return new Problem(`There is no such ${unit}`, 'It may have been removed. Choose a square on the map.', 404);
}

export function Banners() {
  const encoder = usePage().encoder.value;
  return (
    <div className="banners">
      {encoder && <OriginBanner encoder={encoder} />}
      {encoder?.weights === 'random' && (
        <p className="banner" role="note">
          <strong>Untrained model:</strong> rankings are meaningless.
        </p>
      )}
    </div>
  );
}

function OriginBanner({ encoder }: { encoder: Encoder }) {
  const origin = loadedOrigin(encoder);
  if (origin === 'synthetic') {
    return (
      <p className="banner" role="note">
        <strong>Demo:</strong> made-up pixels at real city positions; no satellite observed them.
      </p>
    );
  }
  if (origin !== 'any') return null;
  return (
    <p className="banner" role="note">
      Places marked <SyntheticBadge /> have made-up pixels; real places find real ones.
    </p>
  );
}

/** What went wrong: with the answers on the page, and with the last action of the user. */
export function Problems() {
  const { state, dispatch, unit, chosen, similar, encoder, config } = usePage();
  const failed = [chosen, similar, encoder, config].find(({ problem }) => problem !== null);
  const problem = failed?.problem ?? null;
  const { blocklessTileId } = state;
  // The chosen block may not exist although its tile does.
  const isBlockUnknown = unit === 'block' && chosen.value !== null && problem?.status === 404;
  const isUnknown = problem?.status === 404;
  // A question that was refused would be refused again.
  const mayPass = problem !== null && (problem.status === 0 || problem.status >= 500);
  const tileId = blocklessTileId ?? (isBlockUnknown ? (chosen.value?.tile?.tile_id ?? null) : null);
  return (
    <>
      {tileId !== null && <NoBlock tileId={tileId} />}
      {problem && !isBlockUnknown && <ProblemNote problem={isUnknown ? unknown(unit, problem) : problem} {...(mayPass && { onRetry: failed!.retry })} />}
      {state.notice && <ProblemNote problem={state.notice} onClose={() => dispatch({ type: 'noticed', problem: null })} />}
    </>
  );
}

export function EncoderLine() {
  const encoder = usePage().encoder.value;
  if (!encoder) return null;
  const { name, weights, n_tiles, n_cities, n_countries } = encoder;
  if (name === null || weights === null) return <p>No tiles are loaded yet: run terrakin etl run.</p>;
  return (
    <p>
      {plural(n_tiles, 'tile')} in {plural(n_cities, 'city', 'cities')} of {plural(n_countries, 'country', 'countries')}. Encoder:{' '}
      <strong>{name}</strong> ({WEIGHTS[weights]}).
    </p>
  );
}

/** Whose pixels the real places are made of. */
export function Attribution() {
  const encoder = usePage().encoder.value;
  if (!encoder || encoder.n_synthetic_tiles === encoder.n_tiles) return null;
  return (
    <details className="attribution">
      <summary>Contains modified Copernicus Sentinel data. Sources and licences</summary>
      <p>The licence of each place is shown with the chosen tile, and is part of every export. Sources of the pictures:</p>
      <ul>
        {encoder.attributions.map((attribution) => (
          <li key={attribution}>{attribution}</li>
        ))}
      </ul>
    </details>
  );
}
