"""``terrakin etl embed-chip``: the vectors of a GeoTIFF of the user's own."""

import json
from pathlib import Path

import click

from db.settings import Settings


@click.command("embed-chip")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--weights",
    help="TerraMind's: hub, random, or the file whose SHA-256 the database records. [default: random where it says so, "
    "else hub]",
)
@click.pass_obj
def embed_chip(settings: Settings, file: Path, weights: str | None) -> None:
    """Embed FILE, a GeoTIFF of one tile, with the database's encoder; its vectors as JSON on stdout.

    FILE holds 12 bands (B01 to B12 without B10), 224 x 224 px at 10 m in UTM, uint16 reflectance x 10000, nodata 0.
    """
    from db.connect import connect
    from etl import embed_chip as chip
    from etl.encoders.selection import stored_encoder
    from etl.stages.aggregate import METHODS
    from etl.store.encoder import read_encoder

    read = chip.read_chip(file)  # first: a bad file is told at once, not after the encoder is loaded
    with connect(settings, "reader", autocommit=True) as conn:
        stored = read_encoder(conn)
        encoder = stored_encoder(conn, settings.home, stored, weights)
    assert stored is not None
    embedded = chip.embed_chip(read, encoder, stored.post_processing)
    answer = {
        "encoder": stored.name, "weights": stored.weights, "weights_sha256": stored.weights_sha256,
        "valid_share": embedded.valid_share, "lon": read.lon, "lat": read.lat,
        "vectors": {name: getattr(embedded.vectors, name)[0].tolist() for name in METHODS},
    }  # fmt: skip
    click.echo(json.dumps(answer))
