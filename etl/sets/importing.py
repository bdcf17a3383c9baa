"""Importing files into a set, one transaction per file, and making the set searchable."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import shapely
from aiohttp import ClientError
from pyarrow import ArrowException
from rasterio.errors import RasterioError

from db.advisory_locks import EMBEDDING_SETS
from db.concepts.store import learn_again
from db.connect import connect
from db.embedding_sets.refit import drop_superseded, refit
from db.embedding_sets.report import read_reports
from db.embedding_sets.stale_keys import add_partitions
from db.errors import one_line
from db.settings import Settings
from etl.errors import SetError
from etl.sets import store
from etl.sets.checks import check_vectors
from etl.sets.places import Gazetteer
from etl.sets.sources.chunks import Chunk, Norms, SourceFile
from etl.sets.sources.lattice import Lattice, lattice_of
from etl.sets.sources.layouts import AUTO, Layout
from etl.sets.sources.location import Location, fingerprint
from etl.sets.sources.opening import files_in, open_source
from etl.tasks.job import BarFactory, bars_of

Echo = Callable[[str], None]
LOCK = "SELECT pg_advisory_lock(%s)"
LOCK_SET = "SELECT pg_advisory_lock(%s, hashtext(%s))"
VACUUM = "VACUUM (ANALYZE) terrakin.embedding_keys, terrakin.imported_items"


@dataclass(frozen=True)
class Request:
    """What is imported.

    Attributes:
        name: name of the set.
        locations: files, folders whose files are all imported, and addresses that are read in place.
        layout: a name in LAYOUTS, or auto.
        post_processing: what searches compare: see terrakin.imported_sets; None: centred, or as the set has it.
        is_forced: import vectors that look wrong.
        squares: tile or block: what pixels are averaged over.
        area: GeoJSON of the area in which they are; None: the real cities of the database.
        time: the time of a Zarr store, or how its label begins; None: the newest.
    """

    name: str
    locations: tuple[Location, ...]
    layout: str = AUTO
    post_processing: str | None = None
    is_forced: bool = False
    squares: str = "tile"
    area: Path | None = None
    time: str | None = None


def import_files(settings: Settings, request: Request, echo: Echo, bar: BarFactory) -> store.ImportedSet | None:
    """Import files, and make the set searchable. Files that the set has are skipped.

    An interrupted import goes on with the first file that is not done. The set is searched when all are.

    Args:
        settings: the database; it is connected to as its owner.
        request: what is imported.
        echo: called with a line per file, and with what a person should know.
        bar: makes a progress bar: called with its name, the unit and the total.

    Returns:
        The set; None if the files have no vectors and there is no set.

    Raises:
        SetError: a file is missing or malformed, or its vectors look wrong. Nothing of this file is stored.
    """
    files = list(files_in(request.locations))
    with connect(settings, autocommit=True) as conn:
        conn.execute(LOCK_SET, (EMBEDDING_SETS, request.name))
        with conn.transaction():
            gazetteer = Gazetteer(conn)
        # Only rasters need one.
        lattice = cache(lambda: lattice_of(conn, request.squares, request.area))
        n_done = 0
        with bar("import", "file", len(files)) as progress:
            for location in files:
                n_done += _import_file(conn, request, location, gazetteer, lattice, echo)
                progress.update()
        found = next(iter(store.read_sets(conn, request.name)), None)
        if found is None:
            return None
        if found.n_items and (n_done or not found.is_complete):
            _make_searchable(settings, conn, found, bar)
        elif not n_done:
            echo(f"nothing to do: set {found.name} has these files, {found.n_items:,} items in all")
        return replace(found, is_complete=True)


def drop_set(settings: Settings, name: str) -> store.ImportedSet:
    """Delete a set with its items and keys, and return what it was.

    Raises:
        SetError: there is no such set, or concepts were learned from it.
    """
    with connect(settings, autocommit=True) as conn:
        conn.execute(LOCK_SET, (EMBEDDING_SETS, name))
        conn.execute(LOCK, (EMBEDDING_SETS,))
        with conn.transaction():
            found = store.read_set(conn, name)
            store.retire(conn, found)
        drop_superseded(conn)
    return found


def _import_file(
    conn: psycopg.Connection[Any],
    request: Request,
    location: Location,
    gazetteer: Gazetteer,
    lattice: Callable[[], Lattice],
    echo: Echo,
) -> bool:
    """Import one file in one transaction; return whether it was not there yet."""
    name = location.name
    with _readable(name):
        source, layout = open_source(location, request.layout, lattice, request.time, is_forced=request.is_forced)
        sha256 = fingerprint(location, source.part)
    present = next(iter(store.read_sets(conn, request.name)), None)
    if present and store.has_file(conn, present.imported_set_id, sha256):
        return False
    if present:
        _check_fits(name, request, layout, present)
    norms, n_without = Norms(), 0
    with conn.transaction():
        imported_set_id = present.imported_set_id if present else None
        next_item = 1 + (present.n_items if present else 0)
        for chunk in _chunks(name, source):
            n_without += chunk.n_without_vector
            if len(chunk.vectors) == 0:
                continue
            check_vectors(name, layout, chunk.vectors, is_forced=request.is_forced)
            norms.add(chunk.vectors)
            if imported_set_id is None:
                imported_set_id = store.create_set(conn, _new(request, layout, source, chunk.vectors.shape[1]))
            elif present and present.is_complete and next_item > present.n_items:
                conn.execute(store.REOPEN, (imported_set_id,))
            _check_dimension(name, present, norms)
            points = shapely.centroid(chunk.geometries)
            store.write_items(conn, imported_set_id, next_item, chunk, gazetteer.places(points))
            next_item += len(chunk.vectors)
        if imported_set_id is not None:
            conn.execute(store.WRITE_FILE, (imported_set_id, sha256, name, norms.n, n_without))
    for note in source.notes:
        echo(f"warning: {note}")
    dimension = f" of {max(norms.dimensions)} numbers, {norms}" if norms.n else ""
    echo(f"{name}: layout {layout.name}, {norms.n:,} items{dimension}; {n_without:,} rows without a vector")
    return norms.n > 0


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Raise SetError, with the name of the file, where a library finds it damaged."""
    try:
        yield
    except (ArrowException, ClientError, RasterioError, ValueError, EOFError, OSError) as error:
        raise SetError(f"{name} cannot be read: {one_line(error)}") from error


