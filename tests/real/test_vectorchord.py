"""VectorChord built for PostgreSQL 15, from the folder beside the real data."""

from pathlib import Path

import psycopg
import pytest

from benchmarks.search.run import scratch_cluster, start_database
from benchmarks.search.vectorchord import unpack_vectorchord

FILL = """
    CREATE TABLE public.t AS
    SELECT i, format('[1,%s,0]', i)::halfvec(3) AS key FROM generate_series(0, 99) AS i
"""
NEAREST = "SELECT i FROM public.t ORDER BY key <=> '[1,0,0]' LIMIT 3"


def test_an_index_answers_without_files_in_the_folders_of_postgresql(real_data: Path) -> None:
    archive = real_data.parent / "bin" / "vchord-pg15.tar.xz"
    if not archive.exists():
        pytest.skip(f"no VectorChord at {archive}")
    with scratch_cluster() as folder:
        settings = start_database(folder, unpack_vectorchord(archive, folder))
        with psycopg.connect(str(settings.database_url)) as conn:
            conn.execute(FILL)
            # Workers load the library by another name.
            conn.execute("SET min_parallel_table_scan_size = 0")
            conn.execute("ALTER TABLE public.t SET (parallel_workers = 2)")
            conn.execute("CREATE INDEX ON public.t USING vchordrq (key halfvec_cosine_ops)")
            conn.execute("SET enable_seqscan = off")
            plan = "".join(line for (line,) in conn.execute("EXPLAIN " + NEAREST))
            assert "Index Scan using t_key_idx" in plan
            assert [i for (i,) in conn.execute(NEAREST)] == [0, 1, 2]
