"""Exporting a set as GeoParquet with a STAC collection that describes it."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from psycopg.sql import SQL, Composed, Literal

from db.connect import connect
from db.settings import Settings
from etl.errors import SetError
from etl.sets.sources.chunks import CHUNK
from etl.sets.stac import Description, Extent, write_stac
from etl.sets.store import read_set
from etl.tasks.job import BarFactory

# In the order of the Hilbert curve, in which PostGIS sorts geometries.
IMPORTED = SQL("""
    SELECT coalesce(i.source_id, i.item_id::text), i.observed_at, ST_AsBinary(i.geometry), {vector}, i.properties
    FROM terrakin.imported_items AS i
    JOIN terrakin.imported_sets AS s ON s.imported_set_id = i.imported_set_id
    JOIN api.imported_vectors AS v ON v.unit = s.name AND v.item_id = i.item_id
    WHERE s.name = {name}
    ORDER BY i.location, i.item_id
""")
SOURCE = SQL("i.embedding")
SEARCHED = SQL("v.embedding")
TILES = SQL("""
    SELECT t.tile_id::text, CASE WHEN o.is_date_known THEN lower(o.period)::timestamptz END, ST_AsBinary(t.footprint),
        v.embedding, jsonb_build_object('city', o.city, 'country_code', o.country_code, 'is_synthetic', o.is_synthetic)
    FROM terrakin.tiles AS t
    JOIN api.tile_overview AS o ON o.tile_id = t.tile_id
    JOIN api.tile_vectors AS v ON v.tile_id = t.tile_id AND v.method = internal.default_method('tile')
    ORDER BY t.location::geometry, t.tile_id
""")
BLOCKS = SQL("""
    SELECT o.block_id::text, CASE WHEN o.is_date_known THEN lower(o.period)::timestamptz END, ST_AsBinary(o.footprint),
        e.key::vector,
        jsonb_build_object('city', o.city, 'country_code', o.country_code, 'is_synthetic', o.is_synthetic)
    FROM api.block_overview AS o
    JOIN terrakin.embedding_keys AS e
        ON e.set_id = (SELECT internal.set_id('block', 'mean')) AND e.item_id = o.block_id
    ORDER BY e.location, o.block_id
