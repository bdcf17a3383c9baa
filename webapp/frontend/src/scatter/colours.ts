// The colour of every point, by continent, city or similarity, and the legend that explains it.

import { hex, SIMILARITY_FROM, viridis } from '../ui/viridis';
import { cityOf, NO_CITY, type Layout } from './layout';

export type Legend =
  | { kind: 'continents'; entries: { name: string; colour: string; n: number }[] }
  | { kind: 'cities'; nCities: number; selected: string | null; colour: string }
  | { kind: 'similarity' };

/** `classes[i]` is the index of point i's colour in `colours`; `order` lists the points from bottom to top, null for any order. */
export interface Colouring {
  classes: Uint16Array;
  colours: string[];
  order: number[] | null;
  legend: Legend;
}

// The scheme "bright" of Paul Tol, Colour Schemes (SRON/EPS/TN/09-002): safe for colour-blind readers, on white and on black.
const CONTINENTS: Record<string, string> = {
  Africa: '#ccbb44',
  Antarctica: '#bbbbbb',
  Asia: '#ee6677',
  Europe: '#4477aa',
  'North America': '#228833',
  Oceania: '#66ccee',
  'South America': '#aa3377',
};
const OTHER = '#8a8f94';

const CHOSEN = { light: '#b3003c', dark: '#ff5c8a' }; // --chosen of style/base.css
/** Lightness of the other cities while one is highlighted. */
const FADED = { light: 0.76, dark: 0.34 };

/** Points of the other continents while one is highlighted. */
const GREY = { light: '#d4d9dc', dark: '#3a454b' };

const SHADES = 256;

/** Colour all continents, or one alone, above all others in grey. */
export function byContinent(layout: Layout, only: string | null, isDark: boolean): Colouring {
  const names = [...new Set(layout.cities.map((city) => city.continent))].sort();
  const classOfCity = Uint16Array.from(layout.cities, (city) => names.indexOf(city.continent));
  const classes = Uint16Array.from(layout.cityIndex, (city) => classOfCity[city] ?? names.length);
  const own = [...names.map((name) => CONTINENTS[name] ?? OTHER), OTHER];
  const grey = isDark ? GREY.dark : GREY.light;
  const colours = only === null ? own : own.map((colour, i) => (names[i] === only ? colour : grey));
  const counts = new Array<number>(colours.length).fill(0);
  for (const found of classes) counts[found]!++;
  const entries = names.map((name, i) => ({ name, colour: own[i]!, n: counts[i]! })).filter(({ n }) => n > 0);
  const order = only === null ? null : inOrder(classes, (found) => (names[found] === only ? 1 : 0), 2);
  return { classes, colours, order, legend: { kind: 'continents', entries } };
}

/** Hues are hashed from the ids, so that neighbours in the list differ. The chosen tile's city is highlighted and on top. */
export function byCity(layout: Layout, selected: number, isDark: boolean): Colouring {
  const city = selected < 0 ? NO_CITY : layout.cityIndex[selected]!;
  const chosen = isDark ? CHOSEN.dark : CHOSEN.light;
  const faded = isDark ? FADED.dark : FADED.light;
  const colours = layout.cities.map(({ city_id }, i) =>
    i === city ? chosen : hashedColour(city_id, city === NO_CITY ? null : faded),
  );
  colours.push(OTHER);
  const classes = layout.cityIndex.map((found) => Math.min(found, layout.cities.length));
  const order = city === NO_CITY ? null : inOrder(layout.cityIndex, (found) => (found === city ? 1 : 0), 2);
  const name = selected < 0 ? null : (cityOf(layout, selected)?.city ?? null);
  return { classes, colours, order, legend: { kind: 'cities', nCities: layout.cities.length, selected: name, colour: chosen } };
}

/** The scale is that of the map. */
export function bySimilarity(similarities: Float32Array): Colouring {
  const shade = (value: number) => Math.round(Math.max(0, (Math.min(1, value) - SIMILARITY_FROM) / (1 - SIMILARITY_FROM)) * (SHADES - 1));
  const classes = Uint16Array.from(similarities, shade);
  const colours = Array.from({ length: SHADES }, (_, i) => viridis(i / (SHADES - 1)));
  return { classes, colours, order: inOrder(classes, (found) => found, SHADES), legend: { kind: 'similarity' } };
}

/** Return the indices of the points by rising rank, 0 to nRanks - 1: a counting sort, because there are few ranks. */
function inOrder(values: Uint16Array, rank: (value: number) => number, nRanks: number): number[] {
  const starts = new Array<number>(nRanks + 1).fill(0);
  for (const value of values) starts[rank(value) + 1]!++;
  for (let i = 0; i < nRanks; i++) starts[i + 1]! += starts[i]!;
  const order = new Array<number>(values.length);
  values.forEach((value, i) => (order[starts[rank(value)]!++] = i));
  return order;
}

/** Multiplying by the golden ratio spreads consecutive ids around the colour circle (Knuth's multiplicative hash). */
function hashedColour(cityId: number, lightness: number | null): string {
  const hash = (Math.abs(cityId) * 0.618033988749895) % 1;
  return hsl(hash * 360, 0.45, lightness ?? [0.45, 0.55, 0.65][Math.abs(cityId) % 3]!);
}

/** https://www.w3.org/TR/css-color-4/#hsl-to-rgb */
function hsl(hue: number, saturation: number, lightness: number): string {
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    const a = saturation * Math.min(lightness, 1 - lightness);
    return (lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))) * 255;
  };
  return hex([channel(0), channel(8), channel(4)]);
}
