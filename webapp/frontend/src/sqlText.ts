// The SQL statement that gives an answer of the page: what an analyst would type (docs/analyst.md), values quoted.

type Body = Record<string, unknown>;

/** Which function of schema api a search calls, and the arguments that come first, unnamed. */
const FUNCTIONS: Record<string, { name: string; leading: string[] }> = {
  similar: { name: 'similar_tiles', leading: ['tile_id'] },
  'similar-at': { name: 'similar_at', leading: ['lon', 'lat'] },
  'similar-to-examples': { name: 'similar_to_examples', leading: ['positive'] },
  'similar-to-area': { name: 'similar_to_area', leading: ['area'] },
};
const DEFAULTS: Body = { method: 'mean', exclude_within_m: 0, exclude_same_city: true, exact: false };

/** Null where no statement gives the answer, as for an uploaded chip, which only the page has. */
export function sqlText(path: string, body: Body): string | null {
  const called = FUNCTIONS[path.split('/').at(-1)!];
  if (!called) return null;
  const leading = called.leading.map((name) => literal(name, body[name]));
  const named = Object.entries(body)
    .filter(([name, value]) => !called.leading.includes(name) && value !== null && value !== undefined && value !== DEFAULTS[name])
    .map(([name, value]) => `${name} => ${literal(name, value)}`);
  return [
    'SELECT rank, tile_id, city, country_code, similarity, distance_m, footprint',
    `FROM api.${called.name}(`,
    [...leading, ...named].map((argument) => `    ${argument}`).join(',\n'),
    ')',
    'ORDER BY rank;',
    '',
  ].join('\n');
}

const ARRAY_TYPES: Record<string, string> = {
  positive: 'bigint',
  negative: 'bigint',
  exclude_city_ids: 'bigint',
  countries: 'text',
  continents: 'text',
};

function literal(name: string, value: unknown): string {
  if (Array.isArray(value)) return `ARRAY[${value.map((item) => literal('', item)).join(', ')}]::${ARRAY_TYPES[name]}[]`;
  if (name === 'period') return `daterange(${String(value).split('/').map(quoted).join(', ')}, '[]')`;
  if (typeof value === 'object') return `ST_GeomFromGeoJSON(${quoted(JSON.stringify(value))})`;
  return typeof value === 'string' ? quoted(value) : String(value);
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
