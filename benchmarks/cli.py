"""The command ``terrakin bench``: each benchmark compares terrakin with a peer in the same run."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click

EXTRAS = {
    "aiohttp": "bench",
    "faiss": "bench",
    "lancedb": "bench",
    "pycurl": "bench",
    "qdrant_edge": "bench",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "onnxscript": "onnx",
    "playwright": "test",
    "terratorch": "terramind",
    "torch": "terramind",
}
"""Optional packages by import name, and the extra of pyproject.toml that installs each."""


class BenchmarkGroup(click.Group):
    """A group that reports a missing optional package in one line."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the benchmark; raise ClickException if a package that it needs is not installed."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package not in EXTRAS:
                raise
            raise click.ClickException(
                f"this benchmark needs the Python package '{package}', which is not installed; "
                f"run: pip install 'terrakin[{EXTRAS[package]}]'"
            ) from None


@click.group(cls=BenchmarkGroup)
def group() -> None:
    """Compare terrakin with its peers."""


@group.command()
@click.option(
    "--tiles", "n_tiles", type=click.IntRange(1_000), default=48_881, show_default=True, help="Number of tiles."
)
@click.option(
    "--same-city",
    "same_city_share",
    type=click.FloatRange(0.2, 0.99),
    default=0.57,
    show_default=True,
    help="Share of a tile's ten nearest tiles that lie in its own city; 0.57 in the real UMAP.",
)
@click.option(
    "--unit",
    "units",
    type=click.Choice(["tile", "block"]),
    multiple=True,
    default=["tile", "block"],
    help="What is searched: tiles, or the 49 blocks of each.",
)
@click.option(
    "--peer",
    "peers",
    type=click.Choice(["hnsw", "ivfflat", "faiss", "qdrant", "lancedb", "vectorchord", "none"]),
    multiple=True,
    default=["hnsw", "ivfflat", "faiss", "qdrant", "lancedb", "vectorchord"],
    help="Peers to compare with.",
)
@click.option("--queries", type=click.IntRange(20), default=200, show_default=True, help="Number of queries.")
@click.option(
    "--budget", "budgets", type=click.IntRange(100), multiple=True, help="Keys to compare. [default: the set's own]"
)
@click.option(
    "--build-limit-min",
    type=click.FloatRange(0, min_open=True),
    default=30,
    show_default=True,
    help="Minutes after which the build of a peer's index is stopped.",
)
@click.option(
    "--vectorchord",
    type=click.Path(path_type=Path, exists=True),
    help="Archive (tar) or folder with vchord.so and vchord--*.sql. [default: VectorChord is skipped]",
)
def search(
    n_tiles: int,
    same_city_share: float,
    units: tuple[str, ...],
    peers: tuple[str, ...],
    queries: int,
    budgets: tuple[int, ...],
    build_limit_min: float,
    vectorchord: Path | None,
) -> None:
    """Similarity search by tile and block: terrakin, and vector indexes and databases on the same vectors."""
    from benchmarks.search.run import SearchRequest, run_all

    chosen = [peer for peer in peers if peer != "none"]
    limit_s = build_limit_min * 60
    run_all(SearchRequest(n_tiles, same_city_share, units, chosen, queries, budgets, limit_s, vectorchord), click.echo)


@group.command()
def keys() -> None:
    """Nearest blocks by key compared with all numbers of their vectors, on the packed real places."""
    from benchmarks.search.keys import run

    run(click.echo)


@group.command()
@click.option("--weights", default="random", show_default=True, help="Weights of TerraMind: hub, a file, or random.")
@click.option("--tiles", "n_tiles", type=click.IntRange(1), default=8, show_default=True, help="Tiles per round.")
@click.option(
    "--chips", type=click.Path(exists=True, file_okay=False), help="Folder of GeoTIFF tiles. [default: synthetic tiles]"
)
def encode(weights: str, n_tiles: int, chips: str | None) -> None:
    """All encoders by runtime and precision: tiles per second, as a share of this machine's matrix product."""
    from benchmarks.etl.encode import run_all

    run_all(weights, n_tiles, chips, click.echo)


@group.command()
@click.option("--form", default="harbour", show_default=True, help="Urban form of the demo that is the concept.")
@click.option("--picture", type=click.Path(path_type=Path, dir_okay=False), help="PNG file to draw the scores in.")
def labelling(form: str, picture: Path | None) -> None:
    """After `make demo`: labelling what api.uncertain returns against labelling at random."""
    from benchmarks.labelling import run
    from db.settings import read_settings

    run(read_settings(), form, picture, click.echo)


