"""An index on the places in the layout: scatter plots read it alone, not the wide rows."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index(
        "ix_tiles_umap",
        "tiles",
        ["umap_x", "umap_y"],
        schema="terrakin",
        postgresql_include=["tile_id", "city_id"],
    )


def downgrade() -> None:
    op.drop_index("ix_tiles_umap", table_name="tiles", schema="terrakin")
