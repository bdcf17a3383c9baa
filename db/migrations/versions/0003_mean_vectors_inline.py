"""Mean vectors lie in the row, not in TOAST: comparing many of them is five times faster (docs/performance.md)."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Rows of before move when `terrakin db index` shuffles them, or with VACUUM FULL.
    op.execute("ALTER TABLE terrakin.tiles ALTER COLUMN embedding_mean SET STORAGE PLAIN")


def downgrade() -> None:
    op.execute("ALTER TABLE terrakin.tiles ALTER COLUMN embedding_mean SET STORAGE EXTERNAL")
