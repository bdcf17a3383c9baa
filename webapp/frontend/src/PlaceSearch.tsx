// One field for where to go: a city, as the database finds it, or coordinates. A combobox of downshift: keys and ARIA are its own.

import { useCombobox } from 'downshift';
import { useState } from 'react';
import { getCities, type City } from './api';
import { parseCoordinates } from './coordinates';
import { Icon } from './Icon';
import type { View } from './map/Map';
import { useAnswer } from './useAnswer';
import { useDelayed } from './useDelayed';

type Place = { kind: 'city'; city: City } | { kind: 'position'; lon: number; lat: number };

interface Props {
  onPlace: (view: View, at: { lon: number; lat: number } | null) => void;
}

const MAX_SHOWN = 8;
const TYPING_MS = 150;
const count = new Intl.NumberFormat('en');
const NO_PLACES: Place[] = [];

export function PlaceSearch({ onPlace }: Props) {
  const [text, setText] = useState('');
  const position = parseCoordinates(text);
  const query = useDelayed(text.trim(), TYPING_MS);
  const cities = useAnswer(query === '' || position ? null : query, (signal) => getCities(query, MAX_SHOWN, signal));
  const places: Place[] = position
    ? [{ kind: 'position', ...position }]
    : (cities.value?.map((city): Place => ({ kind: 'city', city })) ?? NO_PLACES);

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
      go(selectedItem, onPlace);
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
      <input {...getInputProps({ type: 'search', placeholder: 'City, or 13.75, 100.5', spellCheck: false, maxLength: 100 })} />
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
        {isNothingFound && <li className="nothing">No city or country of that name</li>}
        {isOffered && cities.problem && <li className="nothing">{cities.problem.title}</li>}
      </ul>
    </div>
  );
}

const CityLine = ({ city }: { city: City }) => (
  <>
    <span>
      {city.city}
      <small>{city.country}</small>
    </span>
    <small>{city.n_tiles > 0 ? `${count.format(city.n_tiles)} tiles` : 'no tiles'}</small>
  </>
);

const nameOf = (place: Place): string =>
  place.kind === 'city'
    ? place.city.city
    : `${Math.abs(place.lat)}° ${place.lat < 0 ? 'S' : 'N'}, ${Math.abs(place.lon)}° ${place.lon < 0 ? 'W' : 'E'}`;

function go(place: Place, onPlace: Props['onPlace']): void {
  if (place.kind === 'city') onPlace({ bounds: place.city.bounds }, null);
  else onPlace({ lon: place.lon, lat: place.lat }, place);
}
