"""Describe thumbnails of 224 px. Those of 128 px are replaced by the next run of stage thumbnail."""

from alembic import op

revision = "0007"
down_revision = "0006"

COMMENT = """
    COMMENT ON COLUMN terrakin.tile_thumbnails.webp IS
    'True-colour image of the tile, WebP, {0} x {0} px, north up: B04, B03, B02, reflectance 0 to 0.3 with gamma 1.4 for every tile; transparent where there are no data.'
"""


def upgrade() -> None:
    op.execute(COMMENT.format(224))


def downgrade() -> None:
    op.execute(COMMENT.format(128))
