"""LanceDB in this process: product-quantised inverted lists, scalar indexes, filters before the search."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# With thousands of lists, LanceDB writes thousands of warnings while it builds the index.
os.environ.setdefault("LANCEDB_LOG", "error")

import lancedb
import numpy as np
import pyarrow as pa

from benchmarks.search.engines import Built, Engine, InProcess
from benchmarks.search.items import Items, typical_city
from benchmarks.search.limited import build_within
from benchmarks.search.questions import Question, query_vector
from benchmarks.search.widening import ask_widening
from db.embedding_sets.report import wanted_lists

PROBES_AND_REFINES = ((64, 10), (200, 10))
CHUNK = 200_000
TABLE = "items"


class LanceDb(InProcess):
    """A table with one number of probed partitions. It has no geography: questions with a radius are left out."""

    def __init__(self, items: Items, table: Any, n_probes: int, refine: int, built: Built) -> None:
        """Wrap a filled table."""
        self.name = f"LanceDB {n_probes} probes"
        self.items, self.table, self.n_probes, self.refine = items, table, n_probes, refine
        self.build_s, self.insert_s, self.index_mib = built.build_s, built.insert_s, built.index_mib

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Return the rows of the matches, best first, or None if the question is not supported."""
        if question.exclude_within_m:
            return None
        vector, where = query_vector(self.items, row, question), _where(self.items, row, question)

        def fetch(n: int) -> list[int]:
            query = self.table.search(vector).distance_type("cosine").where(where, prefilter=True).limit(n)
            found = query.nprobes(self.n_probes).refine_factor(self.refine).select(["row", "_distance"]).to_arrow()
            return list(found["row"].to_pylist())

        return ask_widening(fetch, self.items, question)


def build_lancedb(items: Items, folder: Path, limit_s: float) -> list[Engine]:
    """Return LanceDB with each search setting.

    Raises:
        NotBuiltError: table and indexes are not built within the limit.
    """
    build_s = build_within(limit_s, write_table, items, folder)
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 2**20
    table = lancedb.connect(folder).open_table(TABLE)
    built = Built(build_s, _insert_s(items, table), size)
    return [LanceDb(items, table, *setting, built) for setting in PROBES_AND_REFINES]


def write_table(items: Items, folder: Path) -> float:
    """Write the table and its indexes, and return the seconds that they took."""
    started = time.perf_counter()
    dimension = items.vectors.shape[1]
    table = lancedb.connect(folder).create_table(TABLE, _batches(items), schema=_schema(dimension))
    table.create_index(
        metric="cosine", num_partitions=wanted_lists(items.unit, len(items.ids)), num_sub_vectors=dimension // 2,
        vector_column_name="vector",
    )  # fmt: skip
    for column in ("country", "continent"):
        table.create_scalar_index(column, index_type="BITMAP")
    table.create_scalar_index("city", index_type="BTREE")
    return time.perf_counter() - started


def _insert_s(items: Items, table: Any) -> float:
    """Return the seconds that it takes to append a city a second time; the rows are deleted again."""
    rows = np.flatnonzero(items.city == typical_city(items))
    batch = _batch(items, rows, first_row=len(items.ids))
    started = time.perf_counter()
    table.add(pa.Table.from_batches([batch]))
    insert_s = time.perf_counter() - started
    table.delete(f"row >= {len(items.ids)}")
    return insert_s


def _where(items: Items, row: int, question: Question) -> str:
    own = ", ".join(map(str, question.examples(items, row)))
    parts = [f"row NOT IN ({own})"]
    if question.exclude_same_city:
        parts.append(f"city <> {items.city[row]}")
    if question.country >= 0:
        parts.append(f"country = {question.country}")
    if question.continent >= 0:
        parts.append(f"continent = {question.continent}")
    if box := question.within:
        parts.append(f"lon BETWEEN {box.west} AND {box.east} AND lat BETWEEN {box.south} AND {box.north}")
    return " AND ".join(parts)


def _schema(dimension: int) -> pa.Schema:
    integers = [(name, pa.int64()) for name in ("row", "city", "country", "continent")]
    return pa.schema(
        [*integers, ("lon", pa.float64()), ("lat", pa.float64()), ("vector", pa.list_(pa.float32(), dimension))]
    )


def _batches(items: Items) -> Iterator[pa.RecordBatch]:
    for begin in range(0, len(items.ids), CHUNK):
        yield _batch(items, np.arange(begin, min(begin + CHUNK, len(items.ids))), first_row=begin)


def _batch(items: Items, rows: np.ndarray, first_row: int) -> pa.RecordBatch:
    """Return items as rows of the table that are numbered from first_row."""
    dimension = items.vectors.shape[1]
    kept = (items.city, items.country, items.continent, items.lon, items.lat)
    columns = [np.arange(first_row, first_row + len(rows)), *(values[rows] for values in kept)]
    vectors = pa.FixedSizeListArray.from_arrays(items.vectors[rows].ravel(), dimension)
    return pa.RecordBatch.from_arrays([*map(pa.array, columns), vectors], schema=_schema(dimension))
