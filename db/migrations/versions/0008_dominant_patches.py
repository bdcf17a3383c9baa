"""Which patches of a tile make up its largest cluster: what embedding_dominant is the mean of can be drawn on a map."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "tiles",
        sa.Column(
            "dominant_patches",
            postgresql.BIT(196),
            nullable=True,
            comment="Which of the 14 x 14 patches of 160 m make up that largest cluster: one bit a patch, row by row from the north-west; 0 also where a patch is not valid. NULL where it was not recorded.",
        ),
        schema="terrakin",
    )


def downgrade() -> None:
    op.drop_column("tiles", "dominant_patches", schema="terrakin")
