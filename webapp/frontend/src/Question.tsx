// What is asked: the chosen tile, the examples beside it, the drawn area. Each can be taken away again.

import type { Polygon } from 'geojson';
import { getTile, thumbnailUrl, type Tile } from './api';
import { Icon } from './Icon';
import { AREA_USES, type AreaUse, type PageState } from './state';
import { useAnswer } from './useAnswer';
import type { Change } from './usePageState';

interface Props {
  state: PageState;
  tile: Tile | null;
  onChange: Change;
  onShow: (tile: Tile) => void;
  onGoTo: (tileId: number) => void;
  onClear: () => void;
}

/** More chips than this are told as a number. */
const MAX_CHIPS = 6;
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });

export function Question({ state, tile, onChange, onShow, onGoTo, onClear }: Props) {
  const { positive, negative, area, areaUse, shownId } = state;
  return (
    <>
      {tile && <Selected tile={tile} isAway={shownId !== null} onShow={onShow} onClear={onClear} />}
      {positive.length + negative.length > 0 && (
        <section className="examples" aria-label="Examples">
          <Chips name="More like" kind="more" ids={positive} onGoTo={onGoTo} onIds={(ids) => onChange({ positive: ids })} />
          <Chips name="Less like" kind="less" ids={negative} onGoTo={onGoTo} onIds={(ids) => onChange({ negative: ids })} />
          {negative.length > 0 && positive.length === 0 && tile === null && (
            <p className="note">Give at least one example of what is looked for.</p>
          )}
        </section>
      )}
      {area && <AreaCard area={area} use={areaUse} hasOther={tile !== null || positive.length > 0} onChange={onChange} />}
    </>
  );
}

function Selected({ tile, isAway, onShow, onClear }: { tile: Tile; isAway: boolean; onShow: (tile: Tile) => void; onClear: () => void }) {
  return (
    <section className="selected" aria-label="Chosen tile">
      {tile.has_thumbnail && <img src={thumbnailUrl(tile.tile_id)} alt={`The chosen tile in ${tile.city}, seen by satellite`} />}
      <div className="place">
        <h2>{tile.city}</h2>
        <p>
          {tile.country} · {months(tile.period)}
        </p>
        <p className="small">Tile {tile.tile_id}</p>
        {tile.dominant_area && (
          <p className="small" title="The patches that most of the tile looks like, outlined on the map">
            <span className="dominant-key" aria-hidden="true" /> Largest cluster {percent.format(tile.dominant_share)}
          </p>
        )}
      </div>
      <div className="actions">
        <button type="button" onClick={onClear} aria-label="Choose no tile" title="Choose no tile">
          <Icon name="close" />
        </button>
        <button type="button" onClick={() => onShow(tile)} aria-label={isAway ? 'Back to the chosen tile' : 'Show the chosen tile'}>
          {isAway ? 'Back' : 'Show'}
        </button>
      </div>
    </section>
  );
}

const month = new Intl.DateTimeFormat('en', { month: 'short', year: 'numeric', timeZone: 'UTC' });

/** 2024-06-01/2024-08-31 as Jun – Aug 2024. */
function months(period: string): string {
  const [from, to] = period.split('/').map((day) => new Date(day));
  return month.formatRange(from!, to!);
}

interface ChipsProps {
  name: string;
  kind: 'more' | 'less';
  ids: number[];
  onIds: (ids: number[]) => void;
  onGoTo: (tileId: number) => void;
}

function Chips({ name, kind, ids, onIds, onGoTo }: ChipsProps) {
  if (ids.length === 0) return null;
  return (
    <div className="chips" data-kind={kind}>
      <span className="chips-name">{name}</span>
      {ids.slice(0, MAX_CHIPS).map((id) => (
        <ExampleChip key={id} id={id} name={name} onGoTo={onGoTo} onRemove={() => onIds(ids.filter((other) => other !== id))} />
      ))}
      {ids.length > MAX_CHIPS && (
        <span className="chip">
          {ids.length - MAX_CHIPS} more
          <button type="button" aria-label={`${name}: remove all ${ids.length} examples`} onClick={() => onIds([])}>
            <Icon name="close" />
          </button>
        </span>
      )}
    </div>
  );
}

function ExampleChip({ id, name, onGoTo, onRemove }: { id: number; name: string; onGoTo: (id: number) => void; onRemove: () => void }) {
  const { value } = useAnswer(String(id), (signal) => getTile(id, signal));
  const city = value?.city ?? `tile ${id}`;
  return (
    <span className="chip" data-tile-id={id}>
      {value?.has_thumbnail && <img src={thumbnailUrl(id)} alt="" />}
      <button type="button" className="chip-name" title="Show on the map" onClick={() => onGoTo(id)}>
        {city}
      </button>
      <button type="button" aria-label={`${name}: remove ${city}`} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </span>
  );
}

const USE_NAMES: Record<AreaUse, string> = { within: 'search inside it', like: 'look for what is like it' };

function AreaCard({ area, use, hasOther, onChange }: { area: Polygon; use: AreaUse; hasOther: boolean; onChange: Change }) {
  return (
    <section className="area" aria-label="Drawn area">
      <fieldset>
        <legend>Drawn area, {area.coordinates[0]!.length - 1} corners</legend>
        {AREA_USES.map((value) => (
          <label key={value} className="check">
            <input type="radio" name="area-use" checked={use === value} onChange={() => onChange({ areaUse: value })} />
            {USE_NAMES[value]}
          </label>
        ))}
        {use === 'within' && !hasOther && <p className="note">Choose a tile: its look-alikes inside the area are listed.</p>}
      </fieldset>
      <button type="button" aria-label="Remove the drawn area" onClick={() => onChange({ area: null, areaUse: 'within' })}>
        <Icon name="close" />
      </button>
    </section>
  );
}
