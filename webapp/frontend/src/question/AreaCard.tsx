import type { Polygon } from 'geojson';
import { nameOf, type Unit } from '../geo/unit';
import { AREA_USES, type AreaUse } from '../state/page';
import { usePage } from '../state/PageProvider';
import { withArticle } from '../ui/format';
import { Icon } from '../ui/Icon';

const USE_NAMES: Record<AreaUse, (unit: Unit) => string> = { within: () => 'search inside it', like: (unit) => `search for ${nameOf(unit)}s like it` };

export function AreaCard({ area }: { area: Polygon }) {
  const { state, dispatch, unit } = usePage();
  const { areaUse, chosenId, positive } = state.page;
  const hasExample = chosenId !== null || positive.length > 0;
  return (
    <section className="area" aria-label="Drawn area">
      <fieldset>
        <legend>Drawn area, {area.coordinates[0]!.length - 1} corners</legend>
        {AREA_USES.map((use) => (
          <label key={use} className="check">
            <input type="radio" name="area-use" checked={areaUse === use} onChange={() => dispatch({ type: 'areaUsed', use })} />
            {USE_NAMES[use](unit)}
          </label>
        ))}
        {areaUse === 'within' && !hasExample && <p className="note">Choose {withArticle(nameOf(unit))} to list its matches inside the area.</p>}
      </fieldset>
      <button type="button" aria-label="Remove the drawn area" onClick={() => dispatch({ type: 'areaRemoved' })}>
        <Icon name="close" />
      </button>
    </section>
  );
}
