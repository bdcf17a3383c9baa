"""``terrakin etl embed-chip``: the vectors of a user's GeoTIFF."""

import json
from pathlib import Path

import click

from db.settings import Settings


@click.command("embed-chip")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--weights",
    help="TerraMind's weights: hub, random, or the file whose SHA-256 the database records. [default: random if the "
    "database records that, else hub]",
)
@click.pass_obj
def embed_chip(settings: Settings, file: Path, weights: str | None) -> None:
    """Embed a GeoTIFF of one tile.

    It is embedded with the database's encoder, and its vectors are printed as JSON.

    FILE has 12 bands (B01 to B12 without B10), 224 x 224 px at 10 m in UTM, uint16 reflectance x 10000, nodata 0. With
    galileo_nano, B01 and B09 may be missing: the other ten are found by their names, or are in the order B02 to B12.
    """
    from etl.embed_chip import embed_file

    chip, embedded, encoder = embed_file(settings, file, weights)
    answer = {
        "encoder": encoder.name, "weights": encoder.weights, "weights_sha256": encoder.weights_sha256,
        "valid_share": embedded.valid_share, "lon": chip.lon, "lat": chip.lat,
        "vectors": {name: vector.tolist() for name, vector in embedded.vectors.items()},
    }  # fmt: skip
    click.echo(json.dumps(answer))
