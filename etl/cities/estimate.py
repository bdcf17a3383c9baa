"""What a run would take before it is begun: tiles, download, disk, hours. Estimates, each from a stated assumption."""

from collections.abc import Sequence
from dataclasses import dataclass

from etl.cities.city import City
from etl.cities.grid import assign_cells

TILE_PX = {10: 224 * 224, 20: 112 * 112, 60: 37 * 37}
"""Pixels of a tile in a band of so many metres."""
BANDS = {10: 4, 20: 6, 60: 2}
"""Bands that are read, by resolution in metres; the mask (SCL, 20 m, one byte) comes on top."""
LOOKS = 10
"""Scenes that a tile is read from: of three months' 18 passes about half are below the cloud limit."""
COMPRESSION = 0.8
"""Size of Sentinel-2's deflated COGs to the bare numbers; blocks read beyond the city's edge make up for the rest."""
PATCH_BYTES = 196 * 768 * 2
GB = 1e9


@dataclass(frozen=True)
class Speeds:
    """What the machine and its network can do.

    Attributes:
        download_mbit_s: megabits a second from the catalogue.
        embed_tiles_s: tiles a second through the encoder.
    """

    download_mbit_s: float
    embed_tiles_s: float


@dataclass(frozen=True)
class Plan:
    """A run's size.

    Attributes:
        tiles: number of tiles by city_id.
        download_gb: bytes to be read from the catalogue, in 10^9.
        disk_gb: composites and patch embeddings, uncompressed, in 10^9 bytes.
        hours: download, then embedding.
    """

    tiles: dict[int, int]
    download_gb: float
    disk_gb: float
    hours: float

    @property
    def n_tiles(self) -> int:
        """Tiles of all cities."""
        return sum(self.tiles.values())


def make_plan(cities: Sequence[City], speeds: Speeds) -> Plan:
    """Cut the cities into tiles and estimate the rest."""
    tiles = {city_id: len(cells) for city_id, cells in assign_cells(cities).items()}
    n_tiles = sum(tiles.values())
    look_bytes = sum(BANDS[m] * TILE_PX[m] * 2 for m in BANDS) + TILE_PX[20]
    download_gb = n_tiles * LOOKS * look_bytes * COMPRESSION / GB
    disk_gb = n_tiles * (12 * TILE_PX[10] * 2 + PATCH_BYTES) / GB
    hours = download_gb * 8000 / speeds.download_mbit_s / 3600 + n_tiles / speeds.embed_tiles_s / 3600
    return Plan(tiles, download_gb, disk_gb, hours)
