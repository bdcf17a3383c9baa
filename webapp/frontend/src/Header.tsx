import { Icon } from './Icon';
import type { View } from './map/Map';
import { PlaceSearch } from './PlaceSearch';
import { SCHEMES, type Scheme } from './preferences';

interface Props {
  scheme: Scheme;
  onScheme: (scheme: Scheme) => void;
  isScatterOn: boolean;
  onScatter: () => void;
  onHelp: () => void;
  onPlace: (view: View, at: { lon: number; lat: number } | null) => void;
}

const SCHEME_NAMES: Record<Scheme, string> = { system: 'as the system', light: 'light', dark: 'dark' };

export function Header({ scheme, onScheme, isScatterOn, onScatter, onHelp, onPlace }: Props) {
  const next = SCHEMES[(SCHEMES.indexOf(scheme) + 1) % SCHEMES.length]!;
  return (
    <header>
      <div className="title">
        <div>
          <h1>terrakin</h1>
          <p>Places on Earth that look alike</p>
        </div>
        <div className="tools">
          <button type="button" aria-pressed={isScatterOn} onClick={onScatter} aria-label="Scatter plot" title="Scatter plot of all tiles">
            <Icon name="plot" />
          </button>
          <button
            type="button"
            onClick={() => onScheme(next)}
            aria-label={`Colours: ${SCHEME_NAMES[scheme]}; change to ${SCHEME_NAMES[next]}`}
            title={`Colours: ${SCHEME_NAMES[scheme]}`}
          >
            <Icon name={scheme} />
          </button>
          <button type="button" onClick={onHelp} aria-label="Help" title="Help">
            <Icon name="help" />
          </button>
        </div>
      </div>
      <PlaceSearch onPlace={onPlace} />
    </header>
  );
}
