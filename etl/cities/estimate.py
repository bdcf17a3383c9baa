"""Estimating the size of a run before it starts: tiles, download, disk space and hours."""

from collections.abc import Sequence
from dataclasses import dataclass

from etl.cities.city import City
from etl.cities.grid import assign_cells

TILE_PX = {10: 224 * 224, 20: 112 * 112, 60: 37 * 37}
"""Number of pixels of a tile by resolution in metres."""
BANDS = {10: 4, 20: 6, 60: 2}
"""Number of bands that are read, by resolution in metres, in addition to the mask (SCL, 20 m, one byte)."""
OBSERVATIONS = 10
"""Scenes read per tile: about half of the 18 overpasses in three months are below the cloud limit."""
COMPRESSION = 0.8
"""Bytes read relative to uncompressed pixels: the COGs are compressed, but whole blocks are read at the city's edge."""
PATCH_BYTES = 196 * 768 * 2
GB = 1e9


@dataclass(frozen=True)
class Speeds:
    """The speed of the machine and its network.

    Attributes:
        download_mbit_s: download in megabits per second.
        embed_tiles_s: tiles per second that the encoder embeds.
    """

    download_mbit_s: float
    embed_tiles_s: float


@dataclass(frozen=True)
class Plan:
    """The size of a run.

    Attributes:
        tiles: number of tiles by city_id.
        download_gb: download in 10^9 bytes.
        disk_gb: composites and patch embeddings, uncompressed, in 10^9 bytes.
        hours: time to download and then embed.
    """

    tiles: dict[int, int]
    download_gb: float
    disk_gb: float
    hours: float

    @property
    def n_tiles(self) -> int:
        """Number of tiles of all cities."""
        return sum(self.tiles.values())


def make_plan(cities: Sequence[City], speeds: Speeds) -> Plan:
    """Count the tiles of the cities and estimate the rest from them."""
    tiles = {city_id: len(cells) for city_id, cells in assign_cells(cities).items()}
    n_tiles = sum(tiles.values())
    scene_bytes = sum(BANDS[m] * TILE_PX[m] * 2 for m in BANDS) + TILE_PX[20]
    download_gb = n_tiles * OBSERVATIONS * scene_bytes * COMPRESSION / GB
    disk_gb = n_tiles * (12 * TILE_PX[10] * 2 + PATCH_BYTES) / GB
    hours = download_gb * 8000 / speeds.download_mbit_s / 3600 + n_tiles / speeds.embed_tiles_s / 3600
    return Plan(tiles, download_gb, disk_gb, hours)
