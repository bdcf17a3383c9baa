// All tiles where the layout puts them: tiles that look alike lie near each other. In step with map and list by its props.

import { useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { Method } from '../api';
import { useAnswer } from '../useAnswer';
import { byCity, byContinent, bySimilarity, COLOUR_BYS, type ColourBy } from './colours';
import { cityOf, getLayout, getSimilarities, indexOf, indicesOf, type Layout } from './layout';
import { ScatterLegend } from './Legend';
import { drawMarks } from './marks';
import './scatter.css';
import { usePlot } from './usePlot';

export type { ColourBy } from './colours';

interface Props {
  isDark: boolean;
  colourBy: ColourBy;
  onColourBy: (colourBy: ColourBy) => void;
  selectedId: number | null;
  /** The results, best first. */
  matchIds: number[];
  hoveredId: number | null;
  /** Which vectors "similarity" compares. */
  method: Method;
  onHover: (tileId: number | null) => void;
  onPick: (tileId: number) => void;
  /** An empty list: nothing is selected any more. */
  onLasso: (tileIds: number[]) => void;
  lassoIds: number[];
  /** How many tiles the database holds; those without a place in the layout are counted below the plot. */
  nTiles: number | null;
}

const COLOUR_NAMES: Record<ColourBy, string> = {
  continent: 'Continent',
  city: 'City',
  similarity: 'Similarity',
};
const PAN_SHARE = 0.1;
const ZOOM_FACTOR = 1.4;

const count = new Intl.NumberFormat('en');
const tiles = (n: number) => `${count.format(n)} ${n === 1 ? 'tile' : 'tiles'}`;

export function Scatter(props: Props) {
  const { isDark, colourBy, onColourBy, selectedId, matchIds, hoveredId, method, onHover, onPick, onLasso, lassoIds, nTiles } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const tooltip = useRef<HTMLDivElement>(null);
  const [isLassoOn, setLassoOn] = useState(false);
  const [isDrawn, setDrawn] = useState(false);

  const { value: layout, problem } = useAnswer('layout', getLayout);
  const similarities = useAnswer(
    layout && colourBy === 'similarity' && selectedId !== null ? JSON.stringify([layout.version, selectedId, method]) : null,
    (signal) => getSimilarities(layout!, selectedId!, method, signal),
  );
  const selected = layout && selectedId !== null ? indexOf(layout, selectedId) : -1;
  const hovered = layout && hoveredId !== null ? indexOf(layout, hoveredId) : -1;
  const matches = useMemo(() => (layout ? indicesOf(layout, matchIds) : []), [layout, matchIds]);
  const lassoed = useMemo(() => (layout ? indicesOf(layout, lassoIds) : []), [layout, lassoIds]);
  const colouring = useMemo(() => {
    if (!layout) return null;
    if (colourBy === 'similarity' && similarities.value) return bySimilarity(similarities.value, selected);
    if (colourBy === 'city') return byCity(layout, selected, isDark);
    return byContinent(layout);
    // Only the cities' colours depend on the theme, and only the continents' not on the chosen tile.
  }, [layout, colourBy, similarities.value, colourBy === 'continent' ? -1 : selected, colourBy === 'city' && isDark]);

  const idOf = (index: number) => layout!.tileIds[index]!;
  const { plot, failure } = usePlot(canvas, layout, {
    onHover: (index) => onHover(index === null ? null : idOf(index)),
    onPick: (index) => onPick(idOf(index)),
    onLasso: (indices) => {
      setLassoOn(false);
      onLasso(indices.map(idOf));
    },
    onDraw: () => paint(),
  });

  // Drawn from the props of the last render, whenever the points move.
  const marks = useRef({ selected, matches, hovered });
  marks.current = { selected, matches, hovered };
  const frame = useRef(0);
  const paint = () => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      if (!plot || !isDrawn || !overlay.current) return;
      drawMarks(overlay.current, plot, marks.current);
      placeTooltip(tooltip.current, marks.current.hovered < 0 ? null : plot.position(marks.current.hovered), overlay.current);
    });
  };

  useEffect(() => {
    if (!plot || !colouring) return;
    void plot.colour(colouring).then(() => setDrawn(true));
  }, [plot, colouring]);
  useEffect(() => () => setDrawn(false), [plot]);
  useEffect(() => {
    if (plot && isDrawn) plot.select(lassoed);
  }, [plot, isDrawn, lassoed]);
  // Before the button looks pressed: who drags at once means the lasso.
  useLayoutEffect(() => plot?.setLasso(isLassoOn), [plot, isLassoOn]);
  useEffect(() => {
    paint();
    return () => cancelAnimationFrame(frame.current);
  }, [plot, isDrawn, isDark, selected, matches, hovered]);

  const keys = (event: KeyboardEvent) => {
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Record<string, () => void> = {
      ArrowLeft: () => plot.pan(-PAN_SHARE, 0),
      ArrowRight: () => plot.pan(PAN_SHARE, 0),
      ArrowUp: () => plot.pan(0, PAN_SHARE),
      ArrowDown: () => plot.pan(0, -PAN_SHARE),
      '+': () => plot.zoom(ZOOM_FACTOR),
      '=': () => plot.zoom(ZOOM_FACTOR),
      '-': () => plot.zoom(1 / ZOOM_FACTOR),
      '0': () => plot.reset(),
    };
    const move = moves[event.key];
    if (move) {
      move();
      const nearest = plot.nearestToCentre();
      onHover(nearest < 0 ? null : idOf(nearest));
    } else if (event.key === 'Enter' && hovered >= 0) onPick(idOf(hovered));
    else if (event.key === 'Escape' && isLassoOn) setLassoOn(false);
    else if (event.key === 'Escape' && lassoIds.length > 0) onLasso([]);
    else return;
    event.preventDefault();
  };

  const note = failure ?? (problem && (problem.detail || problem.title));
  const city = layout && hovered >= 0 ? cityOf(layout, hovered) : null;
  return (
    <section className="scatter" aria-label="Scatter plot of all tiles" data-state={note ? 'failed' : isDrawn ? 'ready' : 'loading'}>
      <div className="scatter-tools">
        <label>
          Colour by{' '}
          <select value={colourBy} onChange={(event) => onColourBy(event.target.value as ColourBy)}>
            {COLOUR_BYS.map((by) => (
              <option key={by} value={by} disabled={by === 'similarity' && selectedId === null}>
                {COLOUR_NAMES[by]}
              </option>
            ))}
          </select>
        </label>
        <button type="button" aria-pressed={isLassoOn} disabled={!isDrawn} onClick={() => setLassoOn(!isLassoOn)}>
          Lasso
        </button>
        <button type="button" disabled={!isDrawn || matches.length === 0} onClick={() => plot?.zoomTo(selected < 0 ? matches : [...matches, selected])}>
          Zoom to results
        </button>
        <button type="button" disabled={!isDrawn} onClick={() => plot?.reset()}>
          Reset view
        </button>
      </div>
      <div className="scatter-plot" data-lasso={isLassoOn || undefined}>
        <canvas ref={canvas} className="scatter-points" tabIndex={0} role="img" aria-label={describe(layout, props, matches, lassoed)} onKeyDown={keys} />
        <canvas ref={overlay} className="scatter-marks" aria-hidden="true" />
        <div className="crosshair" aria-hidden="true" />
        <div ref={tooltip} className="scatter-tooltip" aria-hidden="true" hidden>
          {city && (
            <>
              <strong>{city.city}</strong> {city.country}
            </>
          )}
        </div>
        {note && <p className="scatter-note">{note}</p>}
      </div>
      <div className="scatter-foot">
        {colouring && !note && <ScatterLegend legend={colouring.legend} />}
        {layout && <Counts nLeftOut={Math.max(0, (nTiles ?? 0) - layout.tileIds.length)} lassoed={lassoed.length} onClear={() => onLasso([])} />}
      </div>
    </section>
  );
}

