"""What terrakin.encoder.post_processing may hold: four forms, and linear removal of place."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.alter_column(
        "encoder",
        "post_processing",
        comment='How raw patch embeddings became comparable, and the fitted numbers: {"method": raw, centred, standardised or all_but_the_top, "mean": [...], "std": [...], "components": principal components taken off, "removal": what LEACE takes off}. Applied to stored vectors and query vectors alike.',
        schema="terrakin",
    )


def downgrade() -> None:
    op.alter_column(
        "encoder",
        "post_processing",
        comment='How raw patch embeddings became comparable, and the fitted numbers: {"method": "standardised", "mean": [...], "std": [...]}. Applied to stored vectors and query vectors alike.',
        schema="terrakin",
    )