""")
COUNT = SQL("SELECT count(*) FROM ({}) AS s")
PROPERTIES = SQL("""
    SELECT p.key, CASE
        WHEN bool_and(jsonb_typeof(p.value) = 'boolean') THEN 'boolean'
        WHEN bool_and(jsonb_typeof(p.value) = 'number' AND (p.value #>> '{{}}')::numeric % 1 = 0) THEN 'integer'
        WHEN bool_and(jsonb_typeof(p.value) = 'number') THEN 'number'
        ELSE 'text'
    END
    FROM ({}) AS s (id, datetime, geometry, embedding, properties), jsonb_each(s.properties) AS p
    WHERE jsonb_typeof(p.value) <> 'null'
    GROUP BY p.key
    ORDER BY p.key
""")
ENCODER = "SELECT to_jsonb(e) - 'encoder_id' FROM terrakin.encoder AS e"
CREDITS = """
    SELECT array_agg(DISTINCT l) FILTER (WHERE l IS NOT NULL), array_agg(DISTINCT a) FILTER (WHERE a IS NOT NULL)
    FROM api.tile_overview AS o
    LEFT JOIN LATERAL unnest(o.licences) AS l ON true
    LEFT JOIN LATERAL unnest(o.attributions) AS a ON true
"""
TYPES = {"boolean": pa.bool_(), "integer": pa.int64(), "number": pa.float64(), "text": pa.string()}
OWN = {
    "tile": (TILES, "Tiles of 2,240 m, embedded by terrakin: one vector each, post-processed.", 2240.0),
    "block": (BLOCKS, "Blocks of 320 m, embedded by terrakin: the keys that searches compare, of unit length.", 320.0),
}
"""Statement, description and side in metres."""
FIXED = ("id", "datetime", "geometry", "embedding", "bbox")
BBOX = pa.struct([(name, pa.float64()) for name in ("xmin", "ymin", "xmax", "ymax")])


@dataclass(frozen=True)
class Export:
    """What an export wrote."""

    file: Path
    n_items: int
    dimension: int


def export_set(settings: Settings, name: str, folder: Path, bar: BarFactory, *, is_searched: bool = False) -> Export:
    """Write a set into a new folder: NAME.parquet, a STAC collection with one item, and what made the vectors.

    Args:
        settings: the database.
        name: an imported set, or tile or block: what terrakin itself made.
        folder: does not exist yet; it is complete or not there.
        bar: makes a progress bar: called with its name, the unit and the total.
        is_searched: write the vectors that searches compare, not those of the files.

    Raises:
        SetError: there is no such set, it is empty, or the folder exists.
    """
    if folder.exists():
        raise SetError(f"{folder} exists; name a new folder")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with connect(settings, "reader") as conn:
            rows, description = _describe(conn, name, is_searched=is_searched)
            file = partial / f"{name}.parquet"
            extent = _write_file(conn, rows, file, bar)
            if extent.n_items == 0:
                raise SetError(f"set {name!r} has no items to export")
            write_stac(partial, file, description, extent)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return Export(folder / file.name, extent.n_items, extent.dimension)


def _describe(conn: psycopg.Connection[Any], name: str, *, is_searched: bool) -> tuple[Composed, Description]:
    """Return the statement that selects the rows of a set, and what is said of it."""
    if name in OWN:
        rows, text, size_m = OWN[name]
        (encoder,) = conn.execute(ENCODER).fetchone() or ({},)
        licences, attributions = conn.execute(CREDITS).fetchone() or (None, None)
        source = {"licences": licences or [], "attributions": attributions or []}
        licence = licences[0] if licences and len(licences) == 1 else "other"
        return rows.format(), Description(name, text, licence, size_m, encoder, source, "as in model.json")
    found = read_set(conn, name)
    if not found.is_complete:
        raise SetError(f"set {name!r} is unfinished; run its import again")
    done = f"unit length, {found.post_processing}" if is_searched else found.decoding
    text = f"Set {name}, imported by terrakin from files of layout {found.layout}: {done}."
    licence = found.source.get("license") or found.source.get("licence") or "other"
    model = found.source.get("model") or {"name": "unknown"}
    card = model if isinstance(model, dict) else {"name": model}
    description = Description(name, text, licence, found.size_m, card, found.source, done)
    return IMPORTED.format(vector=SEARCHED if is_searched else SOURCE, name=Literal(name)), description


def _write_file(conn: psycopg.Connection[Any], rows: Composed, file: Path, bar: BarFactory) -> Extent:
    """Write the rows as GeoParquet 1.1 and return what they cover."""
    extent = Extent()
    kinds = dict(conn.execute(PROPERTIES.format(rows)).fetchall())
    others = [name for name in kinds if name not in FIXED]
    (total,) = conn.execute(COUNT.format(rows)).fetchone() or (0,)
    schema = pa.schema(
        [
            ("id", pa.string()), ("datetime", pa.timestamp("us", tz="UTC")), ("geometry", pa.binary()),
            ("embedding", pa.list_(pa.float32())), ("bbox", BBOX), *((name, TYPES[kinds[name]]) for name in others),
        ]
    )  # fmt: skip
    with bar("export", "item", total) as progress, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for part in _parts(conn, rows):
            ids, dates, shapes, vectors, properties = zip(*part, strict=True)
            bounds = shapely.bounds(shapely.from_wkb(list(shapes)))
            west, south = bounds[:, :2].min(axis=0)
            east, north = bounds[:, 2:].max(axis=0)
            numbers = [vector.to_numpy() for vector in vectors]
            extent.add((west, south, east, north), list(dates), len(numbers[0]))
            boxes = [dict(zip(("xmin", "ymin", "xmax", "ymax"), map(float, box), strict=True)) for box in bounds]
            columns = [ids, dates, shapes, numbers, boxes, *([row.get(name) for row in properties] for name in others)]
            typed = zip(columns, schema.types, strict=True)
            writer.write_table(pa.Table.from_arrays([pa.array(list(c), t) for c, t in typed], schema=schema))
            progress.update(len(ids))
        writer.add_key_value_metadata({"geo": json.dumps(_geo(extent))})
    return extent


def _parts(conn: psycopg.Connection[Any], rows: Composed) -> Iterator[list[Any]]:
    with conn.cursor("export", binary=True) as cursor:
        cursor.execute(rows)
        while part := cursor.fetchmany(CHUNK):
            yield part


def _geo(extent: Extent) -> dict[str, Any]:
    """Return the metadata of GeoParquet 1.1; without a CRS, coordinates are degrees of OGC:CRS84."""
    covering = {"bbox": {name: ["bbox", name] for name in ("xmin", "ymin", "xmax", "ymax")}}
    column = {"encoding": "WKB", "geometry_types": [], "bbox": extent.bounds, "covering": covering}
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