function Counts({ nLeftOut, lassoed, onClear }: { nLeftOut: number; lassoed: number; onClear: () => void }) {
  return (
    <p className="scatter-counts">
      {nLeftOut > 0 && <span>{tiles(nLeftOut)} without a place in the layout left out</span>}
      <span role="status">{lassoed > 0 && `${tiles(lassoed)} in the lasso`}</span>
      {lassoed > 0 && (
        <button type="button" onClick={onClear}>
          Clear
        </button>
      )}
    </p>
  );
}

function describe(layout: Layout | null, { colourBy, selectedId }: Props, matches: number[], lassoed: number[]): string {
  if (!layout) return 'Scatter plot, loading';
  const parts = [`Scatter plot of ${tiles(layout.tileIds.length)}: tiles that look alike lie near each other`];
  parts.push(`coloured by ${COLOUR_NAMES[colourBy].toLowerCase()}`);
  if (selectedId !== null) parts.push(`the chosen tile and ${count.format(matches.length)} results are marked`);
  if (lassoed.length > 0) parts.push(`${tiles(lassoed.length)} in the lasso`);
  return `${parts.join('; ')}. Arrow keys move, plus and minus zoom, 0 resets, Enter chooses the tile in the middle.`;
}

/** Beside the point, on the side that has more room. */
function placeTooltip(tooltip: HTMLElement | null, at: [number, number] | null, plot: HTMLElement): void {
  if (!tooltip) return;
  tooltip.hidden = at === null;
  if (!at) return;
  const [x, y] = at;
  const isRight = x > plot.clientWidth / 2;
  const isLow = y > plot.clientHeight / 2;
  tooltip.style.transform = `translate(${x}px, ${y}px) translate(${isRight ? '-100%' : '0'}, ${isLow ? '-100%' : '0'}) translate(${isRight ? -12 : 12}px, ${isLow ? -12 : 12}px)`;
}
