"""``terrakin etl status`` and ``retry``: progress and failures, and letting failed tasks be tried again."""

from typing import Any

import click

from db.settings import Settings


@click.command()
@click.option("--watch", "every_s", type=click.FloatRange(min=0.2), help="Refresh every so many seconds.")
@click.pass_obj
def status(settings: Settings, every_s: float | None) -> None:
    """Show progress, and which cities failed and why."""
    import time

    from db.connect import connect

    with connect(settings, "reader", autocommit=True) as conn:
        while True:
            lines = _status(conn)
            if every_s is not None:
                click.clear()
            click.echo("\n".join(lines))
            if every_s is None:
                return
            time.sleep(every_s)


def _status(conn: Any) -> list[str]:
    from etl.tasks.progress import failures, progress, tile_counts

    lines = [f"{'period':<25}{'stage':<11}{'cities':>7}{'pending':>9}{'running':>9}{'done':>7}{'failed':>8}"]
    for period, stage, *counts in progress(conn):
        days = f"{period.lower}/{period.upper}"
        lines.append(f"{days:<25}{stage:<11}{counts[0]:>7}{counts[1]:>9}{counts[2]:>9}{counts[3]:>7}{counts[4]:>8}")
    lines += tile_counts(conn)
    for city, _, stage, attempts, error in failures(conn):
        lines.append(f"failed: {city}, {stage}, attempt {attempts}: {error}")
    return lines


@click.command()
@click.argument("city_names", nargs=-1)
@click.option("--redo", is_flag=True, help="Redo finished stages of these cities too: a machine's work files are lost.")
@click.pass_obj
def retry(settings: Settings, city_names: tuple[str, ...], redo: bool) -> None:
    """Let the next run try failed cities again.

    CITY_NAMES are names or ids; without them, all failed cities.
    """
    from db.connect import connect
    from etl.tasks.progress import retry as run

    if redo and not city_names:
        raise click.UsageError("--redo needs the names or ids of cities, because it discards their finished work")
    with connect(settings, "etl", autocommit=True) as conn:
        n_tasks = run(conn, city_names, redo)
    click.echo(f"{n_tasks} tasks wait for the next `terrakin etl run`", err=True)
