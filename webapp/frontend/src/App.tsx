// The page: the question on the left, the map, the scatter plot; all of them in step through one state (state.ts).

import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { findSimilar, getConfig, getEncoder, getTile, getTileAt, toProblem, type Problem, type SimilarTile, type Tile } from './api';
import { boundsOf } from './bounds';
import { Compare } from './Compare';
import { ExportMenu } from './ExportMenu';
import { Header } from './Header';
import { LassoCard } from './LassoCard';
import { TileMap, type View } from './map/Map';
import { Banner, EncoderLine, ProblemNote } from './Notices';
import { part } from './part';
import { useScheme } from './preferences';
import { Question } from './Question';
import { Results } from './Results';
import { SearchForm } from './SearchForm';
import { requestOf, type PageState } from './state';
import { useAnswer } from './useAnswer';
import { useHovered } from './useHovered';
import { usePageState } from './usePageState';

const Help = part(() => import('./Help').then((module) => module.Help));
const Scatter = part(() => import('./scatter/Scatter').then((module) => module.Scatter));

const NO_MATCHES: SimilarTile[] = [];
const NO_EXAMPLES = { positive: [], negative: [], compareId: null, shownId: null };
/** Read before the map writes its own position there. */
const HAD_MAP_POSITION = window.location.hash !== '';

