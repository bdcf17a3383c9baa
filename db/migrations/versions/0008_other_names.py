"""Add the names of cities in other languages. `terrakin etl run` fills them in."""

from alembic import op

revision = "0008"
down_revision = "0007"

UPGRADE = """
    ALTER TABLE terrakin.cities ADD COLUMN other_names text NOT NULL DEFAULT '';
    COMMENT ON COLUMN terrakin.cities.other_names IS
        'Names in other languages, as api.search_cities compares them, separated by ''|''.';
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute("ALTER TABLE terrakin.cities DROP COLUMN other_names")
