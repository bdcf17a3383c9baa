// All tiles in the UMAP layout, where similar tiles lie near each other; in step with the map and the list.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { thumbnailUrl } from '../api/client';
import { useAnswer } from '../api/useAnswer';
import { inUnit, isOwn, tileIdOf } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { useCommands } from '../state/useCommands';
import { SyntheticBadge } from '../ui/PlaceFacts';
import { Backdrop } from './Backdrop';
import { Counts } from './Counts';
import { describe } from './describe';
import { cityOf, getLayout, indexOf, indicesOf, type Layout } from './layout';
import { indicesIn, lassoOf } from './lasso';
import { ScatterLegend } from './Legend';
import './scatter.css';
import { ScatterTools } from './ScatterTools';
import { useColouring } from './useColouring';
import { useKeys } from './useKeys';
import { useMarks } from './useMarks';
import { usePlot } from './usePlot';

export function Scatter() {
  const { state } = usePage();
  const canvas = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const tooltip = useRef<HTMLDivElement>(null);
  const [isLassoOn, setLassoOn] = useState(false);
  const paintBackdrop = useRef(() => {});
  const [hasPictures, setPictures] = useState(true);
  const [onlyContinent, setOnlyContinent] = useState<string | null>(null);
  const { value: layout, problem } = useAnswer('layout', getLayout);
  const { selected, hovered, matches, lassoed } = useIndices(layout);
  const colouring = useColouring(layout, selected, onlyContinent);
  const on = useEvents(layout);
  const { plot, failure } = usePlot(canvas, layout, {
    onHover: on.hover,
    onPick: on.pick,
    onLasso: (outline) => {
      setLassoOn(false);
      on.lasso(outline);
    },
    onDraw: () => {
      paint();
      paintBackdrop.current();
    },
  });
  const isDrawn = useDrawn(plot, colouring);
  const paint = useMarks(overlay, tooltip, isDrawn ? plot : null, { selected, matches, hovered });
  useEffect(() => {
    if (plot && isDrawn) plot.select(lassoed);
  }, [plot, isDrawn, lassoed]);
  // A layout effect runs before the button looks pressed: a user who drags at once means the lasso.
  useLayoutEffect(() => plot?.setLasso(isLassoOn), [plot, isLassoOn]);
  const keys = useKeys(plot, { hovered, onHover: on.hover, onPick: on.pick, isLassoOn, onLassoOff: () => setLassoOn(false) });

  const note = failure ?? (problem && (problem.detail || problem.title));
  const label = describe(layout?.tileIds.length ?? null, state.page, matches.length, lassoed.length);
  return (
    <section className="scatter" aria-label="Scatter plot of all tiles" data-state={note ? 'failed' : isDrawn ? 'ready' : 'loading'}>
      <ScatterTools
        isLassoOn={isLassoOn}
        onLasso={setLassoOn}
        hasPictures={hasPictures}
        onPictures={setPictures}
        plot={isDrawn ? plot : null}
        zoomTo={matches.length === 0 || selected < 0 ? matches : [...matches, selected]}
      />
      <div className="scatter-room">
        <div className="scatter-plot" data-lasso={isLassoOn || undefined}>
          <Backdrop plot={isDrawn ? plot : null} layout={layout} hasPictures={hasPictures} paint={paintBackdrop} />
          <canvas ref={canvas} className="scatter-points" tabIndex={0} role="img" aria-label={label} onKeyDown={keys} />
          <canvas ref={overlay} className="scatter-marks" aria-hidden="true" />
          <div className="crosshair" aria-hidden="true" />
          <div ref={tooltip} className="scatter-tooltip" aria-hidden="true" hidden>
            {layout && hovered >= 0 && <Hovered layout={layout} index={hovered} />}
          </div>
          {note && <p className="scatter-note">{note}</p>}
        </div>
      </div>
      <div className="scatter-foot">
        {colouring && !note && <ScatterLegend legend={colouring.legend} only={onlyContinent} onOnly={setOnlyContinent} />}
        {layout && <Counts nInLayout={layout.tileIds.length} nLassoed={lassoed.length} />}
      </div>
    </section>
  );
}

/** Return where the tiles of the page's state, or of its blocks, are in the layout; -1 if a tile is not in it, as no item is. */
function useIndices(layout: Layout | null) {
  const { state, unit, matches } = usePage();
  const { chosenId, lasso } = state.page;
  const { hoveredId } = state;
  const at = (id: number) => (isOwn(unit) ? indexOf(layout!, tileIdOf(unit, id)) : -1);
  return {
    selected: layout && chosenId !== null ? at(chosenId) : -1,
    hovered: layout && hoveredId !== null ? at(hoveredId) : -1,
    matches: useMemo(() => (layout ? indicesOf(layout, matches.flatMap(({ tile_id }) => tile_id ?? [])) : []), [layout, matches]), // prettier-ignore
    lassoed: useMemo(() => (layout && lasso?.version === layout.version ? indicesIn(layout, lasso) : []), [layout, lasso]),
  };
}

/** Return what happens when points are hovered over, picked or lassoed. */
function useEvents(layout: Layout | null) {
  const { dispatch, unit, matches } = usePage();
  const { pickTile } = useCommands();
  const tileIdAt = (index: number) => layout!.tileIds[index]!;
  /** The match that lies in a tile is hovered in the list too. */
  const idUnder = (index: number) => matches.find(({ tile_id }) => tile_id === tileIdAt(index))?.id ?? (isOwn(unit) ? inUnit(unit, tileIdAt(index)) : null);
  return {
    hover: (index: number | null) => dispatch({ type: 'hovered', id: index === null ? null : idUnder(index) }),
    pick: (index: number) => pickTile(tileIdAt(index)),
    lasso: (outline: number[][]) => {
      const lasso = lassoOf(layout!.version, outline);
      dispatch({ type: 'lassoed', lasso: indicesIn(layout!, lasso).length > 0 ? lasso : null });
    },
  };
}

/** Colour the points. Return whether they have been drawn. */
function useDrawn(plot: ReturnType<typeof usePlot>['plot'], colouring: ReturnType<typeof useColouring>): boolean {
  const [isDrawn, setDrawn] = useState(false);
  useEffect(() => {
    if (plot && colouring) void plot.colour(colouring).then(() => setDrawn(true));
  }, [plot, colouring]);
  useEffect(() => () => setDrawn(false), [plot]);
  return isDrawn;
}

function Hovered({ layout, index }: { layout: Layout; index: number }) {
  const city = cityOf(layout, index);
  if (!city) return null;
  return (
    <>
      <TilePicture key={index} tileId={layout.tileIds[index]!} />
      <strong>{city.city}</strong> {city.country} {city.is_synthetic && <SyntheticBadge />}
    </>
  );
}

/** The picture of a tile, once it is known that it has one. */
function TilePicture({ tileId }: { tileId: number }) {
  const [isLoaded, setLoaded] = useState(false);
  return <img src={thumbnailUrl(tileId)} alt="" width="224" height="224" hidden={!isLoaded} onLoad={() => setLoaded(true)} />;
}
