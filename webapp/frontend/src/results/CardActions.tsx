import type { Match } from '../api/types';
import { usePage } from '../state/PageProvider';
import { Icon, type IconName } from '../ui/Icon';

/** What can be done with a match beside showing it. */
export function RowActions({ match }: { match: Match }) {
  const { state, unit, dispatch } = usePage();
  const { id, lon, lat } = match;
  const where = `match ${match.rank}, in ${match.city}`;
  return (
    <div className="row-actions">
      <Action
        icon="more"
        title="More like this"
        label={`More like ${where}`}
        onClick={() => dispatch({ type: 'exampleAdded', kind: 'positive', id })}
      />
      <Action
        icon="less"
        title="Less like this"
        label={`Less like ${where}`}
        onClick={() => dispatch({ type: 'exampleAdded', kind: 'negative', id })}
      />
      {state.page.chosenId !== null && (
        <Action
          icon="compare"
          title="Compare side by side"
          label={`Compare with ${where}`}
          onClick={() => dispatch({ type: 'compared', id })}
        />
      )}
      <Action
        icon="find"
        title={`Search from this ${unit}`}
        label={`Search from ${where}`}
        onClick={() => {
          dispatch({ type: 'picked', id });
          dispatch({ type: 'viewRequested', view: { lon, lat } });
        }}
      />
    </div>
  );
}

interface ActionProps {
  icon: IconName;
  title: string;
  label: string;
  onClick: () => void;
}

const Action = ({ icon, title, label, onClick }: ActionProps) => (
  <button type="button" title={title} aria-label={label} onClick={onClick}>
    <Icon name={icon} />
  </button>
);
