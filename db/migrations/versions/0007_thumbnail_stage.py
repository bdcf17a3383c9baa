"""Thumbnails are made by a stage of their own, after the load: databases of before get theirs by the next run."""

from alembic import op

revision = "0007"
down_revision = "0006"

BEFORE = "stage IN ('composite', 'embed', 'aggregate', 'load')"
NOW = "stage IN ('composite', 'embed', 'aggregate', 'load', 'thumbnail')"


def upgrade() -> None:
    _replace_check(NOW)
    # WebP is packed already: trying to compress it again costs time and wins nothing.
    op.execute("ALTER TABLE terrakin.tile_thumbnails ALTER COLUMN webp SET STORAGE EXTERNAL")
    _comment("COLUMN terrakin.etl_tasks.stage", "composite, embed, aggregate, load or thumbnail.")
    _comment(
        "COLUMN terrakin.tile_thumbnails.webp",
        "True-colour picture of the tile, WebP, 128 x 128 px, north up: B04, B03, B02, reflectance 0 to 0.3 with "
        "gamma 1.4 for all tiles alike; transparent where there are no data.",
    )
    _comment(
        "TABLE terrakin.tile_thumbnails",
        "Small pictures of the tiles, all with one stretch: for result lists, and to see what a tile is.",
    )


def downgrade() -> None:
    op.execute("DELETE FROM terrakin.etl_tasks WHERE stage = 'thumbnail'")
    _replace_check(BEFORE)
    op.execute("ALTER TABLE terrakin.tile_thumbnails ALTER COLUMN webp SET STORAGE EXTENDED")
    _comment("COLUMN terrakin.etl_tasks.stage", "composite, embed, aggregate or load.")
    _comment("COLUMN terrakin.tile_thumbnails.webp", "True-colour picture of the tile, WebP.")
    _comment("TABLE terrakin.tile_thumbnails", "Small pictures of the tiles for the map''s result list.")


def _replace_check(condition: str) -> None:
    op.drop_constraint(op.f("ck_etl_tasks_stage"), "etl_tasks", schema="terrakin", type_="check")
    op.create_check_constraint(op.f("ck_etl_tasks_stage"), "etl_tasks", condition, schema="terrakin")


def _comment(what: str, text: str) -> None:
    op.execute(f"COMMENT ON {what} IS '{text}'")