@group.command()
@click.option(
    "--size", "sizes", type=click.IntRange(100), multiple=True, default=[160, 48_881], help="Number of tiles."
)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Number of page loads and clicks.")
@click.option("--blocks", "with_blocks", is_flag=True, help="49 blocks in each tile, 2.4 million in the larger world.")
def page(sizes: tuple[int, ...], rounds: int, with_blocks: bool) -> None:
    """The page in headless Chromium: time to interactive, from click to cards and pictures, scripts, panning."""
    from benchmarks.web.page import run_page

    run_page(list(sizes), rounds, with_blocks, click.echo)


@group.command()
@click.option("--size", type=click.IntRange(1_000, 100_000), default=48_881, show_default=True, help="Number of tiles.")
@click.option("--clients", type=click.IntRange(1, 200), default=50, show_default=True, help="Concurrent clients.")
@click.option("--seconds", type=click.IntRange(5, 600), default=60, show_default=True, help="Duration of the load.")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the private cluster, kept for the next run. [default: a temporary folder]",
)
def load(size: int, clients: int, seconds: int, home: Path | None) -> None:
    """Many clients on API and vector tiles; then PostgreSQL is killed under load. Exit code 1 if a request failed."""
    from benchmarks.web.load import run
    from db import cluster

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
@click.option(
    "--dates", "n_dates", type=click.IntRange(3, 100), default=12, show_default=True, help="Number of scenes."
)
@click.option("--workers", "n_workers", type=click.IntRange(1), default=2, show_default=True, help="Dask processes.")
def composite(side_km: int, n_dates: int, n_workers: int) -> None:
    """Memory and time of the composite of one large city, from a synthetic catalogue."""
    from benchmarks.etl.composite import run_composite

    run_composite(side_km, n_dates, n_workers, click.echo)


@group.command()
@click.option("--latency-ms", type=click.IntRange(1), default=300, show_default=True, help="Pause before every answer.")
@click.option(
    "--towns", "n_towns", type=click.IntRange(2, 10), default=8, show_default=True, help="Towns of four tiles each."
)
def workers(latency_ms: int, n_towns: int) -> None:
    """One ETL process compared with two side by side, reading from a slow server."""
    from benchmarks.etl.workers import run_workers

    run_workers(latency_ms / 1000, n_towns, click.echo)


@group.command()
@click.option(
    "--tiles", "n_tiles", type=click.IntRange(1_000), default=48_881, show_default=True, help="Number of tiles."
)
def bias(n_tiles: int) -> None:
    """Removal of planted spatial bias by dimensions and by LEACE: what remains, and what it costs in retrieval."""
    from benchmarks import REAL_TILES
    from benchmarks.etl.bias import run

    run(REAL_TILES, n_tiles, click.echo)


@group.command()
@click.option("--tiles", type=click.IntRange(100), default=49_000, show_default=True, help="Approximate number.")
@click.option(
    "--folder", type=click.Path(path_type=Path, exists=True), help="Where work files are written. [default: /tmp]"
)
def etl(tiles: int, folder: Path | None) -> None:
    """The ETL stages after imagery and encoder, one by one, on synthetic embeddings at real positions."""
    from benchmarks.etl.run import run_all

    run_all(tiles, folder, click.echo)


@group.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def aggregate(folder: Path) -> None:
    """Dominant clusters of a FOLDER of GeoTIFF tiles: terrakin's five aggregations against scikit-learn's k-means."""
    from benchmarks.etl.aggregate import run

    run(folder, click.echo)


@group.command()
@click.option("--size", type=click.IntRange(1_000), default=48_881, show_default=True, help="Number of tiles.")
def tiles(size: int) -> None:
    """Vector tiles over HTTP compared with the SQL call: zoom 0 to 14, one client and eight."""
    from benchmarks.web.tiles import run_all

    run_all(size, click.echo)


@group.command()
@click.option(
    "--tiles", "n_tiles", type=click.IntRange(1_000), default=10_000, show_default=True, help="Number of tiles."
)
def placing(n_tiles: int) -> None:
    """New tiles in a fitted layout: the weighted mean of neighbours compared with UMAP's transform."""
    from benchmarks import REAL_TILES
    from benchmarks.etl.placement import run

    run(REAL_TILES, n_tiles, click.echo)
