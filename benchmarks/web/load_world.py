"""Fills the database of the load benchmark: the search benchmark's world with layout, dominant clusters, thumbnails."""

import io
from collections.abc import Callable
from pathlib import Path

import psycopg
from PIL import Image
from psycopg import sql

from benchmarks import REAL_TILES
from benchmarks.search.filling import fill_postgres
from benchmarks.web.load_client import Mix
from benchmarks.world import build_world
from db import cluster
from db.install.migrate import migrate
from db.settings import Settings

DATABASE = "load"
SAME_CITY_SHARE = 0.57
COMPLETE = (
    (
        "UPDATE terrakin.tiles SET umap_x = random() * 20, umap_y = random() * 20, "
        "dominant_patches = (repeat('1', 98) || repeat('0', 98))::bit(196) WHERE umap_x IS NULL"
    ),
    "INSERT INTO terrakin.layouts (method, parameters, n_tiles) SELECT 'random', '{}', count(*) FROM terrakin.tiles",
    "VACUUM ANALYZE terrakin.tiles",
)
THUMBNAILS = "INSERT INTO terrakin.tile_thumbnails SELECT tile_id, %s FROM terrakin.tiles ON CONFLICT DO NOTHING"


def build(home: Path, n_tiles: int, echo: Callable[[str], None]) -> Settings:
    """Fill the database in the private cluster of `home`; an existing database is used as it is."""
    address = cluster.start(home)
    settings = Settings(home, database_url=address.url(database=DATABASE))
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        exists = conn.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is not None
        if not exists:
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    migrate(settings)
    if not exists:
        echo(f"building {n_tiles} synthetic tiles with their keys ...")
        fill_postgres(build_world(REAL_TILES, n_tiles, SAME_CITY_SHARE), settings)
        with psycopg.connect(settings.database_url or "", autocommit=True) as conn:
            for statement in COMPLETE:
                conn.execute(statement)
            conn.execute(THUMBNAILS, (_thumbnail(),))
    return settings


def read_mix(settings: Settings) -> Mix:
    """Return the positions of all tiles and prefixes of city names."""
    with psycopg.connect(settings.database_url or "") as conn:
        places = conn.execute("SELECT tile_id, lon, lat FROM api.tile_overview").fetchall()
        names = [name[:7] for (name,) in conn.execute("SELECT name FROM terrakin.cities")]
    return Mix(places, names)


def _thumbnail() -> bytes:
    """Return a thumbnail of about the size of a real one (4 kB)."""
    data = io.BytesIO()
    Image.effect_noise((128, 128), 60).convert("RGB").save(data, "WEBP", quality=60)
    return data.getvalue()
