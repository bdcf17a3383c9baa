"""The command line ``terrakin``: ``db``, ``etl``, ``evaluate``, ``web``, ``qgis`` and ``bench``, each from one package.

Groups are imported only when they are called, so that ``terrakin --help`` answers at once.
"""

import importlib
import logging
import sys

import click

GROUPS = {
    "db": ("db.cli", "The private PostgreSQL cluster, migrations and indexes."),
    "qgis": ("db.qgis_cli", "Styles and a ready project for QGIS, kept in the database."),
    "etl": ("etl.cli", "From a STAC catalogue to embedded tiles in PostgreSQL."),
    "evaluate": ("etl.cli.evaluate", "How good the vectors are: leak, retrieval, stability; a report."),
    "bench": ("benchmarks.cli", "Benchmarks against peers, in a clone (`make bench-search`)."),
    "web": ("webapp.cli", "The map and its JSON API."),
}

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130


class LazyGroups(click.Group):
    """A click group whose sub-groups are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all groups, without importing any."""
        return sorted(GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the package of one group (or, of ``evaluate``, the command)."""
        if cmd_name not in GROUPS:
            return None
        command: click.Command = importlib.import_module(GROUPS[cmd_name][0]).group
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the groups with the one-line texts of ``GROUPS``."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(GROUPS.items())])


@click.command(cls=LazyGroups)
@click.version_option(package_name="terrakin")
@click.option("--verbose", is_flag=True, help="Log every step (key=value lines on stderr).")
def cli(verbose: bool) -> None:
    """Find the places on Earth that look alike."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )


def main() -> None:
    """Run the command line; an error that a user can mend is one line on stderr and exit code 1 (65: a bad chip)."""
    import psycopg

    from db.errors import DbError
    from etl.errors import EtlError
    from webapp.errors import WebError

    try:
        code = cli(standalone_mode=False)
    except (DbError, EtlError, WebError) as error:
        click.echo(f"terrakin: error: {error}", err=True)
        code = error.exit_code if isinstance(error, EtlError) else EXIT_ERROR
    except psycopg.OperationalError as error:
        click.echo(
            f"terrakin: error: lost the connection to PostgreSQL ({' '.join(str(error).split())}); "
            "nothing is half-written, run the same command again",
            err=True,
        )
        code = EXIT_ERROR
    except click.Abort:
        click.echo("terrakin: interrupted; the same command goes on where it stopped", err=True)
        code = EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    sys.exit(code)


if __name__ == "__main__":
    main()
