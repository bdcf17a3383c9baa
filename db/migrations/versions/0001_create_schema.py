"""The first tables: cities, composites, tiles with their embeddings, the encoder and the ledger of the ETL."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geography, Geometry
from pgvector.sqlalchemy import Vector
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis SCHEMA public")
    op.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
    op.execute("CREATE SCHEMA api")
    op.execute("CREATE SCHEMA internal")
    op.execute("CREATE SCHEMA tiles")
    op.execute("COMMENT ON SCHEMA terrakin IS 'The data: cities, composites, tiles and their embeddings.'")
    op.execute("COMMENT ON SCHEMA api IS 'The questions: functions and views for analysts, QGIS and the web app.'")
    op.execute("COMMENT ON SCHEMA internal IS 'Parts of the functions in api; not for direct use.'")
    op.execute("COMMENT ON SCHEMA tiles IS 'Vector tiles: function sources for Martin and the web app.'")
    op.create_table(
        "countries",
        sa.Column("code", sa.Text(), nullable=False, comment="ISO 3166-1 alpha-2 country code."),
        sa.Column("name", sa.Text(), nullable=False, comment="English short name of the country."),
        sa.Column(
            "continent",
            sa.Text(),
            nullable=False,
            comment="Continent by GeoNames, in English: Africa, Asia, Europe ...",
        ),
        sa.CheckConstraint(
            "continent IN ('Africa', 'Antarctica', 'Asia', 'Europe', 'North America', 'Oceania', 'South America')",
            name=op.f("ck_countries_continent"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_countries")),
        schema="terrakin",
        comment="Countries that hold at least one city of the catalogue.",
    )
    op.create_table(
        "encoder",
        sa.Column(
            "encoder_id",
            sa.SmallInteger(),
            server_default=sa.text("1"),
            autoincrement=False,
            nullable=False,
            comment="Always 1: all vectors of a database come from one encoder, else they cannot be compared.",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="terramind_v1_base or mosaiks."),
        sa.Column(
            "weights",
            sa.Text(),
            nullable=False,
            comment="pretrained: published weights; random: untrained network, similarities mean little; fitted: no network, filters sampled from this data set (mosaiks).",
        ),
        sa.Column(
            "weights_sha256",
            sa.Text(),
            nullable=False,
            comment="SHA-256 (hex) of the weights, so that a run is checked.",
        ),
        sa.Column("dimension", sa.SmallInteger(), nullable=False, comment="Numbers in one embedding."),
        sa.Column(
            "excluded_dimensions",
            postgresql.ARRAY(sa.SmallInteger()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="Dimensions (from 0) that say where rather than what; they are 0 in every stored vector.",
        ),
        sa.Column(
            "post_processing",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment='How raw patch embeddings became comparable, and the fitted numbers: {"method": "standardised", "mean": [...], "std": [...]}. Applied to stored vectors and query vectors alike.',
        ),
        sa.Column(
            "fitted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When encoder and post-processing were fitted.",
        ),
        sa.CheckConstraint("weights IN ('pretrained', 'random', 'fitted')", name=op.f("ck_encoder_weights")),
        sa.CheckConstraint("encoder_id = 1", name=op.f("ck_encoder_one_row")),
        sa.PrimaryKeyConstraint("encoder_id", name=op.f("pk_encoder")),
        schema="terrakin",
        comment="The encoder that made every vector of this database: exactly one row once anything is loaded.",
    )
    op.create_table(
        "layouts",
        sa.Column(
            "layout_id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="Number without meaning."
        ),
        sa.Column("method", sa.Text(), nullable=False, comment="umap."),
        sa.Column(
            "parameters",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="Everything that was passed to the method, seed and version.",
        ),
        sa.Column("n_tiles", sa.BigInteger(), nullable=False, comment="Tiles that were laid out."),
        sa.Column(
            "fitted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When the layout was fitted.",
        ),
        sa.PrimaryKeyConstraint("layout_id", name=op.f("pk_layouts")),
        schema="terrakin",
        comment="How the coordinates tiles.umap_x and umap_y were made; the newest row holds.",
    )
    op.create_table(
        "cities",
        sa.Column(
            "city_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="GeoNames id; negative (minus the GeoNames id of the real city there) for a synthetic town.",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="English name; a synthetic town ends in '(synthetic)'."),
        sa.Column("country_code", sa.Text(), nullable=False, comment="Country that holds the centre of the city."),
        sa.Column("population", sa.BigInteger(), nullable=True, comment="Inhabitants by GeoNames; NULL where unknown."),
        sa.Column(
            "location",
            Geography(geometry_type="POINT", srid=4326, spatial_index=False),
            nullable=False,
            comment="Centre of the city, EPSG:4326.",
        ),
        sa.Column(
            "extent",
            Geometry(geometry_type="MULTIPOLYGON", srid=4326, spatial_index=False),
            nullable=False,
            comment="Area whose tiles are computed, EPSG:4326. A tile belongs to it when its centre lies inside.",
        ),
        sa.Column(
            "is_synthetic",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="True where the town is made up: its pixels never were on a satellite.",
        ),
        sa.ForeignKeyConstraint(["country_code"], ["terrakin.countries.code"], name=op.f("fk_cities_country_code")),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_cities")),
        schema="terrakin",
        comment="Cities (and demo towns) whose imagery is cut into tiles.",
    )
    op.create_index(op.f("ix_cities_country_code"), "cities", ["country_code"], unique=False, schema="terrakin")
    op.create_index("ix_cities_location", "cities", ["location"], schema="terrakin", postgresql_using="gist")
    op.create_table(
        "composites",
        sa.Column(
            "composite_id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="Number without meaning."
        ),
        sa.Column("city_id", sa.BigInteger(), nullable=False, comment="City that it covers."),
        sa.Column(
            "period", postgresql.DATERANGE(), nullable=False, comment="Dates (UTC) that were searched for scenes."
        ),
        sa.Column("stac_url", sa.Text(), nullable=False, comment="STAC catalogue or API that the scenes came from."),
        sa.Column("collection", sa.Text(), nullable=False, comment="STAC collection of the scenes."),
        sa.Column(
            "is_synthetic",
            sa.Boolean(),
            nullable=False,
            comment="True where the collection says that its pixels are made up.",
        ),
        sa.Column(
            "item_ids",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="STAC items that went into the median, in order of time.",
        ),
        sa.Column(
            "max_cloud_cover",
            sa.REAL(),
            nullable=False,
            comment="Scenes above this cloud cover (percent) were left out.",
        ),
        sa.Column(
            "valid_share", sa.REAL(), nullable=False, comment="Share (0..1) of pixels with at least one clear look."
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was loaded.",
        ),
        sa.CheckConstraint("valid_share BETWEEN 0 AND 1", name=op.f("ck_composites_valid_share")),
        sa.ForeignKeyConstraint(["city_id"], ["terrakin.cities.city_id"], name=op.f("fk_composites_city_id")),
        sa.PrimaryKeyConstraint("composite_id", name=op.f("pk_composites")),
        sa.UniqueConstraint("city_id", "period", name=op.f("uq_composites_city_id_period")),
        schema="terrakin",
        comment="Cloud-free median composites, one a city and period, and where their pixels came from.",
    )
    op.create_table(
        "etl_tasks",
        sa.Column("city_id", sa.BigInteger(), nullable=False, comment="The city that the work is about."),
        sa.Column(
            "period",
            postgresql.DATERANGE(),
            nullable=False,
            comment="Dates (UTC) of the composite that the work is about.",
        ),
        sa.Column("stage", sa.Text(), nullable=False, comment="composite, embed, aggregate or load."),
        sa.Column(
            "status", sa.Text(), server_default="pending", nullable=False, comment="pending, running, done or failed."
        ),
        sa.Column(
            "attempts", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="How often it was begun."
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True, comment="When the last attempt began."),
        sa.Column(
            "heartbeat_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Last sign of life of the worker that runs it.",
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True, comment="When the last attempt ended."),
        sa.Column(
            "worker",
            sa.Text(),
            nullable=True,
            comment="host:process:start time of the ETL process that has, or had, the task.",
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="Why the last attempt failed; NULL otherwise."),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="Figures of the result.",
        ),
        sa.CheckConstraint("stage IN ('composite', 'embed', 'aggregate', 'load')", name=op.f("ck_etl_tasks_stage")),
        sa.CheckConstraint("status IN ('pending', 'running', 'done', 'failed')", name=op.f("ck_etl_tasks_status")),
        sa.ForeignKeyConstraint(
            ["city_id"], ["terrakin.cities.city_id"], name=op.f("fk_etl_tasks_city_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("city_id", "period", "stage", name=op.f("pk_etl_tasks")),
        schema="terrakin",
        comment="The ledger of the ETL: what is done, what failed and why. Claimed with FOR UPDATE SKIP LOCKED.",
    )
    op.create_table(
        "tiles",
        sa.Column(
            "tile_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="Made from UTM zone, hemisphere, row, column and month: see api.tile_id and api.tile_cell.",
        ),
        sa.Column(
            "city_id",
            sa.BigInteger(),
            nullable=False,
            comment="City that the tile belongs to (the nearer one where two claim it).",
        ),
        sa.Column("composite_id", sa.BigInteger(), nullable=False, comment="Composite whose pixels were embedded."),
        sa.Column("period", postgresql.DATERANGE(), nullable=False, comment="Dates (UTC) of the composite."),
        sa.Column(
            "footprint",
            Geometry(geometry_type="POLYGON", srid=4326, spatial_index=False),
            nullable=False,
            comment="Outline of the tile's 224 x 224 pixels of 10 m: its four UTM corners in EPSG:4326.",
        ),
        sa.Column(
            "location",
            Geography(geometry_type="POINT", srid=4326, spatial_index=False),
            nullable=False,
            comment="Centre of the tile, EPSG:4326; distances between tiles are measured from here.",
        ),
        sa.Column(
            "valid_share", sa.REAL(), nullable=False, comment="Share (0..1) of the tile's pixels with a clear look."
        ),
        sa.Column(
            "embedding_mean",
            Vector(768),
            nullable=False,
            comment="What the tile looks like: mean over its valid patches, post-processed. Compare by cosine (<=>).",
        ),
        sa.Column(
            "embedding_dominant",
            Vector(768),
            nullable=False,
            comment="What most of the tile looks like: mean of its largest cluster of patches. Compare by cosine (<=>).",
        ),
        sa.Column(
            "dominant_share",
            sa.REAL(),
            nullable=False,
            comment="Share (0..1) of the valid patches in that largest cluster.",
        ),
        sa.Column(
            "umap_x",
            sa.REAL(),
            nullable=True,
            comment="Horizontal place in the UMAP layout; NULL until the layout is made.",
        ),
        sa.Column(
            "umap_y",
            sa.REAL(),
            nullable=True,
            comment="Vertical place in the UMAP layout; NULL until the layout is made.",
        ),
        sa.CheckConstraint("dominant_share BETWEEN 0 AND 1", name=op.f("ck_tiles_dominant_share")),
        sa.CheckConstraint("valid_share BETWEEN 0 AND 1", name=op.f("ck_tiles_valid_share")),
        sa.ForeignKeyConstraint(["city_id"], ["terrakin.cities.city_id"], name=op.f("fk_tiles_city_id")),
        sa.ForeignKeyConstraint(
            ["composite_id"], ["terrakin.composites.composite_id"], name=op.f("fk_tiles_composite_id")
        ),
        sa.PrimaryKeyConstraint("tile_id", name=op.f("pk_tiles")),
        schema="terrakin",
        comment="One row a tile of 2,240 m x 2,240 m and month: where it is (PostGIS) and what it looks like (pgvector).",
    )
    op.create_index(op.f("ix_tiles_city_id"), "tiles", ["city_id"], unique=False, schema="terrakin")
    op.create_index(op.f("ix_tiles_composite_id"), "tiles", ["composite_id"], unique=False, schema="terrakin")
    op.create_index("ix_tiles_footprint", "tiles", ["footprint"], schema="terrakin", postgresql_using="gist")
    op.create_index("ix_tiles_location", "tiles", ["location"], schema="terrakin", postgresql_using="gist")
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
        comment="Further ways to sum up a tile's patches; searched exactly, they have no vector index.",
    )
    op.create_table(
        "tile_thumbnails",
        sa.Column("tile_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="The tile."),
        sa.Column("webp", sa.LargeBinary(), nullable=False, comment="True-colour picture of the tile, WebP."),
        sa.ForeignKeyConstraint(
            ["tile_id"], ["terrakin.tiles.tile_id"], name=op.f("fk_tile_thumbnails_tile_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tile_id", name=op.f("pk_tile_thumbnails")),
        schema="terrakin",
        comment="Small pictures of the tiles for the map's result list.",
    )


def downgrade() -> None:
    # Functions and views stand on the tables; `terrakin db migrate` makes them again from sql/.
    op.execute("DROP SCHEMA tiles, api, internal CASCADE")
    op.execute("DROP TABLE IF EXISTS terrakin.sql_files")
    for table in (
        "tile_thumbnails",
        "tile_aggregates",
        "tiles",
        "etl_tasks",
        "composites",
        "cities",
        "layouts",
        "encoder",
        "countries",
    ):
        op.drop_table(table, schema="terrakin")
