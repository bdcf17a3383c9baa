"""The command ``terrakin web``: serve the map in the foreground or in the background."""

import click

from db.settings import Settings, read_settings

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
EXIT_NOT_RUNNING = 3

host_option = click.option(
    "--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on. There is no login."
)
port_option = click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(1, 65535))


@click.group()
@click.pass_context
def group(ctx: click.Context) -> None:
    """Serve the map and its JSON API."""
    ctx.obj = read_settings()


@group.command()
@host_option
@port_option
@click.pass_obj
def run(settings: Settings, host: str, port: int) -> None:
    """Serve in the foreground until Ctrl-C."""
    from webapp import serve

    serve.serve(settings, host, port)


@group.command()
@host_option
@port_option
@click.pass_obj
def start(settings: Settings, host: str, port: int) -> None:
    """Serve in the background. Return as soon as the page answers."""
    from webapp import server

    found, is_new = server.start(settings, host, port)
    click.echo(f"The map {'is' if is_new else 'was already'} at {found.url}")


@group.command()
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the background server."""
    from webapp import server

    click.echo("The web server stopped" if server.stop(settings) else "The web server was not running", err=True)


@group.command()
@click.pass_obj
def status(settings: Settings) -> None:
    """Print whether the background server runs and answers. Exit code 3: not running, 1: running but not healthy."""
    from webapp import server

    found = server.running(settings)
    if found is None:
        click.echo("stopped; `terrakin web start` starts it")
        raise SystemExit(EXIT_NOT_RUNNING)
    wrong = server.health(found)
    state = "running" if wrong is None else "unhealthy"
    click.echo(f"{state:<9} {found.url}   log {server.log_path(settings)}")
    if wrong is not None:
        click.echo(wrong)
        raise SystemExit(1)
