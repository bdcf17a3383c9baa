import { useCallback, useEffect, useRef, useState } from 'react';
import { getEncoder, getSimilar, getTile, getTileAt, Problem, type Search, type SimilarTile, type Tile } from './api';
import { readLocation, writeLocation } from './location';
import { TileMap, type View } from './Map';
import { Banner, EncoderLine, ProblemNote } from './Notices';
import { Results } from './Results';
import { SearchForm } from './SearchForm';
import { useAnswer } from './useAnswer';
import { useIsDark } from './useColourScheme';

const NO_KIN: SimilarTile[] = [];
/** Read before the map writes its own position there. */
const HAD_MAP_POSITION = window.location.hash !== '';

export function App() {
  const isDark = useIsDark();
  const [{ tileId, search }, setState] = useState(readLocation);
  const [view, setView] = useState<View | null>(null);
  const [shownId, setShownId] = useState<number | null>(null);
  const [mapProblem, setMapProblem] = useState<Problem | null>(null);
  const isFirst = useRef(tileId !== null);

  const encoder = useAnswer('encoder', getEncoder);
  const tile = useAnswer(tileId === null ? null : String(tileId), (signal) => getTile(tileId!, signal));
  const similar = useAnswer(tileId === null ? null : JSON.stringify([tileId, search]), (signal) =>
    getSimilar(tileId!, search, signal),
  );
  const kin = similar.value ?? NO_KIN;

  useEffect(() => writeLocation({ tileId, search }), [tileId, search]);
  useEffect(() => {
    const back = () => setState(readLocation());
    window.addEventListener('popstate', back);
    return () => window.removeEventListener('popstate', back);
  }, []);
  useEffect(() => {
    // An address that names a tile, but no place, shows the tile.
    if (tile.value && isFirst.current && !HAD_MAP_POSITION) setView({ lon: tile.value.lon, lat: tile.value.lat });
    if (tile.value) isFirst.current = false;
  }, [tile.value]);

  const pick = useCallback((picked: number | null) => {
    setShownId(null);
    setMapProblem(null);
    setState((before) => ({ ...before, tileId: picked }));
  }, []);
  const show = useCallback(({ tile_id, lon, lat }: SimilarTile | Tile) => {
    setShownId(tile_id);
    setView({ lon, lat });
  }, []);
  const pickAt = useCallback(
    (lon: number, lat: number) => {
      getTileAt(lon, lat, new AbortController().signal).then(
        (found) => pick(found.tile_id),
        (error: unknown) => setMapProblem(error instanceof Problem ? error : new Problem('Error', String(error), 0)),
      );
    },
    [pick],
  );
  const changeSearch = useCallback(
    (part: Partial<Search>) => setState((before) => ({ ...before, search: { ...before.search, ...part } })),
    [],
  );

  const problem = tile.problem ?? similar.problem ?? encoder.problem;
  return (
    <div className="app">
      <Banner encoder={encoder.value} />
      <main>
        <div className="panel">
          <header>
            <h1>terrakin</h1>
            <p>Places on Earth that look alike</p>
          </header>
          {problem && <ProblemNote problem={problem} />}
          {mapProblem && <ProblemNote problem={mapProblem} onClose={() => setMapProblem(null)} />}
          {tileId === null ? (
            <p className="hint">
              Choose a city, then click one of its squares: the tiles that look most like it are listed here.
            </p>
          ) : (
            <>
              {tile.value && <Selected tile={tile.value} onShow={show} onClear={() => pick(null)} />}
              <SearchForm search={search} onChange={changeSearch} />
              <div className="summary">
                <p role="status">{summary(similar.isLoading, similar.value)}</p>
                {kin.length > 0 && (
                  <button type="button" onClick={() => setView({ bounds: boundsOf(kin, tile.value) })}>
                    Show all
                  </button>
                )}
              </div>
              <Results tiles={kin} shownId={shownId} onShow={show} onPick={pick} />
            </>
          )}
          <footer>{encoder.value && <EncoderLine encoder={encoder.value} />}</footer>
        </div>
        <TileMap
          isDark={isDark}
          selected={tile.value}
          kin={kin}
          view={view}
          onPick={pick}
          onKin={show}
          onCentre={pickAt}
          onProblem={setMapProblem}
        />
      </main>
    </div>
  );
}

function Selected({ tile, onShow, onClear }: { tile: Tile; onShow: (tile: Tile) => void; onClear: () => void }) {
  const [from, to] = tile.period.split('/');
  return (
    <section className="selected" aria-label="Chosen tile">
      <div>
        <h2>{tile.city}</h2>
        <p>{tile.country}</p>
        <p className="small">
          {from} to {to}
          <br />
          Tile {tile.tile_id}
        </p>
      </div>
      <div className="actions">
        <button type="button" onClick={() => onShow(tile)}>
          Show
        </button>
        <button type="button" onClick={onClear} aria-label="Choose no tile">
          ×
        </button>
      </div>
    </section>
  );
}

function summary(isLoading: boolean, tiles: SimilarTile[] | null): string {
  if (isLoading) return 'Searching …';
  if (tiles === null) return '';
  if (tiles.length === 0) return 'No tile meets these conditions.';
  return tiles.length === 1 ? '1 look-alike' : `${tiles.length} look-alikes, most similar first`;
}

/** West, south, east, north of tiles. */
function boundsOf(kin: SimilarTile[], tile: Tile | null): [number, number, number, number] {
  const places = tile ? [...kin, tile] : kin;
  const lons = places.map((place) => place.lon);
  const lats = places.map((place) => place.lat);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}
