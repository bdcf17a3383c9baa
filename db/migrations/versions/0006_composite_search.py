"""How a composite's scenes were found and checked: the steps of the search, each scene's offset, the clear looks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column(
        "composites",
        sa.Column(
            "search_steps",
            postgresql.JSONB(),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="How the search was widened, in order: days searched, cloud limit (percent), usable scenes so far, and the share of tiles with three clear looks on 95 % of their pixels.",
        ),
        schema="terrakin",
    )
    op.add_column(
        "composites",
        sa.Column(
            "scenes",
            postgresql.JSONB(),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="Every scene that was looked at: its cloud cover, the offset added to its DN, what the item claimed and the darkest DN that was checked against it, tiles left out as hidden by cloud, why it was refused (null: used).",
        ),
        schema="terrakin",
    )
    op.add_column(
        "composites",
        sa.Column(
            "min_looks",
            sa.SmallInteger(),
            nullable=True,
            comment="Fewest clear looks of any pixel; NULL where it was not recorded.",
        ),
        schema="terrakin",
    )
    op.add_column(
        "composites",
        sa.Column(
            "median_looks",
            sa.REAL(),
            nullable=True,
            comment="Median over the pixels of their clear looks; NULL where it was not recorded.",
        ),
        schema="terrakin",
    )
    op.alter_column(
        "composites",
        "period",
        comment="Dates (UTC) that were asked for; search_steps says which were searched.",
        schema="terrakin",
    )
    op.alter_column(
        "composites",
        "max_cloud_cover",
        comment="Scenes above this cloud cover (percent) were left out at the last step of the search.",
        schema="terrakin",
    )


def downgrade() -> None:
    op.drop_column("composites", "median_looks", schema="terrakin")
    op.drop_column("composites", "min_looks", schema="terrakin")
    op.drop_column("composites", "scenes", schema="terrakin")
    op.drop_column("composites", "search_steps", schema="terrakin")
    op.alter_column("composites", "period", comment="Dates (UTC) that were searched for scenes.", schema="terrakin")
    op.alter_column(
        "composites",
        "max_cloud_cover",
        comment="Scenes above this cloud cover (percent) were left out.",
        schema="terrakin",
    )
