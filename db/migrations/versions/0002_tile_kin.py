"""Each tile's neighbours in other cities, computed beforehand, and the version of the tiles they are computed for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "tiles_version",
        sa.Column(
            "one_row",
            sa.SmallInteger(),
            server_default=sa.text("1"),
            autoincrement=False,
            nullable=False,
            comment="Always 1.",
        ),
        sa.Column(
            "version",
            sa.BigInteger(),
            nullable=False,
            comment="Grows with every statement that adds tiles, or changes their mean vectors or cities.",
        ),
        sa.CheckConstraint("one_row = 1", name=op.f("ck_tiles_version_one_row")),
        sa.PrimaryKeyConstraint("one_row", name=op.f("pk_tiles_version")),
        schema="terrakin",
        comment="Which set of tiles this is: neighbours computed for another version are not used.",
    )
    op.execute("INSERT INTO terrakin.tiles_version (version) VALUES (0)")
    op.create_table(
        "tile_neighbours",
        sa.Column("tile_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="The tile."),
        sa.Column(
            "tiles_version",
            sa.BigInteger(),
            nullable=False,
            comment="terrakin.tiles_version when they were computed; of another version they are not used.",
        ),
        sa.Column(
            "neighbour_tile_ids",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="The 240 tiles of all other cities whose mean vectors are most like this one's, by exact comparison, best first.",
        ),
        sa.ForeignKeyConstraint(
            ["tile_id"], ["terrakin.tiles.tile_id"], name=op.f("fk_tile_neighbours_tile_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tile_id", name=op.f("pk_tile_neighbours")),
        schema="terrakin",
        comment="The nearest-neighbour graph of the tiles across cities: the answer to the default question, made beforehand by terrakin db index.",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS terrakin.count_tiles_version() CASCADE")
    op.drop_table("tile_neighbours", schema="terrakin")
    op.drop_table("tiles_version", schema="terrakin")
