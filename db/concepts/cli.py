"""``terrakin concepts``: named directions learned from examples."""

import click

from db.settings import Settings, read_settings


@click.group()
@click.pass_context
def group(ctx: click.Context) -> None:
    """Learn named concepts from examples; api.find finds all that belong to one."""
    ctx.obj = read_settings()


@group.command()
@click.argument("name")
@click.option("--positive", multiple=True, required=True, help="Ids separated by commas, or a GeoJSON file of places.")
@click.option("--negative", multiple=True, help="The same for what does not belong to it.")
@click.option(
    "--unit", default="block", show_default=True, help="What it describes: tile, block, or the name of an imported set."
)
@click.option("--method", help="Vectors of tiles to compare (default: that of the encoder).")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the negative examples drawn at random.")
@click.option("--replace", is_flag=True, help="Replace the concept of this name.")
@click.pass_obj
def fit(
    settings: Settings,
    name: str,
    positive: tuple[str, ...],
    negative: tuple[str, ...],
    unit: str,
    method: str | None,
    seed: int,
    *,
    replace: bool,
) -> None:
    """Learn a concept from examples."""
    from db.concepts.examples import read_ids
    from db.concepts.report import describe
    from db.concepts.store import current_set, learn, save
    from db.connect import connect

    with connect(settings) as conn:
        set_id = current_set(conn, unit, method)
        ids = [read_ids(conn, unit, set_id, given) for given in (positive, negative)]
        concept = learn(conn, unit, set_id, ids[0], ids[1], seed)
        save(conn, name, concept, is_replacing=replace)
        for line in describe(conn, name, concept):
            click.echo(line)


@group.command(name="list")
@click.pass_obj
def list_concepts(settings: Settings) -> None:
    """List all concepts."""
    from db.concepts.report import HEAD, read_lines
    from db.connect import connect

    with connect(settings, "reader") as conn:
        for line in [HEAD, *read_lines(conn)]:
            click.echo(line)


@group.command()
@click.argument("name")
@click.pass_obj
def drop(settings: Settings, name: str) -> None:
    """Delete a concept."""
    from db.concepts.store import drop as run
    from db.connect import connect

    with connect(settings) as conn:
        run(conn, name)
    click.echo(f"concept {name} is deleted", err=True)
