"""Record dates, licences and attributions of composites, the default method, and the texture of tiles."""

from alembic import op

revision = "0002"
down_revision = "0001"

UPGRADE = """
    ALTER TABLE terrakin.composites
        ADD COLUMN is_date_known boolean NOT NULL DEFAULT true,
        ADD COLUMN licences text[] NOT NULL DEFAULT '{}',
        ADD COLUMN attributions text[] NOT NULL DEFAULT '{}';
    COMMENT ON COLUMN terrakin.composites.is_date_known IS
        'False if the source of the pixels gives no date: period is nominal, and a search with a period leaves the tiles out.';
    COMMENT ON COLUMN terrakin.composites.licences IS
        'Licences that the scenes declare (property license), in alphabetical order.';
    COMMENT ON COLUMN terrakin.composites.attributions IS
        'Attributions that the scenes ask for (property attribution), in alphabetical order.';
    ALTER TABLE terrakin.encoder
        ADD COLUMN default_method text NOT NULL DEFAULT 'mean'
            CONSTRAINT ck_encoder_default_method CHECK (default_method IN ('mean', 'mean_std'));
    COMMENT ON COLUMN terrakin.encoder.default_method IS 'Method of a search that names none: mean or mean_std.';
    COMMENT ON COLUMN terrakin.encoder.post_processing IS
        'Post-processing of raw patch embeddings and its fitted parameters: {"method": raw, centred, standardised or all_but_the_top, "mean": [...], "std": [...], "components": principal components removed, "removal": what LEACE removes, "texture": {"mean": [...], "std": [...]} of the standard deviation over the patches of a tile, "fitted_on": real or synthetic, "n_tiles": number of tiles of the fit}. Applied to stored vectors and query vectors alike.';
    ALTER TABLE terrakin.tile_aggregates
        DROP CONSTRAINT ck_tile_aggregates_method,
        ADD CONSTRAINT ck_tile_aggregates_method CHECK (method IN ('median', 'min', 'max', 'std'));
    COMMENT ON COLUMN terrakin.tile_aggregates.method IS
        'median, min, max or std (standard deviation) of each dimension over the valid patches.';
    COMMENT ON TABLE terrakin.cities IS
        'Cities, other places, and synthetic demo towns whose imagery is cut into tiles.';
    COMMENT ON COLUMN terrakin.cities.city_id IS
        'GeoNames id; negative for what has none: a synthetic town (minus the GeoNames id of the real city at its position) or a place that is no city.';
"""
DOWNGRADE = """
    DROP VIEW IF EXISTS api.city_overview, api.period_overview;
    DROP VIEW IF EXISTS api.tile_overview;
    DELETE FROM terrakin.tile_aggregates WHERE method = 'std';
    ALTER TABLE terrakin.tile_aggregates
        DROP CONSTRAINT ck_tile_aggregates_method,
        ADD CONSTRAINT ck_tile_aggregates_method CHECK (method IN ('median', 'min', 'max'));
    ALTER TABLE terrakin.encoder DROP COLUMN default_method;
    ALTER TABLE terrakin.composites
        DROP COLUMN is_date_known,
        DROP COLUMN licences,
        DROP COLUMN attributions;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
