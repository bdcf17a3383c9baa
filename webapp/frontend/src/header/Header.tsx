import { currentOf } from '../saved/collections';
import { useCollections } from '../saved/useCollections';
import { usePage } from '../state/PageProvider';
import { SCHEMES, useScheme, type Scheme } from '../state/preferences';
import { Icon } from '../ui/Icon';
import './header.css';
import { PlaceSearch } from './PlaceSearch';
import { ViewTabs } from './ViewTabs';

const SCHEME_NAMES: Record<Scheme, string> = { system: 'same as the system', light: 'light', dark: 'dark' };

export function Header() {
  const { state, dispatch } = usePage();
  const nSaved = currentOf(useCollections()[0]).places.length;
  return (
    <header>
      <div className="title">
        <div>
          <h1>terrakin</h1>
          <p>Places on Earth that look alike</p>
        </div>
        <div className="tools">
          <button
            type="button"
            aria-pressed={state.isTrayOpen}
            onClick={() => dispatch({ type: 'traySwitched', isOpen: !state.isTrayOpen })}
            aria-label={`Saved places (${nSaved})`}
            title="Saved places"
          >
            <Icon name="save" />
            {nSaved > 0 && <small aria-hidden="true">{nSaved}</small>}
          </button>
          <SchemeButton />
          <button type="button" onClick={() => dispatch({ type: 'helpSwitched', isOpen: true })} aria-label="Help" title="Help">
            <Icon name="help" />
          </button>
        </div>
      </div>
      <div className="find">
        <PlaceSearch />
        {!state.isMapless && <ViewTabs />}
      </div>
    </header>
  );
}

function SchemeButton() {
  const { scheme, setScheme } = useScheme();
  const next = SCHEMES[(SCHEMES.indexOf(scheme) + 1) % SCHEMES.length]!;
  return (
    <button
      type="button"
      onClick={() => setScheme(next)}
      aria-label={`Colours: ${SCHEME_NAMES[scheme]}; change to ${SCHEME_NAMES[next]}`}
      title={`Colours: ${SCHEME_NAMES[scheme]}`}
    >
      <Icon name={scheme} />
    </button>
  );
}
