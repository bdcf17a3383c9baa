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
const NAMES: Record<ExampleKind, { before: string; label: string }> = {
  positive: { before: 'Like', label: 'More like' },
  negative: { before: 'not like', label: 'Less like' },
};

/** What is chosen and the examples beside it, as pictures. */
export function ExampleChips() {
  const { positive, negative } = usePage().state.page;
  return (
    <>
      <Chips kind="positive" ids={positive} />
      <Chips kind="negative" ids={negative} />
    </>
  );
}

function Chips({ kind, ids }: { kind: ExampleKind; ids: number[] }) {
  const { state, dispatch, unit } = usePage();
  const { chosenId } = state.page;
  const isWithChosen = kind === 'positive' && chosenId !== null;
  if (ids.length === 0 && !isWithChosen) return null;
  const { before, label } = NAMES[kind];
  const keep = (kept: number[]) => dispatch({ type: 'examplesKept', kind, ids: kept });
  const without = (id: number) => () => keep(ids.filter((other) => other !== id));
  return (
    <div className="chips" data-kind={kind}>
      <span>{before}</span>
      {isWithChosen && <ExampleChip id={chosenId} removeLabel={() => `Remove the chosen ${unit}`} onRemove={() => dispatch({ type: 'chosenRemoved' })} />}
      {ids.slice(0, MAX_CHIPS).map((id) => (
        <ExampleChip key={id} id={id} removeLabel={(city) => `${label}: remove ${city}`} onRemove={without(id)} />
      ))}
      {ids.length > MAX_CHIPS && (
        <Chip remove={{ label: `${label}: remove all ${ids.length} examples`, run: () => keep([]) }}>
          <span className="chip-name">{ids.length - MAX_CHIPS} more</span>
        </Chip>
      )}
    </div>
  );
}

function ExampleChip({ id, removeLabel, onRemove }: { id: number; removeLabel: (city: string) => string; onRemove: () => void }) {
  const { unit } = usePage();
  const { goTo } = useCommands();
  const tileId = tileIdOf(unit, id);
  const { value } = useAnswer(String(tileId), (signal) => getTile(tileId, signal));
  const city = value?.city ?? `${unit} ${id}`;
  return (
    <Chip tileId={tileId} remove={{ label: removeLabel(city), run: onRemove }}>
      {value?.has_thumbnail && (
        <span className="chip-picture">
          <img src={thumbnailUrl(tileId)} alt="" style={unit === 'block' ? cropTo(id) : undefined} />
        </span>
      )}
      <button type="button" className="chip-name" title="Show on the map" onClick={() => goTo(id)}>
        <bdi>{city}</bdi>
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
