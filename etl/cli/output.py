"""What commands of ``terrakin etl`` print: cities with their tiles to stdout, progress to stderr."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # the commands import nothing heavy before they run
    from etl.cities.city import City


def list_cities(chosen: list[City]) -> None:
    """Print each city with its number of tiles, and the sums."""
    from etl.cities.grid import assign_cells

    tiles = {city_id: len(cells) for city_id, cells in assign_cells(chosen).items()}
    say_tiles(chosen, tiles)
    click.echo(f"{len(chosen)} cities, {sum(tiles.values())} tiles", err=True)


def say_tiles(chosen: list[City], tiles: dict[int, int]) -> None:
    """Print a line a city; ``tiles`` is their number by city_id."""
    for city in chosen:
        click.echo(f"{city.city_id:>10}  {city.name}, {city.country}: {tiles[city.city_id]} tiles")


def progress_bar(stage: str, unit: str, total: int) -> AbstractContextManager[Any]:
    """A bar on stderr with rate and time left; see etl.stages.BarFactory."""
    from tqdm import tqdm

    return tqdm(total=total, desc=f"{stage:<9}", unit=unit, dynamic_ncols=True)
