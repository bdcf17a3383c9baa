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

type Place = { kind: 'city'; city: City } | { kind: 'position'; at: LonLat };

const MAX_SHOWN = 8;
const TYPING_MS = 150;
const NO_PLACES: Place[] = [];

export function PlaceSearch() {
  const go = useGo();
  const [text, setText] = useState('');
  const at = parseCoordinates(text);
  const query = useDelayed(text.trim(), TYPING_MS);
  const cities = useAnswer(query === '' || at ? null : query, (signal) => getCities(query, MAX_SHOWN, signal));
  const places: Place[] = at ? [{ kind: 'position', at }] : (cities.value?.map((city): Place => ({ kind: 'city', city })) ?? NO_PLACES);

  const { isOpen, highlightedIndex, getLabelProps, getMenuProps, getInputProps, getItemProps } = useCombobox<Place>({
    items: places,
    inputValue: text,
    selectedItem: null,
    defaultHighlightedIndex: 0,
    itemToString: (place) => (place ? nameOf(place) : ''),
    onInputValueChange: ({ inputValue, type }) => {
      if (type === useCombobox.stateChangeTypes.InputChange) setText(inputValue);
    },
    onSelectedItemChange: ({ selectedItem }) => {
      if (!selectedItem) return;
      setText(selectedItem.kind === 'city' ? selectedItem.city.city : text);
      go(selectedItem);
    },
  });
  const isOffered = isOpen && text.trim() !== '';
  const isNothingFound = isOffered && query === text.trim() && !cities.isLoading && !cities.problem && places.length === 0;

  return (
    <div className="place-search">
      <label className="sr-only" {...getLabelProps()}>
        City or coordinates
      </label>
      <Icon name="find" />
      {/* downshift's types are React's: they lack what Preact requires of a combobox. */}
      <input {...(getInputProps({ type: 'search', placeholder: 'City, or 13.75, 100.5', spellcheck: false, maxLength: 100 }) as object)} />
      <ul className={isOffered ? 'places' : 'places closed'} {...getMenuProps()}>
        {isOffered &&
          places.map((place, index) => (
            <li
              key={place.kind === 'city' ? place.city.city_id : 'position'}
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
  const { dispatch } = usePage();
  const { pickAt } = useCommands();
  return (place) => {
    dispatch({ type: 'viewRequested', view: place.kind === 'city' ? { bounds: place.city.bounds } : { ...place.at } });
    if (place.kind === 'position') pickAt(place.at.lon, place.at.lat);
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

const nameOf = (place: Place): string => (place.kind === 'city' ? place.city.city : formatLonLat(place.at));