export function App() {
  const { scheme, isDark, setScheme } = useScheme();
  const [state, change] = usePageState();
  const { tileId, search, scatter } = state;
  const [view, setView] = useState<View | null>(null);
  const [lassoIds, setLassoIds] = useState<number[]>([]);
  const [notice, setNotice] = useState<Problem | null>(null);
  const isPlaceOpen = useRef(!HAD_MAP_POSITION && requestOf(state) !== null);

  const encoder = useAnswer('encoder', getEncoder);
  const config = useAnswer('config', getConfig);
  const tile = useAnswer(tileId === null ? null : String(tileId), (signal) => getTile(tileId!, signal));
  const request = useMemo(() => requestOf(state), [state]);
  const similar = useAnswer(request && JSON.stringify(request), (signal) => findSimilar(request!, signal));
  const matches = similar.value ?? NO_MATCHES;
  const matchIds = useMemo(() => matches.map(({ tile_id }) => tile_id), [matches]);
  const [hovered, setHoveredId] = useHovered(matches, tile.value);

  useEffect(() => {
    // An address that names a question, but no place, shows where it is asked.
    const isAnswered = tileId === null ? matches.length > 0 : tile.value !== null;
    if (!isPlaceOpen.current || !isAnswered) return;
    isPlaceOpen.current = false;
    setView(tile.value ? placeOf(tile.value) : { bounds: boundsOf(matches) });
  }, [tileId, tile.value, matches]);

  const pick = useCallback(
    (picked: number | null) => {
      setNotice(null);
      // What is picked on the map stays under the pointer; a row of the list does not.
      setHoveredId((before) => (before === picked ? before : null));
      change(({ areaUse }) => ({ tileId: picked, ...NO_EXAMPLES, ...(areaUse === 'like' ? { area: null, areaUse: 'within' } : {}) }));
    },
    [change, setHoveredId],
  );
  const goTo = useCallback((tileIdToShow: number) => {
    getTile(tileIdToShow, new AbortController().signal).then(
      (found) => setView(placeOf(found)),
      (error: unknown) => setNotice(toProblem(error)),
    );
  }, []);
  const pickAndShow = useCallback(
    (picked: number) => {
      pick(picked);
      goTo(picked);
    },
    [pick, goTo],
  );
  const pickAt = useCallback(
    (lon: number, lat: number) => {
      getTileAt(lon, lat, new AbortController().signal).then(
        (found) => pick(found.tile_id),
        (error: unknown) => setNotice(toProblem(error)),
      );
    },
    [pick],
  );
  const show = useCallback(
    (shown: SimilarTile | Tile) => {
      change({ shownId: 'rank' in shown ? shown.tile_id : null });
      setView(placeOf(shown));
    },
    [change],
  );
  const addExample = useCallback(
    (kind: 'positive' | 'negative', id: number) => change((before) => withExample(before, kind, id)),
    [change],
  );
  const goToPlace = useCallback(
    (place: View, at: { lon: number; lat: number } | null) => {
      setView(place);
      if (at) pickAt(at.lon, at.lat);
    },
    [pickAt],
  );

  const problem = tile.problem ?? similar.problem ?? encoder.problem ?? config.problem;
  return (
    <div className="app">
      <Banner encoder={encoder.value} />
      <main>
        <div className="panel">
          <Header
            scheme={scheme}
            onScheme={setScheme}
            isScatterOn={scatter !== null}
            onScatter={() => change({ scatter: scatter === null ? 'continent' : null })}
            onHelp={() => change({ isHelpOpen: true })}
            onPlace={goToPlace}
          />
          {problem && <ProblemNote problem={problem} />}
          {notice && <ProblemNote problem={notice} onClose={() => setNotice(null)} />}
          <LassoCard ids={lassoIds} onIds={setLassoIds} onChange={change} onView={setView} onProblem={setNotice} />
          <Question state={state} tile={tile.value} onChange={change} onShow={show} onGoTo={goTo} onClear={() => pick(null)} />
          {request === null ? (
            <p className="hint">
              Choose a city, then click one of its squares: the tiles that look most like it are listed here.
            </p>
          ) : (
            <>
              <SearchForm search={search} onChange={(part) => change((before) => ({ search: { ...before.search, ...part } }))} />
              <div className="summary">
                <p role="status">{summary(similar.isLoading, similar.value)}</p>
                {matches.length > 0 && (
                  <div className="actions">
                    <button type="button" onClick={() => setView({ bounds: boundsOf(tile.value ? [...matches, tile.value] : matches) })}>
                      Show all
                    </button>
                    <ExportMenu request={request} disabled={similar.isLoading} />
                  </div>
                )}
              </div>
              <Results
                isOld={similar.isLoading}
                tiles={matches}
                shownId={state.shownId}
                hoveredId={hovered.id}
                onShow={show}
                onPick={pick}
                onHover={setHoveredId}
                onExample={addExample}
                onCompare={tileId === null ? null : (id) => change({ compareId: id })}
              />
            </>
          )}
          <footer>{encoder.value && <EncoderLine encoder={encoder.value} />}</footer>
        </div>
        <TileMap
          isDark={isDark}
          config={config.value}
          imagery={state.imagery}
          onImagery={(imagery) => change({ imagery })}
          similarity={state.isSimilarityOn && tileId !== null ? { tileId, method: search.method } : null}
          onSimilarity={tileId === null ? null : (isSimilarityOn) => change({ isSimilarityOn })}
          isSearching={similar.isLoading}
          selected={tile.value}
          matches={matches}
          hovered={hovered}
          lassoIds={lassoIds}
          area={state.area}
          onArea={(area) => change({ area })}
          view={view}
          onPick={pick}
          onMatch={show}
          onHover={setHoveredId}
          onCentre={pickAt}
          onProblem={setNotice}
        />
        {scatter !== null && (
          <div className="scatter-panel">
            <Suspense fallback={<p className="hint">Loading the scatter plot …</p>}>
              <Scatter
                isDark={isDark}
                colourBy={scatter}
                onColourBy={(colourBy) => change({ scatter: colourBy })}
                selectedId={tileId}
                matchIds={matchIds}
                hoveredId={hovered.id}
                method={search.method}
                onHover={setHoveredId}
                onPick={pickAndShow}
                onLasso={setLassoIds}
                lassoIds={lassoIds}
                nTiles={encoder.value?.n_tiles ?? null}
              />
            </Suspense>
          </div>
        )}
      </main>
      {tileId !== null && state.compareId !== null && (
        <Compare a={tileId} b={state.compareId} method={search.method} onClose={() => change({ compareId: null })} />
      )}
      {state.isHelpOpen && (
        <Suspense fallback={null}>
          <Help encoder={encoder.value} onClose={() => change({ isHelpOpen: false })} />
        </Suspense>
      )}
    </div>
  );
}

const placeOf = ({ lon, lat }: { lon: number; lat: number }): View => ({ lon, lat });

/** An example counts once, on one side. */
function withExample(before: PageState, kind: 'positive' | 'negative', id: number): Partial<PageState> {
  const without = (ids: number[]) => ids.filter((other) => other !== id);
  const examples = { positive: without(before.positive), negative: without(before.negative) };
  const area = before.areaUse === 'like' ? { area: null, areaUse: 'within' as const } : {};
  return { ...examples, ...area, [kind]: [...examples[kind], id] };
}

function summary(isLoading: boolean, tiles: SimilarTile[] | null): string {
  if (isLoading) return 'Searching …';
  if (tiles === null) return '';
  if (tiles.length === 0) return 'No tile meets these conditions.';
  return tiles.length === 1 ? '1 look-alike' : `${tiles.length} look-alikes`;
}
