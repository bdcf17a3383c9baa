"""``terrakin db``: the private cluster, migrations, indexes and the SQL reference."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from db.settings import Settings, read_settings


@click.group()
@click.pass_context
def group(ctx: click.Context) -> None:
    """Run the private PostgreSQL cluster, migrate, build indexes."""
    ctx.obj = read_settings()


def _require_private(settings: Settings) -> None:
    if settings.database_url is not None:
        from db.errors import DbError

        raise DbError("DATABASE_URL is set, and terrakin cannot start or stop an external server; unset it")


def _warn_of_faults(pgvector: tuple[int, ...]) -> None:
    from db.extensions import known_faults

    faults = known_faults(pgvector)
    if faults:
        click.echo(f"warning: {faults}", err=True)


@group.command()
@click.pass_obj
def start(settings: Settings) -> None:
    """Start the private cluster; create it if there is none."""
    from db import cluster
    from db.connect import open_connection
    from db.extensions import check_extensions

    _require_private(settings)
    click.echo(f"PostgreSQL is running: {cluster.start(settings.home).url()}", err=True)
    with open_connection(settings) as conn:
        _warn_of_faults(check_extensions(conn))


@group.command()
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the private cluster; its data are kept."""
    from db import cluster

    _require_private(settings)
    click.echo("PostgreSQL stopped" if cluster.stop(settings.home) else "PostgreSQL was not running", err=True)


@group.command()
@click.pass_obj
def status(settings: Settings) -> None:
    """Show whether the database is running and how to connect to it. Exit code 3 if it is stopped."""
    from db import cluster
    from db.connect import open_connection, url_for
    from db.extensions import check_extensions

    if settings.database_url is None and cluster.running(settings.home) is None:
        click.echo(f"stopped (private cluster under {settings.home}); `terrakin db start` starts it")
        raise SystemExit(3)
    with open_connection(settings) as conn:
        pgvector = check_extensions(conn)
        info = conn.info
        click.echo(f"running   PostgreSQL {info.server_version // 10000}, pgvector {'.'.join(map(str, pgvector))}")
        click.echo(f"database  {info.dbname} on {info.host}, port {info.port}, as {info.user}")
        if settings.database_url is None:
            click.echo(f"socket    {url_for(settings)}")
            click.echo(
                f"clients   QGIS, DBeaver, notebooks: host 127.0.0.1, port {info.port}, database {info.dbname}, "
                f"user terrakin_reader, password in {settings.home / 'passwords'}"
            )
    _warn_of_faults(pgvector)


@group.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(settings: Settings, arguments: tuple[str, ...]) -> None:
    """Open psql on the database; arguments are passed to psql, such as -c 'SELECT ...'."""
    import shutil

    from psycopg.conninfo import make_conninfo

    from db.connect import parse_url, url_for
    from db.errors import DbError

    program = shutil.which("psql")
    if program is None:
        raise DbError("psql is not installed; install postgresql-client")
    parts = parse_url(url_for(settings))
    if "password" in parts:  # the arguments of a process are visible to all users
        os.putenv("PGPASSWORD", parts.pop("password"))
    os.execv(program, [program, make_conninfo(**parts), *arguments])


@group.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the tables and the objects of sql/ up to date, in one transaction.

    Objects that are missing in this database or were changed by hand are restored from their files.
    """
    from db.install.apply_sql import NEW_FILE, NEW_REVISION
    from db.install.migrate import migrate as run
    from db.install.migrate import unset_limits

    changes = run(settings)
    for change in changes:
        if change.reason not in (NEW_FILE, NEW_REVISION):
            click.echo(f"sql/{change.name}: {change.reason}", err=True)
    click.echo(f"schema is up to date; {len(changes)} files of sql/ were applied", err=True)
    if missing := unset_limits(settings):
        click.echo(f"warning: role terrakin_reader lacks limits; let a superuser run: {missing}", err=True)


@group.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Check server, roles, objects and keys, and print what to do about each fault. Exit code 1 if there is one.

    Nothing is changed. What this role may not see is listed as not visible.
    """
    from db.check import State
    from db.check import check as run

    states: list[State] = []
    for finding in run(settings):
        states.append(finding.state)
        click.echo("\n".join(finding.lines()))
    n_faults = states.count(State.FAULT)
    click.echo(f"{n_faults} faults, {states.count(State.WARNING)} warnings", err=True)
    raise SystemExit(1 if n_faults else 0)


