import type { Encoder } from '../api/types';
import { usePage } from '../state/PageProvider';
import { plural } from '../ui/format';

const WEIGHTS: Record<NonNullable<Encoder['weights']>, string> = {
  pretrained: 'published weights: trained by its authors on satellite data of the whole Earth.',
  random:
    'random weights: it was never trained. Similarities show that the software works, not what tiles have in common; do not draw conclusions from them.',
  fitted: 'filters cut from this data set: it needs no training, and recognises textures and colours rather than objects.',
};

/** How many tiles there are, and which encoder made their vectors. */
export function AboutData() {
  const encoder = usePage().encoder.value;
  if (!encoder) return <p>The server has not answered yet.</p>;
  const { name, weights, weights_sha256, dimension, post_processing, n_tiles, n_cities, n_countries } = encoder;
  if (name === null || weights === null) return <p>No tiles are loaded yet.</p>;
  return (
    <>
      <p>
        {plural(n_tiles, 'tile')} in {plural(n_cities, 'city', 'cities')} of {plural(n_countries, 'country', 'countries')}.{' '}
        <SyntheticWarning encoder={encoder} />
      </p>
      <p>
        Encoder: <strong>{name}</strong>, {WEIGHTS[weights]}
      </p>
      <dl className="help-facts">
        <dt>Numbers per vector</dt>
        <dd>{dimension}</dd>
        <dt>Post-processing</dt>
        <dd>{post_processing ?? 'none'}</dd>
        <dt>SHA-256 of the weights</dt>
        <dd>{weights_sha256 ?? 'none'}</dd>
      </dl>
    </>
  );
}

function SyntheticWarning({ encoder }: { encoder: Encoder }) {
  const { n_tiles, n_synthetic_tiles: nSynthetic } = encoder;
  if (nSynthetic === 0) return null;
  const which = nSynthetic === n_tiles ? 'these towns' : `the ${plural(nSynthetic, 'tile')} marked Synthetic`;
  return (
    <strong>
      Synthetic data: {which} and their pixels are invented to show how the software works. No satellite observed them, and they tell
      nothing about the Earth.
    </strong>
  );
}
