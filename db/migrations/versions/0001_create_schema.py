"""Create the extensions, the schemas and all tables."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geography, Geometry
from pgvector.sqlalchemy import Vector
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

TABLES = (
    "countries",
    "country_outlines",
    "encoder",
    "fitted_filters",
    "layouts",
    "spatial_bias",
    "tiles_version",
    "cities",
    "composites",
    "etl_tasks",
    "tiles",
    "tile_aggregates",
    "tile_neighbours",
    "tile_thumbnails",
)
"""In the order in which foreign keys allow them to be created."""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis SCHEMA public")
    op.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
    op.execute("CREATE SCHEMA api")
    op.execute("CREATE SCHEMA internal")
    op.execute("CREATE SCHEMA tiles")
    op.execute("COMMENT ON SCHEMA terrakin IS 'Data: cities, composites, tiles and their embeddings.'")
    op.execute("COMMENT ON SCHEMA api IS 'Functions and views for analysts, QGIS and the web app.'")
    op.execute(
        "COMMENT ON SCHEMA internal IS 'Types and functions that schema api is built from; they may change at any time.'"
    )
    op.execute("COMMENT ON SCHEMA tiles IS 'Vector tiles: function sources for Martin and the web app.'")
    _create_countries()
    _create_country_outlines()
    _create_encoder()
    _create_fitted_filters()
    _create_layouts()
    _create_spatial_bias()
    _create_tiles_version()
    _create_cities()
    _create_composites()
    _create_etl_tasks()
    _create_tiles()
    _create_tile_aggregates()
    _create_tile_neighbours()
    _create_tile_thumbnails()


def downgrade() -> None:
    # Functions and views depend on the tables; `terrakin db migrate` creates them again from sql/.
    op.execute("DROP SCHEMA tiles, api, internal CASCADE")
    for table in reversed(TABLES):
        op.drop_table(table, schema="terrakin")
    op.execute("DROP FUNCTION IF EXISTS terrakin.count_tiles_version()")
    op.execute("DROP TABLE IF EXISTS terrakin.sql_files")


def _create_countries() -> None:
    op.create_table(
        "countries",
        sa.Column("code", sa.Text(), nullable=False, comment="ISO 3166-1 alpha-2 code."),
        sa.Column("name", sa.Text(), nullable=False, comment="English short name of the country."),
        sa.Column("continent", sa.Text(), nullable=False, comment="Continent according to GeoNames, in English."),
        sa.CheckConstraint(
            "continent IN ('Africa', 'Antarctica', 'Asia', 'Europe', 'North America', 'Oceania', 'South America')",
            name=op.f("ck_countries_continent"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_countries")),
        schema="terrakin",
        comment="Countries with at least one city in the catalogue.",
    )


def _create_country_outlines() -> None:
    op.create_table(
        "country_outlines",
        sa.Column("outline_id", sa.Integer(), autoincrement=False, nullable=False, comment="Surrogate key."),
        sa.Column("name", sa.Text(), nullable=False, comment="English name of the country according to Natural Earth."),
        sa.Column(
            "outline",
            Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
            nullable=False,
            comment="Land area, EPSG:4326, simplified to about 3 km: for display, not for measurements.",
        ),
        sa.PrimaryKeyConstraint("outline_id", name=op.f("pk_country_outlines")),
        schema="terrakin",
        comment="Base map that works offline: Natural Earth 1:50m (public domain), written by terrakin qgis setup.",
    )


def _create_encoder() -> None:
    op.create_table(
        "encoder",
        sa.Column(
            "encoder_id",
            sa.SmallInteger(),
            server_default=sa.text("1"),
            autoincrement=False,
            nullable=False,
            comment="Always 1: vectors of different encoders cannot be compared, so a database has only one encoder.",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="mosaiks, galileo_nano or terramind_v1_base."),
        sa.Column(
            "weights",
            sa.Text(),
            nullable=False,
            comment="pretrained: published weights; random: untrained network, whose similarities mean little; fitted: no network, filters sampled from this data set (mosaiks).",
        ),
        sa.Column(
            "weights_sha256", sa.Text(), nullable=False, comment="SHA-256 (hex) of the weights, checked by every run."
        ),
        sa.Column("dimension", sa.SmallInteger(), nullable=False, comment="Number of dimensions of an embedding."),
        sa.Column(
            "excluded_dimensions",
            postgresql.ARRAY(sa.SmallInteger()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="Dimensions (from 0) that encode location rather than content; they are 0 in every stored vector.",
        ),
        sa.Column(
            "post_processing",
            postgresql.JSONB(),
            nullable=False,
            comment='Post-processing of raw patch embeddings and its fitted parameters: {"method": raw, centred, standardised or all_but_the_top, "mean": [...], "std": [...], "components": principal components removed, "removal": what LEACE removes}. Applied to stored vectors and query vectors alike.',
        ),
        sa.Column(
            "fitted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the encoder and its post-processing were fitted.",
        ),
        sa.CheckConstraint("weights IN ('pretrained', 'random', 'fitted')", name=op.f("ck_encoder_weights")),
        sa.CheckConstraint("encoder_id = 1", name=op.f("ck_encoder_one_row")),
        sa.PrimaryKeyConstraint("encoder_id", name=op.f("pk_encoder")),
        schema="terrakin",
        comment="The encoder of all vectors in this database; exactly one row once anything is loaded.",
    )


def _create_fitted_filters() -> None:
    op.create_table(
        "fitted_filters",
        sa.Column(
            "filters_id",
            sa.SmallInteger(),
            server_default=sa.text("1"),
            autoincrement=False,
            nullable=False,
            comment="Always 1: a database has only one encoder.",
        ),
        sa.Column(
            "weights_sha256",
            sa.Text(),
            nullable=False,
            comment="SHA-256 (hex) of the fitted parameters; equal to terrakin.encoder.weights_sha256 once vectors are loaded.",
        ),
        sa.Column(
            "npz",
            sa.LargeBinary(),
            nullable=False,
            comment="NumPy .npz file: band_mean and band_std (12), filters (300 x 384) and offset (384), float32.",
        ),
        sa.Column(
            "fitted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When the filters were fitted.",
        ),
        sa.CheckConstraint("filters_id = 1", name=op.f("ck_fitted_filters_one_row")),
        sa.PrimaryKeyConstraint("filters_id", name=op.f("pk_fitted_filters")),
        schema="terrakin",
        comment="Filters of the encoder mosaiks, fitted by the first process that embeds; at most one row.",
    )


def _create_layouts() -> None:
    op.create_table(
        "layouts",
        sa.Column("layout_id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="Surrogate key."),
        sa.Column("method", sa.Text(), nullable=False, comment="umap."),
        sa.Column(
            "parameters",
            postgresql.JSONB(),
            nullable=False,
            comment="All parameters of the method, with its seed and version.",
        ),
        sa.Column("n_tiles", sa.BigInteger(), nullable=False, comment="Number of tiles that the layout was fitted to."),
        sa.Column(
            "fitted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When the layout was fitted.",
        ),
        sa.Column(
            "n_placed",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Number of tiles added to the layout since it was fitted.",
        ),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When the layout was fitted or tiles were last added.",
        ),
        sa.PrimaryKeyConstraint("layout_id", name=op.f("pk_layouts")),
        schema="terrakin",
        comment="How tiles.umap_x and tiles.umap_y were computed; the newest row applies.",
    )


def _create_spatial_bias() -> None:
    op.create_table(
        "spatial_bias",
        sa.Column(
            "dimension",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="Dimension of the embedding, from 0.",
        ),
        sa.Column(
            "morans_i",
            sa.REAL(),
            nullable=False,
            comment="Moran's I of the dimension over adjacent tiles within cities; 0 means no spatial autocorrelation.",
        ),
        sa.Column(
            "position_r2",
            sa.REAL(),
            nullable=True,
            comment="Share of the variance between cities that is predicted from location, in regions left out of the fit; NULL if there are too few regions.",
        ),
        sa.Column(
            "is_excluded", sa.Boolean(), nullable=False, comment="True if the dimension is 0 in every stored vector."
        ),
        sa.Column(
            "measured_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When the bias was measured, over all tiles loaded at that time.",
        ),
        sa.PrimaryKeyConstraint("dimension", name=op.f("pk_spatial_bias")),
        schema="terrakin",
        comment="Spatial bias of the embedding, one row per dimension: how much each encodes location rather than content; written by terrakin etl bias.",
    )


def _create_tiles_version() -> None:
    op.create_table(
        "tiles_version",
        sa.Column(
            "one_row",
            sa.SmallInteger(),
            server_default=sa.text("1"),
            autoincrement=False,
            nullable=False,
            comment="Always 1.",
        ),
        sa.Column(
            "version",
            sa.BigInteger(),
            nullable=False,
            comment="Incremented by every statement that adds tiles or changes their mean vectors or cities.",
        ),
        sa.CheckConstraint("one_row = 1", name=op.f("ck_tiles_version_one_row")),
        sa.PrimaryKeyConstraint("one_row", name=op.f("pk_tiles_version")),
        schema="terrakin",
        comment="Version of the set of tiles; neighbours computed for another version are not used.",
    )
    op.execute("INSERT INTO terrakin.tiles_version (version) VALUES (0)")


def _create_cities() -> None:
    op.create_table(
        "cities",
        sa.Column(
            "city_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="GeoNames id; of a synthetic town, minus the GeoNames id of the real city at its position.",
        ),
        sa.Column(
            "name", sa.Text(), nullable=False, comment="English name; that of a synthetic town ends in '(synthetic)'."
        ),
        sa.Column("country_code", sa.Text(), nullable=False, comment="Country that contains the centre of the city."),
        sa.Column(
            "population", sa.BigInteger(), nullable=True, comment="Population according to GeoNames; NULL if unknown."
        ),
        sa.Column(
            "location",
            Geography("POINT", srid=4326, spatial_index=False),
            nullable=False,
            comment="Centre of the city, EPSG:4326.",
        ),
        sa.Column(
            "extent",
            Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
            nullable=False,
            comment="Area that is cut into tiles, EPSG:4326. A tile belongs to the city if its centre lies inside.",
        ),
        sa.Column(
            "is_synthetic",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="True for a synthetic town, whose pixels are generated and not observed.",
        ),
        sa.ForeignKeyConstraint(["country_code"], ["terrakin.countries.code"], name=op.f("fk_cities_country_code")),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_cities")),
        schema="terrakin",
        comment="Cities and synthetic demo towns whose imagery is cut into tiles.",
    )
    op.create_index(op.f("ix_cities_country_code"), "cities", ["country_code"], schema="terrakin")
    op.create_index("ix_cities_location", "cities", ["location"], schema="terrakin", postgresql_using="gist")


def _create_composites() -> None:
    op.create_table(
        "composites",
        sa.Column("composite_id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="Surrogate key."),
        sa.Column("city_id", sa.BigInteger(), nullable=False, comment="City that the composite covers."),
        sa.Column(
            "period",
            postgresql.DATERANGE(),
            nullable=False,
            comment="Requested dates (UTC); search_steps records the dates that were searched.",
        ),
        sa.Column("stac_url", sa.Text(), nullable=False, comment="STAC catalogue or API of the scenes."),
        sa.Column("collection", sa.Text(), nullable=False, comment="STAC collection of the scenes."),
        sa.Column(
            "is_synthetic",
            sa.Boolean(),
            nullable=False,
            comment="True if the collection declares its pixels to be synthetic.",
        ),
        sa.Column(
            "item_ids",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="STAC items that the median was computed from, in order of time.",
        ),
        sa.Column(
            "max_cloud_cover",
            sa.REAL(),
            nullable=False,
            comment="Cloud cover limit (percent) of the last search step; scenes above it were left out.",
        ),
        sa.Column(
            "search_steps",
            postgresql.JSONB(),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="How the search was widened, in order: days searched, cloud limit (percent), usable scenes so far, and the share of tiles with three clear observations of 95 % of their pixels.",
        ),
        sa.Column(
            "scenes",
            postgresql.JSONB(),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="Every scene that was considered: its cloud cover, the offset added to its DN, the offset that the item declared and the darkest DN that it was checked against, the tiles left out because of cloud, and why the scene was refused (null: used).",
        ),
        sa.Column(
            "valid_share",
            sa.REAL(),
            nullable=False,
            comment="Share (0..1) of pixels with at least one clear observation.",
        ),
        sa.Column(
            "min_observations",
            sa.SmallInteger(),
            nullable=True,
            comment="Smallest number of clear observations of a pixel; NULL if not recorded.",
        ),
        sa.Column(
            "median_observations",
            sa.REAL(),
            nullable=True,
            comment="Median over the pixels of their number of clear observations; NULL if not recorded.",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When the composite was loaded.",
        ),
        sa.CheckConstraint("valid_share BETWEEN 0 AND 1", name=op.f("ck_composites_valid_share")),
        sa.ForeignKeyConstraint(["city_id"], ["terrakin.cities.city_id"], name=op.f("fk_composites_city_id")),
        sa.PrimaryKeyConstraint("composite_id", name=op.f("pk_composites")),
        sa.UniqueConstraint("city_id", "period", name=op.f("uq_composites_city_id_period")),
        schema="terrakin",
        comment="Cloud-free median composites, one per city and period, and the scenes that they were made from.",
    )


def _create_etl_tasks() -> None:
    op.create_table(
        "etl_tasks",
        sa.Column("city_id", sa.BigInteger(), nullable=False, comment="City of the task."),
        sa.Column("period", postgresql.DATERANGE(), nullable=False, comment="Dates (UTC) of the composite."),
        sa.Column("stage", sa.Text(), nullable=False, comment="composite, embed, aggregate, load or thumbnail."),
        sa.Column(
            "status", sa.Text(), server_default="pending", nullable=False, comment="pending, running, done or failed."
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="Number of attempts."),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True, comment="Start of the last attempt."),
        sa.Column(
            "heartbeat_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Last heartbeat of the worker that runs the task.",
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True, comment="End of the last attempt."),
        sa.Column(
            "worker",
            sa.Text(),
            nullable=True,
            comment="host:process:start time of the ETL process that claimed the task last.",
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="Why the last attempt failed; NULL otherwise."),
        sa.Column(
            "detail",
            postgresql.JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="Figures about the result.",
        ),
        sa.Column(
            "work_folder",
            sa.Text(),
            nullable=True,
            comment="Id of the work folder (its file folder_id) that contains the task's file; machines with the same folder share files.",
        ),
        sa.CheckConstraint(
            "stage IN ('composite', 'embed', 'aggregate', 'load', 'thumbnail')", name=op.f("ck_etl_tasks_stage")
        ),
        sa.CheckConstraint("status IN ('pending', 'running', 'done', 'failed')", name=op.f("ck_etl_tasks_status")),
        sa.ForeignKeyConstraint(
            ["city_id"], ["terrakin.cities.city_id"], name=op.f("fk_etl_tasks_city_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("city_id", "period", "stage", name=op.f("pk_etl_tasks")),
        schema="terrakin",
        comment="Ledger of the ETL, one row per city, period and stage; tasks are claimed with FOR UPDATE SKIP LOCKED.",
    )


def _create_tiles() -> None:
    op.create_table(
        "tiles",
        sa.Column(
            "tile_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="Computed from UTM zone, hemisphere, row, column and month: see api.tile_id and api.tile_cell.",
        ),
        sa.Column(
            "city_id",
            sa.BigInteger(),
            nullable=False,
            comment="City that the tile belongs to; the one with the nearer centre if two extents overlap.",
        ),
        sa.Column("composite_id", sa.BigInteger(), nullable=False, comment="Composite whose pixels were embedded."),
        sa.Column("period", postgresql.DATERANGE(), nullable=False, comment="Dates (UTC) of the composite."),
        sa.Column(
            "footprint",
            Geometry("POLYGON", srid=4326, spatial_index=False),
            nullable=False,
            comment="Outline of the tile's 224 x 224 pixels of 10 m: its four UTM corners in EPSG:4326.",
        ),
        sa.Column(
            "location",
            Geography("POINT", srid=4326, spatial_index=False),
            nullable=False,
            comment="Centre of the tile, EPSG:4326; distances between tiles are measured between centres.",
        ),
        sa.Column(
            "valid_share",
            sa.REAL(),
            nullable=False,
            comment="Share (0..1) of pixels with at least one clear observation.",
        ),
        sa.Column(
            "embedding_mean",
            Vector(768),
            nullable=False,
            comment="Embedding of the whole tile: mean over its valid patches, post-processed. Compare by cosine (<=>).",
        ),
        sa.Column(
            "embedding_dominant",
            Vector(768),
            nullable=False,
            comment="Embedding of the tile's dominant land cover: mean of its largest cluster of patches. Compare by cosine (<=>).",
        ),
        sa.Column(
            "dominant_share", sa.REAL(), nullable=False, comment="Share (0..1) of valid patches in the largest cluster."
        ),
        sa.Column(
            "dominant_patches",
            postgresql.BIT(196),
            nullable=True,
            comment="Members of the largest cluster among the 14 x 14 patches of 160 m: one bit per patch, row by row from the north-west; 0 for patches that are not valid. NULL if not recorded.",
        ),
        sa.Column(
            "umap_x",
            sa.REAL(),
            nullable=True,
            comment="Horizontal coordinate in the UMAP layout; NULL if the tile is not in it.",
        ),
        sa.Column(
            "umap_y",
            sa.REAL(),
            nullable=True,
            comment="Vertical coordinate in the UMAP layout; NULL if the tile is not in it.",
        ),
        sa.Column(
            "is_umap_placed",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="True if the layout was fitted without the tile, and its coordinates were interpolated from its nearest fitted tiles.",
        ),
        sa.CheckConstraint("dominant_share BETWEEN 0 AND 1", name=op.f("ck_tiles_dominant_share")),
        sa.CheckConstraint("valid_share BETWEEN 0 AND 1", name=op.f("ck_tiles_valid_share")),
        sa.ForeignKeyConstraint(["city_id"], ["terrakin.cities.city_id"], name=op.f("fk_tiles_city_id")),
        sa.ForeignKeyConstraint(
            ["composite_id"], ["terrakin.composites.composite_id"], name=op.f("fk_tiles_composite_id")
        ),
        sa.PrimaryKeyConstraint("tile_id", name=op.f("pk_tiles")),
        schema="terrakin",
        comment="Tiles of 2,240 m x 2,240 m, one row per tile and month: position (PostGIS) and embeddings (pgvector).",
    )
    op.create_index(op.f("ix_tiles_city_id"), "tiles", ["city_id"], schema="terrakin")
    op.create_index(op.f("ix_tiles_composite_id"), "tiles", ["composite_id"], schema="terrakin")
    op.create_index("ix_tiles_footprint", "tiles", ["footprint"], schema="terrakin", postgresql_using="gist")
    op.create_index("ix_tiles_location", "tiles", ["location"], schema="terrakin", postgresql_using="gist")
    op.create_index(
        "ix_tiles_umap", "tiles", ["umap_x", "umap_y"], schema="terrakin", postgresql_include=["tile_id", "city_id"]
    )
    # In the row and not in TOAST: comparing many mean vectors is five times faster (docs/performance.md).
    op.execute("ALTER TABLE terrakin.tiles ALTER COLUMN embedding_mean SET STORAGE PLAIN")


def _create_tile_aggregates() -> None:
    op.create_table(
        "tile_aggregates",
        sa.Column("tile_id", sa.BigInteger(), nullable=False, comment="The tile."),
        sa.Column(
            "method", sa.Text(), nullable=False, comment="median, min or max of each dimension over the valid patches."
        ),
        sa.Column("embedding", Vector(768), nullable=False, comment="The aggregated vector, post-processed."),
        sa.CheckConstraint("method IN ('median', 'min', 'max')", name=op.f("ck_tile_aggregates_method")),
        sa.ForeignKeyConstraint(
            ["tile_id"], ["terrakin.tiles.tile_id"], name=op.f("fk_tile_aggregates_tile_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tile_id", "method", name=op.f("pk_tile_aggregates")),
        schema="terrakin",
        comment="Further aggregates of a tile's patches. They have no vector index: searches compare all of them.",
    )


def _create_tile_neighbours() -> None:
    op.create_table(
        "tile_neighbours",
        sa.Column("tile_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="The tile."),
        sa.Column(
            "tiles_version",
            sa.BigInteger(),
            nullable=False,
            comment="terrakin.tiles_version at the time of computation; the row is used only while they are equal.",
        ),
        sa.Column(
            "neighbour_tile_ids",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="The 240 tiles of other cities with the most similar mean vectors, by exact comparison, most similar first.",
        ),
        sa.ForeignKeyConstraint(
            ["tile_id"], ["terrakin.tiles.tile_id"], name=op.f("fk_tile_neighbours_tile_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tile_id", name=op.f("pk_tile_neighbours")),
        schema="terrakin",
        comment="Nearest neighbours of each tile in other cities, precomputed by terrakin db index; they answer the default search.",
    )


def _create_tile_thumbnails() -> None:
    op.create_table(
        "tile_thumbnails",
        sa.Column("tile_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="The tile."),
        sa.Column(
            "webp",
            sa.LargeBinary(),
            nullable=False,
            comment="True-colour image of the tile, WebP, 128 x 128 px, north up: B04, B03, B02, reflectance 0 to 0.3 with gamma 1.4 for every tile; transparent where there are no data.",
        ),
        sa.ForeignKeyConstraint(
            ["tile_id"], ["terrakin.tiles.tile_id"], name=op.f("fk_tile_thumbnails_tile_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tile_id", name=op.f("pk_tile_thumbnails")),
        schema="terrakin",
        comment="Thumbnails of the tiles, all with the same stretch.",
    )
    # WebP is compressed already.
    op.execute("ALTER TABLE terrakin.tile_thumbnails ALTER COLUMN webp SET STORAGE EXTERNAL")
