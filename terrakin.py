"""The command line ``terrakin``: groups ``db``, ``sets``, ``concepts``, ``etl``, ``evaluate``, ``web``, ``qgis`` and
``bench``.

A group is imported only when it is called, so that ``terrakin --help`` is fast.
"""

import importlib
import logging
import sys

import click

from etl.addresses import without_secrets

GROUPS = {
    "db": ("db.cli", "Run the private PostgreSQL cluster; migrate; build indexes."),
    "sets": ("etl.cli.sets", "Import embeddings that other people published."),
    "concepts": ("db.concepts.cli", "Learn named concepts from examples."),
    "qgis": ("db.qgis.cli", "Store styles and a project for QGIS in the database."),
    "etl": ("etl.cli", "Fill the database from a STAC catalogue."),
    "evaluate": ("etl.cli.evaluate", "Measure leakage, retrieval and stability of the vectors; write a report."),
    "bench": ("benchmarks.cli", "Run benchmarks against other tools."),
    "web": ("webapp.cli", "Serve the map and its JSON API."),
}

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130


class Formatter(logging.Formatter):
    """Formats lines and tracebacks of the log without the passwords and signatures of addresses."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        return without_secrets(super().format(record))


class LazyGroups(click.Group):
    """A click group that imports its sub-groups when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all groups without importing them."""
        return sorted(GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one group, or None if there is no such group."""
        if cmd_name not in GROUPS:
            return None
        command: click.Command = importlib.import_module(GROUPS[cmd_name][0]).group
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the groups with their descriptions in ``GROUPS``."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(GROUPS.items())])


@click.command(cls=LazyGroups)
@click.version_option(package_name="terrakin")
@click.option("--verbose", is_flag=True, help="Log every step as key=value lines on stderr.")
def cli(verbose: bool) -> None:
    """Find the places on Earth that look alike."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler])


def main() -> None:
    """Run the command line; print an error that the user can fix as one line on stderr, and exit with its code."""
    import psycopg

    from db.errors import DbError, one_line
    from db.failures import explain_failure
    from etl.errors import EtlError
    from webapp.errors import WebError

    try:
        code = cli(standalone_mode=False)
    except (DbError, EtlError, WebError) as error:
        click.echo(f"terrakin: error: {error}", err=True)
        code = error.exit_code if isinstance(error, EtlError) else EXIT_ERROR
    except OSError as error:
        click.echo(f"terrakin: error: {one_line(error)}", err=True)
        code = EXIT_ERROR
    except psycopg.Error as error:
        if (line := explain_failure(error)) is None:
            raise
        click.echo(f"terrakin: error: {line}", err=True)
        code = EXIT_ERROR
    except click.Abort:
        click.echo("terrakin: interrupted; run the same command to resume", err=True)
        code = EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    sys.exit(code)


if __name__ == "__main__":
    main()
