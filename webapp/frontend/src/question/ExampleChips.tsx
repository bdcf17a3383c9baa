import { getTile, thumbnailUrl } from '../api/client';
import { useAnswer } from '../api/useAnswer';
import { squareOf } from '../geo/blocks';
import { tileIdOf } from '../geo/unit';
import type { ExampleKind } from '../state/page';
import { usePage } from '../state/PageProvider';
import { useCommands } from '../state/useCommands';
import { Chip } from '../ui/Chip';
import { SyntheticBadge } from '../ui/PlaceFacts';

/** If there are more examples than this, the others are shown as a count. */
const MAX_CHIPS = 6;
const NAMES: Record<ExampleKind, string> = { positive: 'More like', negative: 'Less like' };

export function Examples() {
  const { positive, negative, chosenId } = usePage().state.page;
  return (
    <section className="examples" aria-label="Examples">
      <Chips kind="positive" ids={positive} />
      <Chips kind="negative" ids={negative} />
      {negative.length > 0 && positive.length === 0 && chosenId === null && (
        <p className="note">Choose at least one example of what to search for.</p>
      )}
    </section>
  );
}

function Chips({ kind, ids }: { kind: ExampleKind; ids: number[] }) {
  const { dispatch } = usePage();
  if (ids.length === 0) return null;
  const keep = (kept: number[]) => dispatch({ type: 'examplesKept', kind, ids: kept });
  return (
    <div className="chips" data-kind={kind}>
      <span className="chips-name">{NAMES[kind]}</span>
      {ids.slice(0, MAX_CHIPS).map((id) => (
        <ExampleChip key={id} id={id} name={NAMES[kind]} onRemove={() => keep(ids.filter((other) => other !== id))} />
      ))}
      {ids.length > MAX_CHIPS && (
        <Chip removeLabel={`${NAMES[kind]}: remove all ${ids.length} examples`} onRemove={() => keep([])}>
          {ids.length - MAX_CHIPS} more
        </Chip>
      )}
    </div>
  );
}

function ExampleChip({ id, name, onRemove }: { id: number; name: string; onRemove: () => void }) {
  const { unit } = usePage();
  const { goTo } = useCommands();
  const tileId = tileIdOf(unit, id);
  const { value } = useAnswer(String(tileId), (signal) => getTile(tileId, signal));
  const city = value?.city ?? `${unit} ${id}`;
  return (
    <Chip tileId={tileId} removeLabel={`${name}: remove ${city}`} onRemove={onRemove}>
      {value?.has_thumbnail && (
        <span className="chip-picture">
          <img src={thumbnailUrl(tileId)} alt="" style={unit === 'block' ? cropTo(id) : undefined} />
        </span>
      )}
      <button type="button" className="chip-name" title="Show on the map" onClick={() => goTo(id)}>
        {city}
      </button>
      {value?.is_synthetic && <SyntheticBadge />}
    </Chip>
  );
}

/** Return the style that makes a block fill the picture of its tile: an outline would be too small to see. */
function cropTo(id: number) {
  const [west, north, size] = squareOf(id);
  const fixed = (edge: number) => `${(edge / (1 - size)) * 100}%`;
  return { transform: `scale(${1 / size})`, transformOrigin: `${fixed(west)} ${fixed(north)}` };
}
