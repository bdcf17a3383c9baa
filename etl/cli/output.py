"""What the commands of ``terrakin etl`` print: cities with their tiles to stdout, progress to stderr."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # commands import heavy modules only when they run
    from etl.cities.city import City


def list_cities(chosen: list[City]) -> None:
    """Print each city with its number of tiles, and the totals."""
    from etl.cities.grid import assign_cells

    tiles = {city_id: len(cells) for city_id, cells in assign_cells(chosen).items()}
    print_tiles(chosen, tiles)
    click.echo(f"{len(chosen)} cities, {sum(tiles.values())} tiles", err=True)


def print_tiles(chosen: list[City], tiles: dict[int, int]) -> None:
    """Print one line per city; ``tiles`` is the number of tiles by city_id."""
    for city in chosen:
        click.echo(f"{city.city_id:>10}  {city.name}, {city.country}: {tiles[city.city_id]} tiles")


def progress_bar(stage: str, unit: str, total: int) -> AbstractContextManager[Any]:
    """Return a bar on stderr with rate and remaining time; an etl.tasks.job.BarFactory."""
    from tqdm import tqdm

    return tqdm(total=total, desc=f"{stage:<9}", unit=unit, dynamic_ncols=True)