@group.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--work", "with_work", is_flag=True, help="Also copy the work files; ETL processes wait meanwhile.")
@click.option("--verify", "with_verify", is_flag=True, help="Then restore it into a scratch database and compare.")
@click.pass_obj
def backup(settings: Settings, folder: Path, with_work: bool, with_verify: bool) -> None:
    """Write the database, and the work files if asked, into a new FOLDER.

    Searches and loads go on meanwhile.
    """
    from db.backup import backup as run
    from db.backup import verify

    with _table_bar("backup") as show:
        manifest = run(settings, folder, with_work=with_work, progress=show)
    if with_verify:
        with _table_bar("verify") as show:
            verify(settings, folder, show)
    tables = manifest.content.tables
    verified = f", restored and compared: {len(tables)} tables, {len(manifest.content.answers)} searches"
    click.echo(f"{folder}: {tables['tiles'][0]:,} tiles{verified if with_verify else ''}", err=True)


@group.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--work", "with_work", is_flag=True, help="Also copy the work files back.")
@click.pass_obj
def restore(settings: Settings, folder: Path, with_work: bool) -> None:
    """Restore the backup in FOLDER into an empty database, all or nothing, and migrate it to this version."""
    from db.backup import restore as run

    with _table_bar("restore") as show:
        manifest = run(settings, folder, with_work=with_work, progress=show)
    click.echo(
        f"restored {manifest.content.tables['tiles'][0]:,} tiles of {manifest.created_at}; "
        f"{len(manifest.content.tables)} tables and {len(manifest.content.answers)} searches are as in the backup",
        err=True,
    )


@contextmanager
def _table_bar(name: str) -> Iterator[Callable[[str], object]]:
    """Show which table is written or read."""
    from tqdm import tqdm

    with tqdm(desc=name, unit=" tables") as bar:

        def show(table: str) -> None:
            bar.set_postfix_str(table, refresh=False)
            bar.update()

        yield show


@group.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.pass_obj
def reset(settings: Settings, yes: bool) -> None:
    """Delete all data: the private cluster's, or terrakin's schemas on an external server."""
    from db.connect import parse_url
    from db.install.reset import reset as run

    target = f"the private cluster under {settings.home}"
    if settings.database_url is not None:
        parts = parse_url(settings.database_url)
        target = f"schemas terrakin, api, internal and tiles of database {parts.get('dbname')!r} on {parts.get('host')}"
    if not yes:
        click.confirm(f"Delete everything in {target}?", abort=True)
    run(settings)
    click.echo("deleted; `terrakin db migrate` creates an empty schema", err=True)


@group.command()
@click.option("--repair", "with_repair", is_flag=True, help="Also repair keys that do not fit their tiles or lists.")
@click.option("--refit", "with_refit", is_flag=True, help="Refit all sets of keys, even those in balance.")
@click.option("--hnsw", "with_hnsw", is_flag=True, help="Also build HNSW indexes, for pgvector queries of your own.")
@click.pass_obj
def index(settings: Settings, with_repair: bool, with_refit: bool, with_hnsw: bool) -> None:
    """Bring the keys that searches read up to date, after a bulk load, and report each set.

    A set of more than 4,000 tiles or 20,000 blocks is refitted if it never was, if its lists are out of balance, or if
    its post-processing has changed. Searches go on meanwhile; loads wait.
    """
    from contextlib import ExitStack

    from tqdm import tqdm

    from db.connect import connect
    from db.embedding_sets.report import HEAD, read_reports
    from db.index import build_indexes

    bars: dict[str, tqdm[NoReturn]] = {}
    with ExitStack() as stack:

        def show(name: str, done: int, total: int) -> None:
            if name not in bars:
                bars[name] = stack.enter_context(tqdm(desc=name, total=total, unit="item", unit_scale=True))
            bars[name].n = done
            bars[name].refresh()

        built = build_indexes(settings, show, with_repair=with_repair, with_refit=with_refit, with_hnsw=with_hnsw)
    with connect(settings) as conn:
        reports = read_reports(conn)
    click.echo(HEAD)
    for set_report in reports:
        click.echo(set_report.line())
    click.echo(f"done: {', '.join(built)}" if built else "everything is up to date", err=True)


@group.command()
@click.option(
    "--shards", "n_shards", type=click.IntRange(1, 32_000), help="Number of shards; one per worker if not given."
)
@click.pass_obj
def distribute(settings: Settings, n_shards: int | None) -> None:
    """Distribute the keys that searches compare over the workers of a Citus coordinator.

    Searches and loads wait while the keys move. The answers stay the same: see docs/scale-out.md.
    """
    from db.install.distribute import distribute as run

    changes = run(settings, n_shards)
    click.echo(f"the keys are distributed, {len(changes)} files of sql/ applied", err=True)


@group.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("sql/README.md"), show_default=True)
@click.pass_obj
def docs(settings: Settings, out: Path) -> None:
    """Write the reference of tables, views and functions from their COMMENTs."""
    from db.catalogue.reference import reference
    from db.connect import connect

    with connect(settings) as conn:
        out.write_text(reference(conn), encoding="utf-8")
