"""``terrakin qgis``: what QGIS finds in the database."""

import click

from db.settings import Settings, read_settings


@click.group()
@click.pass_context
def group(ctx: click.Context) -> None:
    """Styles and a ready project for QGIS, kept in the database."""
    ctx.obj = read_settings()


@group.command()
@click.option("--host", help="The server as QGIS's users reach it, where that is not what terrakin itself uses.")
@click.option("--port", type=click.IntRange(1, 65535), help="Likewise its port.")
@click.pass_obj
def setup(settings: Settings, host: str | None, port: int | None) -> None:
    """Write default styles, the project `terrakin` and a base map into the database; run again after an update."""
    from db.qgis import NAME
    from db.qgis import setup as run

    address = run(settings, host, port)
    click.echo(
        f"project {NAME} and its styles are in the database. In QGIS: make a PostgreSQL connection "
        f"(host {address.host}, port {address.port}, database {address.database}, user terrakin_reader), "
        "with projects in the database allowed, then Project > Open From > PostgreSQL; docs/qgis.md has the steps",
        err=True,
    )
