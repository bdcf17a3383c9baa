// Everything that can happen on the page.

import type { Polygon } from 'geojson';
import type { Problem } from '../api/problem';
import type { Search } from '../api/types';
import type { Bounds } from '../geo/bounds';
import type { LonLat } from '../geo/coordinates';
import type { Unit } from '../geo/unit';
import type { Lasso } from '../scatter/lasso';
import type { AreaUse, AskedChanges, ColourBy, ExampleKind, PageState, Pane } from './page';

/** Where the map goes: a place, at the zoom of what is searched or of another unit, or a box around several. A new object moves the map again, even to the same place. */
export type View = (LonLat & { unit?: Unit }) | { bounds: Bounds };

export type Action = StateAction | { type: 'undone' };

/** Actions that do not need to know earlier states. */
export type StateAction =
  | { type: 'addressChanged'; page: PageState }
  | { type: 'opened'; tileId: number }
  | { type: 'unitChosen'; unit: 'tile' }
  /** `blocks`: by tile, the block that takes its place; null if the tile has none. */
  | { type: 'unitChosen'; unit: 'block'; blocks: ReadonlyMap<number, number | null> }
  /** To or from an imported set: the question begins again with this place. */
  | { type: 'unitReplaced'; unit: Unit; chosenId: number | null }
  | { type: 'picked'; id: number | null }
  | { type: 'chosenRemoved' }
  | { type: 'blockMissed'; tileId: number }
  | { type: 'matchShown'; id: number; at: LonLat }
  | { type: 'chosenShown'; at: LonLat }
  | { type: 'viewRequested'; view: View }
  | { type: 'hovered'; id: number | null }
  | { type: 'searchChanged'; part: Partial<Search> }
  | { type: 'exampleAdded'; kind: ExampleKind; id: number }
  | { type: 'examplesKept'; kind: ExampleKind; ids: number[] }
  | { type: 'areaDrawn'; area: Polygon }
  | { type: 'areaUsed'; use: AreaUse }
  | { type: 'areaRemoved' }
  | { type: 'lassoed'; lasso: Lasso | null }
  | { type: 'examplesSearched'; unit: Unit; ids: number[] }
  | { type: 'traySwitched'; isOpen: boolean }
  | { type: 'compared'; id: number | null }
  | { type: 'changesAsked'; changes: AskedChanges | null }
  | { type: 'imageryChosen'; id: string }
  | { type: 'similaritySwitched'; isOn: boolean }
  /** Null: the question again. */
  | { type: 'conceptChosen'; name: string | null }
  /** Similarity colours the map and the plot together. */
  | { type: 'scatterSwitched'; colourBy: ColourBy | null }
  | { type: 'paneChosen'; pane: Pane }
  | { type: 'helpSwitched'; isOpen: boolean }
  | { type: 'mapFailed'; problem: Problem }
  | { type: 'noticed'; problem: Problem | null };
