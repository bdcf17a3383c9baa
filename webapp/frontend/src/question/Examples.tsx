import { getTile, thumbnailUrl } from '../api/client';
import { useAnswer } from '../api/useAnswer';
import type { ExampleKind } from '../state/page';
import { usePage } from '../state/PageProvider';
import { useCommands } from '../state/useCommands';
import { Chip } from '../ui/Chip';
import { SyntheticBadge } from '../ui/PlaceFacts';

/** If there are more examples than this, the others are shown as a count. */
const MAX_CHIPS = 6;
const NAMES: Record<ExampleKind, string> = { positive: 'More like', negative: 'Less like' };

export function Examples() {
  const { state, tile } = usePage();
  const { positive, negative } = state.page;
  return (
    <section className="examples" aria-label="Examples">
      <Chips kind="positive" ids={positive} />
      <Chips kind="negative" ids={negative} />
      {negative.length > 0 && positive.length === 0 && tile.value === null && (
        <p className="note">Choose at least one example of what to search for.</p>
      )}
    </section>
  );
}

function Chips({ kind, ids }: { kind: ExampleKind; ids: number[] }) {
  const { dispatch } = usePage();
  if (ids.length === 0) return null;
  const keep = (tileIds: number[]) => dispatch({ type: 'examplesKept', kind, tileIds });
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
  const { goTo } = useCommands();
  const { value } = useAnswer(String(id), (signal) => getTile(id, signal));
  const city = value?.city ?? `tile ${id}`;
  return (
    <Chip tileId={id} removeLabel={`${name}: remove ${city}`} onRemove={onRemove}>
      {value?.has_thumbnail && <img src={thumbnailUrl(id)} alt="" />}
      <button type="button" className="chip-name" title="Show on the map" onClick={() => goTo(id)}>
        {city}
      </button>
      {value?.is_synthetic && <SyntheticBadge />}
    </Chip>
  );
}
