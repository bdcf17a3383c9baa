"""``terrakin bench``: the benchmarks, each against a peer in the same run."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from db import cluster


@click.group()
def group() -> None:
    """Measure terrakin against its peers."""


@group.command()
@click.option("--size", "sizes", type=click.IntRange(1_000), multiple=True, default=[10_000, 48_881], help="Tiles.")
@click.option(
    "--same-city",
    "same_city_shares",
    type=click.FloatRange(0.2, 0.99),
    multiple=True,
    default=[0.57, 0.98],
    help="Share of a tile's ten nearest in its own city: 0.57 as in the real UMAP.",
)
@click.option("--queries", type=click.IntRange(20), default=200, show_default=True, help="Query tiles.")
def search(sizes: tuple[int, ...], same_city_shares: tuple[float, ...], queries: int) -> None:
    """Similarity search with spatial exclusion: terrakin, pgvector by hand, Qdrant, FAISS and exact search."""
    from benchmarks.search import run_all

    run_all(list(sizes), list(same_city_shares), queries, lambda line: click.echo(line))


@group.command()
@click.option("--weights", default="random", show_default=True, help="TerraMind's: hub, a file, or random.")
@click.option("--tiles", "n_tiles", type=click.IntRange(1), default=8, show_default=True, help="Tiles a round.")
@click.option("--chips", type=click.Path(exists=True, file_okay=False), help="Folder of GeoTIFF tiles, else made up.")
def embed(weights: str, n_tiles: int, chips: str | None) -> None:
    """TerraMind's tiles a second by runtime and precision, as a share of this machine's matrix product."""
    from benchmarks.embed import run_all

    run_all(weights, n_tiles, chips, lambda line: click.echo(line))


@group.command()
@click.option("--size", "sizes", type=click.IntRange(100), multiple=True, default=[160, 48_881], help="Tiles.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Fresh loads, and clicks.")
def page(sizes: tuple[int, ...], rounds: int) -> None:
    """The page in a headless Chromium: time to interactive, a click's results, and how much script it loads."""
    from benchmarks.page import run_page  # the other benchmarks need no browser

    run_page(list(sizes), rounds, lambda line: click.echo(line))


@group.command()
@click.option("--size", type=click.IntRange(1_000, 100_000), default=48_881, show_default=True, help="Tiles.")
@click.option("--clients", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--seconds", type=click.IntRange(5, 600), default=60, show_default=True)
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the private cluster, kept for the next time. [default: a temporary one]",
)
def load(size: int, clients: int, seconds: int, home: Path | None) -> None:
    """Many clients over API and tiles, then PostgreSQL killed under load. Exit code 1 when anything went wrong."""
    from benchmarks.load import run

    with TemporaryDirectory(prefix="terrakin-load-") as folder:
        used = home.absolute() if home else Path(folder)
        used.mkdir(parents=True, exist_ok=True)
        used.chmod(0o711)
        try:
            is_well = run(used, size, clients, seconds, click.echo)
        finally:
            cluster.stop(used)
    raise SystemExit(0 if is_well else 1)


@group.command()
@click.option("--side-km", type=click.IntRange(5, 100), default=40, show_default=True, help="Side of the square city.")
@click.option("--dates", "n_dates", type=click.IntRange(3, 100), default=12, show_default=True, help="Scenes.")
@click.option("--workers", "n_workers", type=click.IntRange(1), default=2, show_default=True, help="Dask's processes.")
def composite(side_km: int, n_dates: int, n_workers: int) -> None:
    """Memory and time of one large city's composite, over a synthetic catalogue made on the fly."""
    from benchmarks.composite import run_composite

    run_composite(side_km, n_dates, n_workers, lambda line: click.echo(line))


@group.command()
@click.option("--latency-ms", type=click.IntRange(1), default=300, show_default=True, help="Before every answer.")
@click.option(
    "--towns", "n_towns", type=click.IntRange(2, 10), default=8, show_default=True, help="Of four tiles each."
)
def workers(latency_ms: int, n_towns: int) -> None:
    """One ETL process against two side by side, over a catalogue behind a slow server."""
    from benchmarks.workers import run_workers

    run_workers(latency_ms / 1000, n_towns, lambda line: click.echo(line))


@group.command()
@click.option("--tiles", "n_tiles", type=click.IntRange(1_000), default=48_881, show_default=True)
def bias(n_tiles: int) -> None:
    """Removal of planted spatial bias: dimensions and LEACE, what is left of it, and what it costs in retrieval."""
    from benchmarks import REAL_TILES
    from benchmarks.bias import run

    run(REAL_TILES, n_tiles, lambda line: click.echo(line))


@group.command()
@click.option("--tiles", type=click.IntRange(100), default=49_000, show_default=True, help="About so many.")
@click.option("--folder", type=click.Path(path_type=Path, exists=True), help="Where the world is made. [default: /tmp]")
def etl(tiles: int, folder: Path | None) -> None:
    """The ETL after imagery and model: a generated world of real positions and synthetic embeddings, stage by stage."""
    from benchmarks.etl import run_all

    run_all(tiles, folder, lambda line: click.echo(line))


@group.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def aggregate(folder: Path) -> None:
    """Dominant clusters of a FOLDER of GeoTIFF tiles: all five methods of terrakin against scikit-learn's k-means."""
    from benchmarks.aggregate import run

    run(folder, lambda line: click.echo(line))


@group.command()
@click.option("--size", type=click.IntRange(1_000), default=48_881, show_default=True, help="Tiles.")
def tiles(size: int) -> None:
    """Vector tiles over HTTP against the bare SQL call: z 0 to 14, one client and eight."""
    from benchmarks.tiles import run_all

    run_all(size, lambda line: click.echo(line))


@group.command()
@click.option("--tiles", "n_tiles", type=click.IntRange(1_000), default=10_000, show_default=True)
def placing(n_tiles: int) -> None:
    """New tiles in a fitted layout: the weighted mean of neighbours against UMAP's transform."""
    from benchmarks import REAL_TILES
    from benchmarks.placing import run

    run(REAL_TILES, n_tiles, lambda line: click.echo(line))
