import { COLOUR_BYS } from '../state/page';
import { usePage } from '../state/PageProvider';
import { SCHEMES, useScheme, type Scheme } from '../state/preferences';
import { Icon } from '../ui/Icon';
import './header.css';
import { PlaceSearch } from './PlaceSearch';

const SCHEME_NAMES: Record<Scheme, string> = { system: 'same as the system', light: 'light', dark: 'dark' };

export function Header() {
  const { state, dispatch } = usePage();
  const { scatter } = state.page;
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
            aria-pressed={scatter !== null}
            onClick={() => dispatch({ type: 'scatterSwitched', colourBy: scatter === null ? COLOUR_BYS[0] : null })}
            aria-label="Scatter plot"
            title="Scatter plot of all tiles"
          >
            <Icon name="plot" />
          </button>
          <SchemeButton />
          <button type="button" onClick={() => dispatch({ type: 'helpSwitched', isOpen: true })} aria-label="Help" title="Help">
            <Icon name="help" />
          </button>
        </div>
      </div>
      <PlaceSearch />
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
