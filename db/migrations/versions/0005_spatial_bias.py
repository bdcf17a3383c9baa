"""The figures of spatial bias, a row a dimension: why a dimension is excluded can be read beside the vectors."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "spatial_bias",
        sa.Column(
            "dimension",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="Dimension of the embedding, from 0.",
        ),
        sa.Column(
            "morans_i",
            sa.REAL(),
            nullable=False,
            comment="How alike neighbouring tiles of a city are in it: Moran's I inside cities, 0 for not at all.",
        ),
        sa.Column(
            "position_r2",
            sa.REAL(),
            nullable=True,
            comment="How much of its variance over cities their place on Earth foretells, in regions left out of the fit; NULL where there are too few regions to tell.",
        ),
        sa.Column(
            "is_excluded",
            sa.Boolean(),
            nullable=False,
            comment="True where it is 0 in every stored vector.",
        ),
        sa.Column(
            "measured_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was measured, over all tiles of that time.",
        ),
        sa.PrimaryKeyConstraint("dimension", name=op.f("pk_spatial_bias")),
        schema="terrakin",
        comment="Which dimensions of the embedding say where rather than what: a row a dimension, by terrakin etl bias.",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS api.spatial_bias()")
    op.drop_table("spatial_bias", schema="terrakin")