def _chunks(name: str, source: SourceFile) -> Iterator[Chunk]:
    """Yield the rows of a file, which may be damaged anywhere."""
    with _readable(name):
        yield from source.chunks()


def _check_fits(name: str, request: Request, layout: Layout, present: store.ImportedSet) -> None:
    """Raise SetError if a file, or what is asked for, differs from the set: its vectors would not compare."""
    wanted = request.post_processing or present.post_processing
    for what, new, old in (
        ("is of layout", layout.name, present.layout),
        ("is decoded as", layout.decoding, present.decoding),
        ("would be", wanted, present.post_processing),
    ):
        if new != old:
            raise SetError(
                f"{name} {what} {new!r}, set {present.name!r} {old!r}; import the file into a set of its own"
            )


def _check_dimension(name: str, present: store.ImportedSet | None, norms: Norms) -> None:
    """Raise SetError if the vectors of a file have different numbers of numbers, or others than those of the set."""
    if len(norms.dimensions) > 1:
        raise SetError(f"{name}: vectors have {min(norms.dimensions)} to {max(norms.dimensions)} numbers")
    if present and norms.dimensions != {present.dimension}:
        raise SetError(
            f"{name}: vectors have {max(norms.dimensions)} numbers, those of set {present.name!r} "
            f"{present.dimension}; import the file into a set of its own"
        )


def _new(request: Request, layout: Layout, source: SourceFile, dimension: int) -> store.ImportedSet:
    return store.ImportedSet(
        0, request.name, layout.name, layout.decoding, dimension, request.post_processing or "centred", layout.size_m,
        source.about, is_complete=False, n_items=0,
    )  # fmt: skip


def _make_searchable(
    settings: Settings, conn: psycopg.Connection[Any], found: store.ImportedSet, bar: BarFactory
) -> None:
    """Fit the set, write its keys, and let searches find it."""
    conn.execute(LOCK, (EMBEDDING_SETS,))
    with conn.transaction():
        store.fit(conn, found)
    add_partitions(conn)
    report = next(r for r in read_reports(conn) if r.unit == found.name)
    with bars_of("keys", "item", bar) as show:
        refit(settings, report, show)
    conn.execute(store.COMPLETE, (found.imported_set_id,))
    drop_superseded(conn)
    conn.execute(VACUUM)
    learn_again(conn)
