// The search behind a list of matches as a Python program (docs/analyst.md).

import type { SearchRequest } from '../api/types';

/** Return the program. It needs geopandas and requests. */
export const pythonText = ({ path, body }: SearchRequest, baseUrl: string): string => `import geopandas as gpd
import requests

answer = requests.post(
    ${JSON.stringify(new URL(path, baseUrl).href)},
    params={"format": "geojson"},
    json={
${Object.entries(body)
  .map(([name, value]) => `        ${JSON.stringify(name)}: ${literal(value)},`)
  .join('\n')}
    },
    timeout=60,
)
answer.raise_for_status()
matches = gpd.GeoDataFrame.from_features(answer.json(), crs="EPSG:4326")
print(matches[["rank", "city", "country", "similarity"]])
`;

/** JSON is Python, but for three words. */
function literal(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object') return `{${Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${literal(part)}`).join(', ')}}`;
  return JSON.stringify(value);
}
