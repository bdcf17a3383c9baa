import { getItem, getTile, itemPictureUrl, thumbnailUrl } from '../api/client';
import type { Tile } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import { squareOf } from '../geo/blocks';
import { isOwn, nameOf, tileIdOf, type OwnUnit, type Unit } from '../geo/unit';
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
      {isWithChosen && <ExampleChip id={chosenId} removeLabel={() => `Remove the chosen ${nameOf(unit)}`} onRemove={() => dispatch({ type: 'chosenRemoved' })} />}
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

interface ExampleProps {
  id: number;
  removeLabel: (city: string) => string;
  onRemove: () => void;
}

function ExampleChip({ id, removeLabel, onRemove }: ExampleProps) {
  const { unit } = usePage();
  const { goTo } = useCommands();
  const tileId = isOwn(unit) ? tileIdOf(unit, id) : null;
  const { value } = useAnswer(`${unit} ${tileId ?? id}`, (signal) => getExample(unit, id, signal));
  const city = value?.city ?? `${nameOf(unit)} ${id}`;
  return (
    <Chip {...(tileId !== null && { tileId })} remove={{ label: removeLabel(city), run: onRemove }}>
      {value?.has_thumbnail && (
        <span className="chip-picture">
          {isOwn(unit) ? <OwnPicture unit={unit} id={id} /> : <img src={itemPictureUrl(unit, id)} alt="" />}
        </span>
      )}
      <button type="button" className="chip-name" title="Show on the map" onClick={() => goTo(id)}>
        <bdi>{city}</bdi>
      </button>
      {value?.is_synthetic && <SyntheticBadge />}
    </Chip>
  );
}

const getExample = async (unit: Unit, id: number, signal: AbortSignal): Promise<Example> =>
  isOwn(unit) ? getTile(tileIdOf(unit, id), signal) : { ...(await getItem(unit, id, signal)), is_synthetic: false };

type Example = Pick<Tile, 'city' | 'has_thumbnail' | 'is_synthetic'>;

const OwnPicture = ({ unit, id }: { unit: OwnUnit; id: number }) => (
  <img src={thumbnailUrl(tileIdOf(unit, id))} alt="" style={unit === 'block' ? cropTo(id) : undefined} />
);

/** Return the style that makes a block fill the picture of its tile: an outline would be too small to see. */
function cropTo(id: number) {
  const [west, north, size] = squareOf(id);
  const fixed = (edge: number) => `${(edge / (1 - size)) * 100}%`;
  return { transform: `scale(${1 / size})`, transformOrigin: `${fixed(west)} ${fixed(north)}` };
}
