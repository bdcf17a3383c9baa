// Positions as people write them: 13.75, 100.5 or 13°45'N 100°30'E or N13.75 W3.

export interface LonLat {
  lon: number;
  lat: number;
}

const NUMBER = String.raw`[-+−]?\d+(?:\.\d+)?`;
/** Degrees, minutes and seconds, with the letter of a hemisphere before or after them. */
const ANGLE = String.raw`([NSEW])?\s*(${NUMBER})\s*°?\s*(?:(\d+(?:\.\d+)?)\s*['′’]\s*)?(?:(\d+(?:\.\d+)?)\s*(?:"|″|”|'')\s*)?([NSEW])?`;
const PAIR = new RegExp(String.raw`^\s*${ANGLE}\s*[,;\s]\s*${ANGLE}\s*$`, 'i');

/** Return a position in degrees (EPSG:4326), or null if the text is none. Latitude comes first unless letters tell otherwise. */
export function parseCoordinates(text: string): LonLat | null {
  const parts = PAIR.exec(text)?.slice(1);
  if (!parts) return null;
  const [first, second] = [angle(parts.slice(0, 5)), angle(parts.slice(5))];
  if (!first || !second) return null;
  if (first.axis !== null && first.axis === second.axis) return null;
  const isLonFirst = first.axis === 'lon' || second.axis === 'lat';
  const [lat, lon] = isLonFirst ? [second.degrees, first.degrees] : [first.degrees, second.degrees];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lon, lat } : null;
}

function angle([before, degrees, minutes = '0', seconds = '0', after]: (string | undefined)[]) {
  const letter = (before ?? after ?? '').toUpperCase();
  const number = Number(degrees!.replace('−', '-'));
  const size = Math.abs(number) + Number(minutes) / 60 + Number(seconds) / 3600;
  if ((before && after) || Number(minutes) >= 60 || Number(seconds) >= 60 || (letter && number < 0)) return null;
  const isNegative = letter === 'S' || letter === 'W' || degrees!.startsWith('-') || degrees!.startsWith('−');
  return { degrees: isNegative ? -size : size, axis: !letter ? null : 'NS'.includes(letter) ? 'lat' : 'lon' };
}

/** A metre; positions in minutes have more decimals. */
const degrees = (value: number) => Number(Math.abs(value).toFixed(5));

/** 3.7° S, 40.4° E */
export const formatLonLat = ({ lon, lat }: LonLat): string =>
  `${degrees(lat)}° ${lat < 0 ? 'S' : 'N'}, ${degrees(lon)}° ${lon < 0 ? 'W' : 'E'}`;
