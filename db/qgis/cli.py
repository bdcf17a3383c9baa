"""``terrakin qgis``: styles and a project for QGIS in the database."""

import click

from db.settings import Settings, read_settings


@click.group()
@click.pass_context
def group(ctx: click.Context) -> None:
    """Store styles and a project for QGIS in the database."""
    ctx.obj = read_settings()


@group.command()
@click.option("--host", help="Host of the server for QGIS users, if it differs from the one that terrakin uses.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the server for QGIS users, likewise.")
@click.pass_obj
def setup(settings: Settings, host: str | None, port: int | None) -> None:
    """Write default styles, the project `terrakin` and a base map; run it again after an update."""
    from db.qgis.setup import NAME
    from db.qgis.setup import setup as run

    address = run(settings, host, port)
    click.echo(
        f"project {NAME} and its styles are in the database. In QGIS, create a PostgreSQL connection "
        f"(host {address.host}, port {address.port}, database {address.database}, user terrakin_reader), "
        "that allows projects in the database, then choose Project > Open From > PostgreSQL; see docs/qgis.md",
        err=True,
    )
