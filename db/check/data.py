"""Checks of the rows: keys that searches read, their lists, the encoder and the ledger of the ETL jobs."""

from collections.abc import Iterator
from typing import Any

import psycopg

from db.check.finding import Finding, State
from db.check.roles import shown
from db.embedding_sets.report import read_reports
from db.embedding_sets.stale_keys import StaleKeys, count_stale_keys, sets_without_partition
from db.embedding_sets.tile_keys import METHODS

Connection = psycopg.Connection[Any]

INDEX = "terrakin db index"
REPAIR = "terrakin db index --repair"
WANTED_SETS = {("tile", method) for method in METHODS} | {("block", "mean")}
SETS = "SELECT s.unit, s.method FROM terrakin.embedding_sets AS s WHERE s.is_current"
SUPERSEDED = "SELECT count(*) FROM terrakin.embedding_sets AS s WHERE NOT s.is_current"
SEQUENCE = """
    SELECT coalesce(max(s.set_id), 0), coalesce(pg_sequence_last_value(
        pg_get_serial_sequence('terrakin.embedding_sets', 'set_id')::regclass
    ), 0)
    FROM terrakin.embedding_sets AS s
"""
RECORDS = """
    SELECT (SELECT count(*) FROM terrakin.tiles), (SELECT count(*) FROM terrakin.cities),
        (SELECT count(*) FROM terrakin.encoder), (SELECT count(*) FROM terrakin.tiles_version)
"""
FAILED = """
    SELECT count(DISTINCT t.city_id), min(t.error)
    FROM terrakin.etl_tasks AS t
    WHERE t.status = 'failed'
"""


def check_records(conn: Connection) -> Iterator[Finding]:
    """Look at the number of tiles, at the rows that go with them, and at cities that failed."""
    n_tiles, n_cities, n_encoders, n_versions = conn.execute(RECORDS).fetchone() or (0, 0, 0, 0)
    yield Finding(State.OK, "tiles", f"{n_tiles:,} in {n_cities:,} cities")
    if n_tiles and not n_encoders:
        text = "terrakin.encoder is empty: it is unknown which model made the vectors"
        yield Finding(State.FAULT, "encoder", text, "restore terrakin.encoder from a backup")
    if not n_versions:
        text = "terrakin.tiles_version is empty: caches do not notice new tiles"
        yield Finding(
            State.FAULT, "version", text, "INSERT INTO terrakin.tiles_version (version) VALUES (1), as the owner"
        )
    n_failed, error = conn.execute(FAILED).fetchone() or (0, None)
    if n_failed:
        text = f"{n_failed} cities failed, one with: {error}"
        yield Finding(State.WARNING, "ETL", text, "terrakin etl status; run the same etl command again")


def check_sets(conn: Connection) -> Iterator[Finding]:
    """Look at the sets of keys: complete, each with its partition, none left over."""
    missing = WANTED_SETS - set(conn.execute(SETS).fetchall())
    if missing:
        names = shown([f"{unit} {method}" for unit, method in sorted(missing)])
        yield Finding(State.FAULT, "sets", f"missing: {names}", "restore terrakin.embedding_sets from a backup")
    without = list(sets_without_partition(conn).values())
    if without:
        remedy = f"{INDEX}; for blocks then terrakin etl load, which needs the work files"
        yield Finding(State.FAULT, "sets", f"no partition of embedding_keys: {shown(without)}", remedy)
    newest, last = conn.execute(SEQUENCE).fetchone() or (0, 0)
    if last < newest:
        text = f"the next set would get number {last + 1}, which is taken"
        remedy = "SELECT setval(pg_get_serial_sequence('terrakin.embedding_sets', 'set_id'), max(set_id)) FROM "
        yield Finding(State.FAULT, "sets", text, f"{remedy}terrakin.embedding_sets, as the owner")
    (n_superseded,) = conn.execute(SUPERSEDED).fetchone() or (0,)
    if n_superseded:
        yield Finding(State.WARNING, "sets", f"{n_superseded} were replaced and still take space", INDEX)
    elif not (missing or without or last < newest):
        yield Finding(State.OK, "sets", "one per aggregation of tiles, and one of blocks")


def check_keys(conn: Connection) -> Iterator[Finding]:
    """Look whether every tile has its keys, whether keys fit their tiles, and whether lists are in balance."""
    counts = count_stale_keys(conn)
    for text, n, remedy in (
        ("tiles have vectors without keys and are not found", counts.n_missing, INDEX),
        ("keys belong to no tile", counts.n_orphans, REPAIR),
        ("keys have another city or country than their tile", counts.n_misplaced, REPAIR),
        ("keys lie in no list and are not found", counts.n_unlisted, REPAIR),
    ):
        if n:
            yield Finding(State.FAULT, "keys", f"{n:,} {text}", remedy)
    if counts == StaleKeys(0, 0, 0, 0):
        yield Finding(State.OK, "keys", "every tile has its keys, every key its tile")
    reports = read_reports(conn)
    unbalanced = [f"{r.name} ({reason})" for r in reports if (reason := r.reason_to_refit())]
    if unbalanced:
        yield Finding(State.WARNING, "lists", f"searches are slower than need be: {shown(unbalanced)}", INDEX)
    else:
        yield Finding(State.OK, "lists", "in balance")
