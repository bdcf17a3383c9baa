import { thumbnailUrl } from '../api/client';
import type { Tile } from '../api/types';
import { dateText, percent } from '../ui/format';
import { SyntheticBadge } from '../ui/PlaceFacts';
import { Sources } from '../ui/Sources';
import { pathInTile } from './tilePath';

export function ComparedTile({ tile, isMasked }: { tile: Tile; isMasked: boolean }) {
  return (
    <section className="compare-tile" aria-label={`Tile in ${tile.city}`}>
      <Picture tile={tile} isMasked={isMasked} />
      <h3>{tile.city}</h3>
      <p>
        {tile.country} {tile.is_synthetic && <SyntheticBadge />}
      </p>
      <dl>
        <dt>Period</dt>
        <dd>{tile.is_date_known ? tile.period.replace('/', ' to ') : dateText(tile)}</dd>
        <dt>Clear pixels</dt>
        <dd>{percent(tile.valid_share)}</dd>
        <dt>Dominant share</dt>
        <dd>{percent(tile.dominant_share)}</dd>
        <dt>Tile</dt>
        <dd>{tile.tile_id}</dd>
        {tile.licences.length + tile.attributions.length > 0 && (
          <>
            <dt>Source</dt>
            <dd>
              <Sources tile={tile} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

/** North is up, as in the pixels' UTM grid. A mask darkens everything outside the dominant cluster. */
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
          <path className="compare-dark" d={`M0 0H1V1H0Z${area}`} fill-rule="evenodd" />
          <path className="compare-outline" d={area} />
        </svg>
      )}
      {isMasked && !area && <p className="compare-unknown">Its patches were not recorded</p>}
    </div>
  );
}
