"""What is known of an imported set, as lines of text."""

from collections.abc import Iterator
from typing import Any

import psycopg

from etl.sets.store import ImportedSet

FILES = """
    SELECT f.name, f.n_items, f.n_without_vector
    FROM terrakin.imported_files AS f
    WHERE f.imported_set_id = %s
    ORDER BY f.imported_at, f.name
"""
ITEMS = """
    SELECT min(i.observed_at)::date, max(i.observed_at)::date, count(DISTINCT i.country_code),
        count(*) FILTER (WHERE i.country_code IS NULL), count(*) FILTER (WHERE i.place_id > -1000000000000),
        min(vector_norm(i.embedding)), avg(vector_norm(i.embedding)), max(vector_norm(i.embedding)),
        vector_norm(avg(l2_normalize(i.embedding)))
    FROM terrakin.imported_items AS i
    WHERE i.imported_set_id = %s
"""


def describe(conn: psycopg.Connection[Any], found: ImportedSet) -> Iterator[str]:
    """Yield the lines of ``terrakin sets show``."""
    row = conn.execute(ITEMS, (found.imported_set_id,)).fetchone() or (None,) * 9
    first, last, n_countries, n_at_sea, n_in_cities, least, mean, largest, mean_length = row
    yield f"{found.name}: {found.n_items:,} items of {found.dimension} numbers, layout {found.layout}"
    yield f"decoding: {found.decoding}; searches compare them {found.post_processing}"
    if found.n_items:
        yield f"length {least:.3f} to {largest:.3f}, mean {mean:.3f}; mean of the unit vectors {mean_length:.3f}"
    yield f"dates: {first} to {last}" if first else "dates: unknown"
    yield f"{n_countries} countries, {n_at_sea:,} items at sea, {n_in_cities:,} in cities of this database"
    for key, value in sorted(found.source.items()):
        yield f"{key}: {value}"
    for name, n_items, n_without in conn.execute(FILES, (found.imported_set_id,)):
        yield f"file {name}: {n_items:,} items, {n_without:,} rows without a vector"
