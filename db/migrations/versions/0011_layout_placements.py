"""Tiles placed into a layout beside those it was fitted with, and when a layout last changed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column(
        "tiles",
        sa.Column(
            "is_umap_placed",
            sa.Boolean,
            nullable=False,
            server_default=sa.text("false"),
            comment="True where the layout was fitted without the tile, and its place computed afterwards from the fitted tiles most like it.",
        ),
        schema="terrakin",
    )
    op.add_column(
        "layouts",
        sa.Column(
            "n_placed",
            sa.BigInteger,
            nullable=False,
            server_default=sa.text("0"),
            comment="Tiles that were placed into it after the fit, all placements counted.",
        ),
        schema="terrakin",
    )
    op.add_column(
        "layouts",
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("now()"),
            comment="When it was fitted or tiles were last placed into it.",
        ),
        schema="terrakin",
    )
    op.execute("UPDATE terrakin.layouts SET changed_at = fitted_at")


def downgrade() -> None:
    op.drop_column("layouts", "changed_at", schema="terrakin")
    op.drop_column("layouts", "n_placed", schema="terrakin")
    op.drop_column("tiles", "is_umap_placed", schema="terrakin")
