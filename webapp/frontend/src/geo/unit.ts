// What is searched: tiles, blocks, 7 x 7 of which fill a tile, or items of an imported set. The id of a block contains
// that of its tile.

export const OWN_UNITS = ['tile', 'block'] as const;
export type OwnUnit = (typeof OWN_UNITS)[number];
/** tile, block, or the name of an imported set. */
export type Unit = string;

export const isOwn = (unit: Unit): unit is OwnUnit => unit === 'tile' || unit === 'block';

/** Return what one of the unit is called in a sentence. */
export const nameOf = (unit: Unit): string => (isOwn(unit) ? unit : 'item');

/** Return the unit at whose zooms the map shows one: items, of any size, at those of tiles. */
export const drawnAs = (unit: Unit): OwnUnit => (isOwn(unit) ? unit : 'tile');

export const UNIT_NAMES: Record<OwnUnit, { label: string; size: string }> = {
  tile: { label: 'Tile', size: '2.2 km' },
  block: { label: 'Block', size: '320 m' },
};

/** Blocks of a tile along its side. Their numbers run row by row from the north-west. */
export const BLOCKS_PER_SIDE = 7;
const MIDDLE = 24;
/** block_id is tile_id << 6 | number: 48 bits, more than JavaScript's bit operations handle. */
const IDS_PER_TILE = 64;

export const blockId = (tileId: number, number: number): number => tileId * IDS_PER_TILE + number;

export const numberOf = (id: number): number => id % IDS_PER_TILE;

/** Return the tile that has an id of the unit, or contains the block that has it. */
export const tileIdOf = (unit: OwnUnit, id: number): number => (unit === 'tile' ? id : Math.floor(id / IDS_PER_TILE));

/** Return what represents a tile in a search by the unit: itself, or its middle block. */
export const inUnit = (unit: OwnUnit, tileId: number): number => (unit === 'tile' ? tileId : blockId(tileId, MIDDLE));
