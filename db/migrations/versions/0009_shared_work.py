"""Several machines share one run: all embed with the same filters, and each knows which work files are its own."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "fitted_filters",
        sa.Column(
            "filters_id",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            server_default=sa.text("1"),
            comment="Always 1: all vectors of a database come from one encoder.",
        ),
        sa.Column(
            "weights_sha256",
            sa.Text(),
            nullable=False,
            comment="SHA-256 (hex) of the fitted numbers, the same as in terrakin.encoder once vectors are loaded.",
        ),
        sa.Column(
            "npz",
            sa.LargeBinary(),
            nullable=False,
            comment="NumPy's .npz file: band_mean and band_std (12), filters (300 x 384) and offset (384), float32.",
        ),
        sa.Column(
            "fitted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When they were fitted.",
        ),
        sa.PrimaryKeyConstraint("filters_id", name=op.f("pk_fitted_filters")),
        sa.CheckConstraint("filters_id = 1", name=op.f("ck_fitted_filters_one_row")),
        schema="terrakin",
        comment="The filters of the encoder mosaiks, fitted by the process that came first: at most one row.",
    )
    op.add_column(
        "etl_tasks",
        sa.Column(
            "work_folder",
            sa.Text(),
            nullable=True,
            comment="Id of the work folder that holds a finished task's file (its file folder_id): machines with one folder share files.",
        ),
        schema="terrakin",
    )


def downgrade() -> None:
    op.drop_column("etl_tasks", "work_folder", schema="terrakin")
    op.drop_table("fitted_filters", schema="terrakin")
