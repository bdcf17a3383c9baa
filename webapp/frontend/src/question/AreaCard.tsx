import type { Polygon } from 'geojson';
import { AREA_USES, type AreaUse } from '../state/page';
import { usePage } from '../state/PageProvider';
import { Icon } from '../ui/Icon';

const USE_NAMES: Record<AreaUse, string> = { within: 'search inside it', like: 'search for tiles like it' };

export function AreaCard({ area }: { area: Polygon }) {
  const { state, dispatch, tile } = usePage();
  const { areaUse, positive } = state.page;
  const hasExample = tile.value !== null || positive.length > 0;
  return (
    <section className="area" aria-label="Drawn area">
      <fieldset>
        <legend>Drawn area, {area.coordinates[0]!.length - 1} corners</legend>
        {AREA_USES.map((use) => (
          <label key={use} className="check">
            <input type="radio" name="area-use" checked={areaUse === use} onChange={() => dispatch({ type: 'areaUsed', use })} />
            {USE_NAMES[use]}
          </label>
        ))}
        {areaUse === 'within' && !hasExample && <p className="note">Choose a tile to list its matches inside the area.</p>}
      </fieldset>
      <button type="button" aria-label="Remove the drawn area" onClick={() => dispatch({ type: 'areaRemoved' })}>
        <Icon name="close" />
      </button>
    </section>
  );
}
