import { thumbnailUrl } from '../api/client';
import type { Tile } from '../api/types';
import { squareOf } from '../geo/blocks';
import type { Unit } from '../geo/unit';
import { BlockOutline } from '../ui/BlockOutline';
import { dateText, percent } from '../ui/format';
import { SyntheticBadge } from '../ui/PlaceFacts';
import { Sources } from '../ui/Sources';
import { ComparedPicture } from './ComparedPicture';
import { pathInTile } from './tilePath';
import type { SharedZoom } from './useZoom';

interface Props {
  unit: Unit;
  id: number;
  /** The tile, or that of the block. */
  tile: Tile;
  isMasked: boolean;
  shared: SharedZoom;
  /** The blocks that are most like those of the other tile, in the order of the other tile's. */
  matching: number[];
}

export function ComparedPlace({ unit, id, tile, isMasked, shared, matching }: Props) {
  return (
    <section className="compare-tile" aria-label={`${unit === 'tile' ? 'Tile' : 'Block'} in ${tile.city}`}>
      <ComparedPicture name={tile.city} shared={shared}>
        {tile.has_thumbnail ? (
          <img src={thumbnailUrl(tile.tile_id)} alt={`True-colour satellite picture of the tile in ${tile.city}`} draggable={false} />
        ) : (
          <p>No picture of this tile</p>
        )}
        {unit === 'block' && <BlockOutline id={id} />}
        {isMasked ? <Mask tile={tile} /> : <MatchingBlocks ids={matching} />}
      </ComparedPicture>
      <h3>{tile.city}</h3>
      <p>
        {tile.country} {tile.is_synthetic && <SyntheticBadge />}
      </p>
      <dl>
        <dt>Period</dt>
        <dd>{tile.is_date_known ? tile.period.replace('/', ' to ') : dateText(tile)}</dd>
        {unit === 'tile' && (
          <>
            <dt>Clear pixels</dt>
            <dd>{percent(tile.valid_share)}</dd>
            <dt>Dominant share</dt>
            <dd>{percent(tile.dominant_share)}</dd>
          </>
        )}
        <dt>{unit === 'tile' ? 'Tile' : 'Block'}</dt>
        <dd>{id}</dd>
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

// Of the qualitative scheme of Okabe and Ito (2008), those that stand out from vegetation, soil and water.
const COLOURS = ['#f0e442', '#56b4e9', '#ff8c3a', '#ff7ad9'];

/** Outlines blocks, each in the colour and with the number of its counterpart. */
function MatchingBlocks({ ids }: { ids: number[] }) {
  return (
    <svg className="compare-blocks" viewBox="0 0 224 224" aria-hidden="true">
      {ids.map((id, i) => {
        const [x, y, size] = squareOf(id).map((share) => share * 224) as [number, number, number];
        return (
          <g key={id} style={{ '--pair': COLOURS[i % COLOURS.length] }}>
            <rect className="halo" x={x} y={y} width={size} height={size} />
            <rect x={x} y={y} width={size} height={size} />
            <text x={x + 3} y={y + 13}>
              {i + 1}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** Darkens everything outside the dominant cluster. North is up, as in the pixels' UTM grid. */
function Mask({ tile }: { tile: Tile }) {
  const area = tile.dominant_area && pathInTile(tile.dominant_area, tile.footprint);
  if (!area) return <p className="compare-unknown">Its patches were not recorded</p>;
  return (
    <svg viewBox="0 0 1 1" aria-hidden="true">
      <path className="compare-dark" d={`M0 0H1V1H0Z${area}`} fill-rule="evenodd" />
      <path className="compare-outline" d={area} />
    </svg>
  );
}
