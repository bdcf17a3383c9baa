// Two tiles side by side: their pictures, what most of each looks like, how alike they are and how far apart.

import { useState } from 'react';
import { getSimilarity, getTile, thumbnailUrl, type Method, type Tile } from './api';
import './compare.css';
import { Dialog } from './Dialog';
import { ProblemNote } from './Notices';
import { pathInTile } from './tilePath';
import { useAnswer } from './useAnswer';

interface Props {
  a: number;
  b: number;
  method: Method;
  onClose: () => void;
}

const km = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });

export function Compare({ a, b, method, onClose }: Props) {
  const [isMasked, setMasked] = useState(false);
  const pair = useAnswer(`${a} ${b}`, (signal) => Promise.all([getTile(a, signal), getTile(b, signal)]));
  const similarity = useAnswer(`${a} ${b} ${method}`, (signal) => getSimilarity(a, b, method, signal));
  const problem = pair.problem ?? similarity.problem;
  return (
    <Dialog title="Two tiles side by side" onClose={onClose}>
      {problem && <ProblemNote problem={problem} />}
      <p className="compare-similarity" role="status">
        {similarity.value && (
          <>
            <span>
              Similarity <strong>{similarity.value.similarity.toFixed(3)}</strong> (cosine of the {method} vectors)
            </span>
            <span>
              <strong>{km.format(similarity.value.distance_m / 1000)} km</strong> apart
            </span>
          </>
        )}
      </p>
      {pair.value && (
        <>
          <div className="compare-tiles">
            {pair.value.map((tile, i) => (
              <Side key={i} tile={tile} isMasked={isMasked} />
            ))}
          </div>
          <label className="compare-mask">
            <input type="checkbox" checked={isMasked} onChange={(event) => setMasked(event.target.checked)} />
            Show only what most of each tile looks like (its dominant cluster of 160 m patches)
          </label>
        </>
      )}
    </Dialog>
  );
}

function Side({ tile, isMasked }: { tile: Tile; isMasked: boolean }) {
  const [from, to] = tile.period.split('/');
  return (
    <section className="compare-tile" aria-label={`Tile in ${tile.city}`}>
      <Picture tile={tile} isMasked={isMasked} />
      <h3>{tile.city}</h3>
      <p>{tile.country}</p>
      <dl>
        <dt>Period</dt>
        <dd>
          {from} to {to}
        </dd>
        <dt>Clear pixels</dt>
        <dd>{percent.format(tile.valid_share)}</dd>
        <dt>Dominant share</dt>
        <dd>{percent.format(tile.dominant_share)}</dd>
        <dt>Tile</dt>
        <dd>{tile.tile_id}</dd>
      </dl>
    </section>
  );
}

/** North is up, as in the pixels' own UTM grid. What does not belong to the dominant cluster is darkened. */
function Picture({ tile, isMasked }: { tile: Tile; isMasked: boolean }) {
  const area = tile.dominant_area && pathInTile(tile.dominant_area, tile.footprint);
  return (
    <div className="compare-picture">
      {tile.has_thumbnail ? (
        <img src={thumbnailUrl(tile.tile_id)} alt={`True-colour satellite picture of the tile in ${tile.city}`} />
      ) : (
        <p>No picture of this tile</p>
      )}
      {isMasked && area && (
        <svg viewBox="0 0 1 1" aria-hidden="true">
          <path className="compare-dark" d={`M0 0H1V1H0Z${area}`} fillRule="evenodd" />
          <path className="compare-outline" d={area} />
        </svg>
      )}
      {isMasked && !area && <p className="compare-unknown">Its patches were not recorded</p>}
    </div>
  );
}
