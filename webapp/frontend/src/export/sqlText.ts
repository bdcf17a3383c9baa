// The SQL statement behind a list of matches, as an analyst would type it (docs/analyst.md).

import { SEARCH_ARGUMENTS } from '../api/schema';
import type { SearchRequest } from '../api/types';

/** The function of schema api that a search calls, and the arguments that come first, without names. */
const FUNCTIONS: Record<string, { name: string; leading: string[] }> = {
  similar: { name: 'similar_tiles', leading: ['tile_id'] },
  'similar-blocks': { name: 'similar_blocks', leading: ['block_id'] },
  'similar-at': { name: 'similar_at', leading: ['lon', 'lat'] },
  'similar-to-examples': { name: 'similar_to_examples', leading: ['positive'] },
  'similar-to-area': { name: 'similar_to_area', leading: ['area'] },
};
const DEFAULTS = SEARCH_ARGUMENTS as Record<string, { default?: unknown }>;
/** SQL has its own default number of matches, so it is always given. */
const ALWAYS_GIVEN = new Set(['k']);

/** Return the statement, or null if the search has no SQL function. */
export function sqlText({ path, body }: SearchRequest): string | null {
  const called = FUNCTIONS[path.split('/').at(-1)!];
  if (!called) return null;
  const isNamed = ([name, value]: [string, unknown]) =>
    !called.leading.includes(name) && (ALWAYS_GIVEN.has(name) || value !== DEFAULTS[name]?.default);
  const leading = called.leading.map((name) => literal(name, body[name]));
  const named = Object.entries(body)
    .filter(isNamed)
    .map(([name, value]) => `${name} => ${literal(name, value)}`);
  return [
    `SELECT rank, ${idsOf(body)}, city, country_code, similarity, distance_m, footprint`,
    `FROM api.${called.name}(`,
    [...leading, ...named].map((argument) => `    ${argument}`).join(',\n'),
    ')',
    'ORDER BY rank;',
    '',
  ].join('\n');
}

/** Return the columns with the ids of what is found. */
function idsOf({ unit, block_id }: SearchRequest['body']): string {
  if (block_id !== undefined || unit === 'block') return 'block_id, tile_id';
  return unit === undefined || unit === 'tile' ? 'tile_id' : 'item_id';
}

function literal(name: string, value: unknown): string {
  if (Array.isArray(value)) return arrayLiteral(value);
  if (typeof value === 'object') return `ST_GeomFromGeoJSON(${quoted(JSON.stringify(value))})`;
  if (typeof value !== 'string') return JSON.stringify(value);
  return name === 'period' ? `daterange(${value.split('/').map(quoted).join(', ')}, '[]')` : quoted(value);
}

function arrayLiteral(values: unknown[]): string {
  const type = typeof values[0] === 'string' ? 'text' : 'bigint';
  return `ARRAY[${values.map((value) => literal('', value)).join(', ')}]::${type}[]`;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
