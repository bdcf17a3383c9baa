// One field for where to go: the name of a city, or coordinates. downshift's combobox handles keys and ARIA attributes.

import { useCombobox } from 'downshift';
import { useState } from 'preact/hooks';
import { getCities } from '../api/client';
import type { City } from '../api/types';
import { useAnswer } from '../api/useAnswer';
import { formatLonLat, parseCoordinates, type LonLat } from '../geo/coordinates';
import { usePage } from '../state/PageProvider';
import { useCommands } from '../state/useCommands';
import { plural } from '../ui/format';
import { Icon } from '../ui/Icon';
import { SyntheticBadge } from '../ui/PlaceFacts';
import { useDelayed } from '../ui/useDelayed';

type Place = { kind: 'city'; city: City } | { kind: 'position'; at: LonLat } | { kind: 'item'; id: number };

const MAX_SHOWN = 8;
const TYPING_MS = 150;
const NO_PLACES: Place[] = [];

export function PlaceSearch() {
  const go = useGo();
  const [text, setText] = useState('');
  const at = parseCoordinates(text);
  const id = parseId(text);
  const query = useDelayed(text.trim(), TYPING_MS);
  const cities = useAnswer(query === '' || at || id !== null ? null : query, (signal) => getCities(query, MAX_SHOWN, signal));
  const places = placesOf(at, id, cities.value);

  const { isOpen, highlightedIndex, getLabelProps, getMenuProps, getInputProps, getItemProps } = useCombobox<Place>({
    items: places,
    inputValue: text,
    selectedItem: null,
    defaultHighlightedIndex: 0,
    itemToString: (place) => (place ? nameOf(place) : ''),
    onSelectedItemChange: ({ selectedItem }) => {
      if (!selectedItem) return;
      setText(selectedItem.kind === 'city' ? selectedItem.city.city : text);
      go(selectedItem);
    },
  });
  const isOffered = isOpen && text.trim() !== '';
  const isNothingFound = isOffered && query === text.trim() && !cities.isLoading && !cities.problem && places.length === 0;

  // The text is set in the event itself: downshift reports it after a render with the old text, which would undo a key
  // that is pressed meanwhile. Its types are React's: they lack what Preact requires of a combobox.
  const onChange = ({ currentTarget }: { currentTarget: { value: string } }) => setText(currentTarget.value);
  const inputProps = getInputProps({ type: 'search', placeholder: 'Find a place', spellcheck: false, maxLength: 100, onChange }) as object;

  return (
    <div className="place-search">
      <label className="sr-only" {...getLabelProps()}>
        City or coordinates
      </label>
      <Icon name="find" />
      <input {...inputProps} />
      <ul className={isOffered ? 'places' : 'places closed'} {...getMenuProps()}>
        {isOffered &&
          places.map((place, index) => (
            <li
              key={place.kind === 'city' ? place.city.city_id : place.kind}
              data-highlighted={index === highlightedIndex || undefined}
              {...getItemProps({ item: place, index })}
            >
              {place.kind === 'city' ? <CityLine city={place.city} /> : <span>Go to {nameOf(place)}</span>}
            </li>
          ))}
        {isNothingFound && <li className="nothing">No city or country has this name</li>}
        {isOffered && cities.problem && <li className="nothing">{cities.problem.title}</li>}
      </ul>
    </div>
  );
}

/** Move the map to a place. A position also chooses the tile that lies there. */
function useGo(): (place: Place) => void {
  const { state, dispatch } = usePage();
  const { goTo, pickAt } = useCommands();
  return (place) => {
    if (place.kind === 'item') {
      dispatch({ type: 'picked', id: place.id });
      goTo(place.id);
      return;
    }
    dispatch({ type: 'viewRequested', view: place.kind === 'city' ? { bounds: place.city.bounds } : { ...place.at } });
    if (place.kind === 'position') pickAt(place.at.lon, place.at.lat);
    else if (state.isMapless) pickAt(place.city.lon, place.city.lat); // nobody can click a square of the city
  };
}

const CityLine = ({ city }: { city: City }) => (
  <>
    <span>
      {city.city}
      <small>
        {city.country} {city.is_synthetic && <SyntheticBadge />}
      </small>
    </span>
    <small>{city.n_tiles > 0 ? plural(city.n_tiles, 'tile') : 'no tiles'}</small>
  </>
);

function nameOf(place: Place): string {
  if (place.kind === 'city') return place.city.city;
  return place.kind === 'item' ? String(place.id) : formatLonLat(place.at);
}

/** Return the id of a tile or block that the text is; null if it is none. City names do not consist of digits. */
function parseId(text: string): number | null {
  const digits = /^\s*(?:tile|block)?\s*(\d{6,16})\s*$/i.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

function placesOf(at: LonLat | null, id: number | null, cities: City[] | null): Place[] {
  if (at) return [{ kind: 'position', at }];
  if (id !== null) return [{ kind: 'item', id }];
  return cities?.map((city): Place => ({ kind: 'city', city })) ?? NO_PLACES;
}
