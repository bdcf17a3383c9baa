"""Cut the footprints of tiles on the antimeridian in two."""

from alembic import op

revision = "0006"
down_revision = "0005"

UPGRADE = """
    DROP VIEW IF EXISTS api.tile_overview;
    ALTER TABLE terrakin.tiles ALTER COLUMN footprint TYPE geometry(MultiPolygon, 4326) USING ST_Multi(CASE
        WHEN ST_XMax(footprint) - ST_XMin(footprint) > 180 THEN ST_WrapX(ST_ShiftLongitude(footprint), 180, -360)
        ELSE footprint
    END);
    COMMENT ON COLUMN terrakin.tiles.footprint IS
        'Outline of the tile''s 224 x 224 pixels of 10 m: its four UTM corners in EPSG:4326, cut in two at the '
        'antimeridian.';
"""
DOWNGRADE = """
    DROP VIEW IF EXISTS api.tile_overview;
    ALTER TABLE terrakin.tiles ALTER COLUMN footprint TYPE geometry(Polygon, 4326)
        USING CASE
            WHEN ST_NumGeometries(footprint) > 1 THEN ST_ConvexHull(ST_ShiftLongitude(footprint))
            ELSE ST_GeometryN(footprint, 1)
        END;
    COMMENT ON COLUMN terrakin.tiles.footprint IS
        'Outline of the tile''s 224 x 224 pixels of 10 m: its four UTM corners in EPSG:4326.';
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
