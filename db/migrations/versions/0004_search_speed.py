"""Find the lists of a group by an index, and compare fewer keys of tiles."""

from alembic import op

revision = "0004"
down_revision = "0003"

UPGRADE = """
    CREATE INDEX ix_embedding_lists_parent_id ON terrakin.embedding_lists (set_id, parent_id);
    UPDATE terrakin.embedding_sets SET max_compared = 4000 WHERE unit = 'tile' AND max_compared = 5000;
    COMMENT ON COLUMN terrakin.embedding_keys.key IS
        'The vector, or its principal components, of unit length: the inner product (<#>) is the cosine.';
"""
DOWNGRADE = """
    DROP INDEX terrakin.ix_embedding_lists_parent_id;
    UPDATE terrakin.embedding_sets SET max_compared = 5000 WHERE unit = 'tile' AND max_compared = 4000;
    COMMENT ON COLUMN terrakin.embedding_keys.key IS
        'The vector, or its principal components; compared by cosine (<=>).';
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
