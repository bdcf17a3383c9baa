// The API's models under short names. They come from its OpenAPI document, where a GeoJSON geometry is any object.

import type { MultiPolygon, Polygon } from 'geojson';
import type { Bounds } from '../geo/bounds';
import type { ListFilter } from '../state/filters';
import type { components, paths } from './schema';

type Path = keyof paths;
type Json<T> = T extends { content: { 'application/json': infer Body } } ? Body : never;
type Answer<P extends Path> = paths[P] extends { get: { responses: { 200: infer Good } } } ? Json<Good> : never;
type PostAnswer<P extends Path> = paths[P] extends { post: { responses: { 200: infer Good } } } ? Json<Good> : never;
type PostBody<P extends Path> = paths[P] extends { post: { requestBody?: infer Request } } ? Json<NonNullable<Request>> : never;
type Replace<T, U> = Omit<T, keyof U> & U;

export type Tile = Replace<Answer<'/api/v1/tiles/{tile_id}'>, { footprint: Polygon; dominant_area: MultiPolygon | null }>;
export type FoundPlace = Replace<PostAnswer<'/api/v1/similar'>['matches'][number], { footprint: Polygon }>;
/** A match, with the id of the unit that was searched, and a name even if it lies in no city. */
export type Match = Replace<FoundPlace, { city: string; country: string }> & { id: number };
/** An item of an imported set, with a name even if it lies in no city. */
export type Item = Replace<FoundItem, { city: string; country: string }>;
export type FoundItem = Replace<Answer<'/api/v1/sets/{unit}/items/{item_id}'>, { footprint: Polygon }>;
export type ImportedSet = Answer<'/api/v1/sets'>['sets'][number];
export type City = Replace<Answer<'/api/v1/cities/{city_id}'>, { bounds: Bounds }>;
export type Country = Answer<'/api/v1/countries'>['countries'][number];
export type Encoder = Answer<'/api/v1/encoder'>;
/** A concept of tiles, blocks or items of an imported set. */
export type Concept = Answer<'/api/v1/concepts'>['concepts'][number];
export type Block = Answer<'/api/v1/block-at'>;
export type CityPeriod = Answer<'/api/v1/cities/{city_id}/periods'>['periods'][number];
/** A place that changed between two periods. */
export type Change = Omit<Answer<'/api/v1/changes'>['changes'][number], 'footprint'>;
export type Similarity = Answer<'/api/v1/similarity'>;
/** How alike two tiles, blocks or items are; items have one vector, not those of a method. */
export type PairSimilarity = Pick<Similarity, 'similarity' | 'distance_m'> & { method: Method | null };
export type BlockPair = Answer<'/api/v1/matching-blocks'>['pairs'][number];
export type Config = Answer<'/api/v1/config'>;
export type Imagery = Config['imagery'][number];
export type LayoutHead = Replace<Answer<'/api/v1/umap'>, { bounds: Bounds }>;
export type LayoutCity = LayoutHead['cities'][number];
export type ProblemBody = components['schemas']['Problem'];

type Filters = PostBody<'/api/v1/similar-to-examples'>;
export type Method = NonNullable<Filters['method']>;
export type Origin = NonNullable<Filters['origin']>;

type SingleValues = Pick<Filters, 'k' | 'unit' | 'method' | 'exclude_within_m' | 'exclude_same_city' | 'max_per_city' | 'max_per_tile' | 'min_similarity' | 'origin'>;

/** The arguments of a search that the page offers. Null is the default of the server; an empty list filters nothing. */
export type Search = SingleValues & Record<ListFilter, string[]>;

/** The path of a search and its JSON body. */
export interface SearchRequest {
  path: string;
  body: Record<string, unknown>;
}
