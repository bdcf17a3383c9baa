"""``terrakin etl``: all stages at once, each stage alone, the demo catalogue, and the state of the ledger."""

import click

from db.settings import read_settings
from etl.cli import chip, cities, demo, encoders, export, ledger, place, stages, vectors


@click.group()
@click.pass_context
def group(ctx: click.Context) -> None:
    """Fill the database: cities, composites, embeddings and layout."""
    ctx.obj = read_settings()


for command in (
    stages.run, place.place, cities.cities, cities.grid, stages.composite, stages.embed, chip.embed_chip,
    export.export_onnx, stages.aggregate, stages.blocks, stages.load, stages.thumbnail, vectors.bias, vectors.layout,
    ledger.status, ledger.retry, demo.demo, encoders.encoders,
):  # fmt: skip
    group.add_command(command)
