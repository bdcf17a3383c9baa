"""Stage thumbnail: missing thumbnails are made by the next run, and those of changed composites again."""

import io

import psycopg
from PIL import Image

from db.settings import Settings
from etl.demo.catalogue import DemoCatalogue
from etl.imagery.thumbnails import SIDE_PX
from tests.etl.conftest import InThisProcess, environment, run_arguments

ALL = "SELECT tile_id, md5(webp) FROM terrakin.tile_thumbnails ORDER BY tile_id"
TASKS = "SELECT city_id, attempts, finished_at FROM terrakin.etl_tasks WHERE stage = 'thumbnail' ORDER BY city_id"


def test_missing_and_outdated_thumbnails_are_made_by_the_next_run(copied: Settings, tiny_demo: DemoCatalogue) -> None:
    terrakin = InThisProcess(environment(copied.home, copied.database_url))
    with psycopg.connect(str(copied.database_url), autocommit=True) as conn:
        made = conn.execute(ALL).fetchall()
        assert len(made) == len({md5 for _, md5 in made}) == 12
        for (webp,) in conn.execute("SELECT webp FROM terrakin.tile_thumbnails").fetchall():
            assert Image.open(io.BytesIO(webp)).size == (SIDE_PX, SIDE_PX)
        # A database without thumbnails: neither tasks nor pictures.
        conn.execute("DELETE FROM terrakin.tile_thumbnails")
        conn.execute("DELETE FROM terrakin.etl_tasks WHERE stage = 'thumbnail'")
        assert terrakin(*run_arguments(tiny_demo)).returncode == 0
        assert conn.execute(ALL).fetchall() == made

        tasks = conn.execute(TASKS).fetchall()
        conn.execute("DELETE FROM terrakin.tile_thumbnails WHERE tile_id = %s", (made[0][0],))
        assert terrakin(*run_arguments(tiny_demo)).returncode == 0
        assert conn.execute(ALL).fetchall() == made
        assert len(set(conn.execute(TASKS).fetchall()) - set(tasks)) == 1, "the one city that lacked a thumbnail"

        tasks = conn.execute(TASKS).fetchall()
        # Without the scenes of more than 30 % cloud the composites differ.
        assert terrakin(*run_arguments(tiny_demo, "--max-cloud-cover", "30", "--without-layout")).returncode == 0
        assert not set(conn.execute(TASKS).fetchall()) & set(tasks), "all composites changed, so all are drawn again"
