import { useMemo } from 'preact/hooks';
import { getBlockAt, getItemAt, getSets, getTileAt } from '../api/client';
import { Problem, toProblem } from '../api/problem';
import { blockUnder, middleBlock } from '../geo/blocks';
import type { LonLat } from '../geo/coordinates';
import { inUnit, isOwn, tileIdOf, type OwnUnit, type Unit } from '../geo/unit';
import { useLatest } from '../ui/useLatest';
import type { PageState } from './page';
import { usePage } from './PageProvider';
import { findPlace, findTile } from './places';
import type { Action } from './actions';

export interface Commands {
  /** Move the map to a tile, block or item. */
  goTo: (id: number) => void;
  /** Choose the tile or block at a position (degrees), or the item nearest to it. */
  pickAt: (lon: number, lat: number) => void;
  /** Choose the block of a tile at a position. Without a request if the tile is known. */
  pickBlock: (tileId: number, at: LonLat) => void;
  /** Choose a tile, or its middle block, and move the map there. A search of an imported set becomes one by tile. */
  pickTile: (tileId: number) => void;
  /** Ask the same question by the other unit; of an imported set, about the item at the place that is chosen. */
  searchBy: (unit: Unit) => void;
  /** Take the last change of the question back. */
  undo: () => void;
}

/** Return actions that ask the server first. Failures become a notice. */
export function useCommands(): Commands {
  const { state, dispatch, unit } = usePage();
  const latestState = useLatest(state);
  return useMemo(() => {
    let last = 0;
    /** Answers may arrive in another order than the clicks. */
    const inTurn = (answer: Promise<Action>) => {
      const turn = ++last;
      void answer.then((action) => turn === last && dispatch(action), fail);
    };
    const goTo = (of: Unit, id: number) =>
      void findPlace(of, id).then(({ lon, lat }) => dispatch({ type: 'viewRequested', view: { lon, lat } }), fail);
    const fail = (error: unknown) => dispatch({ type: 'noticed', problem: toProblem(error) });
    return {
      goTo: (id) => goTo(unit, id),
      pickAt: (lon, lat) => inTurn(pickedAt(unit, lon, lat)),
      pickBlock: (tileId, at) => inTurn(findTile(tileId).then((tile) => picked(tileId, blockUnder(tile, at)))),
      pickTile: (tileId) => {
        inTurn(pickedTile(unit, tileId));
        goTo('tile', tileId);
      },
      searchBy: (wanted) => inTurn(askedBy(wanted, latestState.current.page)),
      undo: () => {
        const { page, past } = latestState.current;
        const before = past.at(-1);
        dispatch({ type: 'undone' });
        if (before && before.chosenId !== null && before.chosenId !== page.chosenId) goTo(before.search.unit, before.chosenId);
      },
    };
  }, [dispatch, unit, latestState]);
}

async function pickedAt(unit: Unit, lon: number, lat: number): Promise<Action> {
  if (!isOwn(unit)) return { type: 'picked', id: (await getItemAt(unit, lon, lat)).item_id };
  const block = unit === 'block' ? await blockAt(lon, lat) : null;
  if (block) return { type: 'picked', id: block.block_id };
  const { tile_id: tileId } = await getTileAt(lon, lat).catch((error: unknown) => {
    throw error instanceof Problem && error.status === 404 ? new Problem('No tiles here', error.detail, error.status) : error;
  });
  return unit === 'tile' ? { type: 'picked', id: tileId } : { type: 'blockMissed', tileId };
}

async function pickedTile(unit: Unit, tileId: number): Promise<Action> {
  if (!isOwn(unit)) return { type: 'unitReplaced', unit: 'tile', chosenId: tileId };
  return picked(tileId, unit === 'tile' ? tileId : middleBlock(await findTile(tileId)));
}

async function askedBy(wanted: Unit, page: PageState): Promise<Action> {
  const { unit } = page.search;
  if (!isOwn(wanted)) return { type: 'unitReplaced', unit: wanted, chosenId: await itemAtChosen(wanted, page) };
  if (!isOwn(unit)) return { type: 'unitReplaced', unit: wanted, chosenId: await tileAtChosen(wanted, page) };
  return wanted === 'tile' ? { type: 'unitChosen', unit: wanted } : byBlock(unit, page);
}

/** Return the item at the place that is chosen; without one near it, the item that the set begins with. */
async function itemAtChosen(wanted: Unit, { search, chosenId }: PageState): Promise<number | null> {
  const place = chosenId === null ? null : await findPlace(search.unit, chosenId);
  const near = place && (await orNothing(getItemAt(wanted, place.lon, place.lat)));
  return near ? near.item_id : ((await getSets()).find(({ unit }) => unit === wanted)?.start_item_id ?? null);
}

async function tileAtChosen(wanted: OwnUnit, { search, chosenId }: PageState): Promise<number | null> {
  const place = chosenId === null ? null : await findPlace(search.unit, chosenId);
  const tile = place && (await orNothing(getTileAt(place.lon, place.lat)));
  return tile ? inUnit(wanted, tile.tile_id) : null;
}

const picked = (tileId: number, id: number | null): Action => (id === null ? { type: 'blockMissed', tileId } : { type: 'picked', id });

/** Look up the blocks that stand for the tiles of a question: of each the one nearest its middle. */
async function byBlock(unit: OwnUnit, { chosenId, positive, negative }: PageState): Promise<Action> {
  const ids = [chosenId, ...positive, ...negative].filter((id) => id !== null);
  const answers = await Promise.allSettled(ids.map((id) => findTile(tileIdOf(unit, id))));
  const tiles = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value);
  const blocks = new Map(tiles.map((tile) => [tile.tile_id, middleBlock(tile)]));
  return { type: 'unitChosen', unit: 'block', blocks };
}

const blockAt = (lon: number, lat: number) => orNothing(getBlockAt(lon, lat));

/** Return null where the answer is that there is nothing. */
const orNothing = <Found>(answer: Promise<Found>): Promise<Found | null> =>
  answer.catch((error: unknown) => {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  });
