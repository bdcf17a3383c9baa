"""The tables of schema ``terrakin`` as SQLAlchemy metadata: what Alembic's ``check`` compares the database with.

Every table and column carries its COMMENT here; analysts read it in psql, DBeaver and QGIS.
"""

from geoalchemy2 import Geography, Geometry
from pgvector.sqlalchemy import Vector
from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIT, DATERANGE, JSONB

EMBEDDING_DIMENSION = 768
"""Numbers in one embedding: the width of TerraMind base; every other encoder is made to match it."""
PATCHES_PER_TILE = 196
"""14 x 14 patches of 16 pixels."""

metadata = MetaData(
    schema="terrakin",
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    },
)

CONTINENTS = ("Africa", "Antarctica", "Asia", "Europe", "North America", "Oceania", "South America")

countries = Table(
    "countries",
    metadata,
    Column("code", Text, primary_key=True, comment="ISO 3166-1 alpha-2 country code."),
    Column("name", Text, nullable=False, comment="English short name of the country."),
    Column(
        "continent",
        Text,
        nullable=False,
        comment="Continent by GeoNames, in English: Africa, Asia, Europe ...",
    ),
    CheckConstraint(f"continent IN {CONTINENTS}", name="continent"),
    comment="Countries that hold at least one city of the catalogue.",
)

cities = Table(
    "cities",
    metadata,
    Column(
        "city_id",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="GeoNames id; negative (minus the GeoNames id of the real city there) for a synthetic town.",
    ),
    Column("name", Text, nullable=False, comment="English name; a synthetic town ends in '(synthetic)'."),
    Column(
        "country_code",
        Text,
        ForeignKey("terrakin.countries.code"),
        nullable=False,
        index=True,
        comment="Country that holds the centre of the city.",
    ),
    Column("population", BigInteger, comment="Inhabitants by GeoNames; NULL where unknown."),
    Column(
        "location",
        Geography("POINT", srid=4326, spatial_index=False),
        nullable=False,
        comment="Centre of the city, EPSG:4326.",
    ),
    Column(
        "extent",
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
        nullable=False,
        comment="Area whose tiles are computed, EPSG:4326. A tile belongs to it when its centre lies inside.",
    ),
    Column(
        "is_synthetic",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="True where the town is made up: its pixels never were on a satellite.",
    ),
    Index("ix_cities_location", "location", postgresql_using="gist"),
    comment="Cities (and demo towns) whose imagery is cut into tiles.",
)

encoder = Table(
    "encoder",
    metadata,
    Column(
        "encoder_id",
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        server_default=text("1"),
        comment="Always 1: all vectors of a database come from one encoder, else they cannot be compared.",
    ),
    Column("name", Text, nullable=False, comment="terramind_v1_base or mosaiks."),
    Column(
        "weights",
        Text,
        nullable=False,
        comment="pretrained: published weights; random: untrained network, similarities mean little; "
        "fitted: no network, filters sampled from this data set (mosaiks).",
    ),
    Column(
        "weights_sha256",
        Text,
        nullable=False,
        comment="SHA-256 (hex) of the weights, so that a run is checked.",
    ),
    Column("dimension", SmallInteger, nullable=False, comment="Numbers in one embedding."),
    Column(
        "excluded_dimensions",
        ARRAY(SmallInteger),
        nullable=False,
        server_default=text("'{}'"),
        comment="Dimensions (from 0) that say where rather than what; they are 0 in every stored vector.",
    ),
    Column(
        "post_processing",
        JSONB,
        nullable=False,
        comment='How raw patch embeddings became comparable, and the fitted numbers: {"method": raw, centred, '
        'standardised or all_but_the_top, "mean": [...], "std": [...], "components": principal components taken off, '
        '"removal": what LEACE takes off}. Applied to stored vectors and query vectors alike.',
    ),
    Column(
        "fitted_at",
        DateTime(timezone=True),
        nullable=False,
        comment="When encoder and post-processing were fitted.",
    ),
    CheckConstraint("encoder_id = 1", name="one_row"),
    CheckConstraint("weights IN ('pretrained', 'random', 'fitted')", name="weights"),
    comment="The encoder that made every vector of this database: exactly one row once anything is loaded.",
)

fitted_filters = Table(
    "fitted_filters",
    metadata,
    Column(
        "filters_id",
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        server_default=text("1"),
        comment="Always 1: all vectors of a database come from one encoder.",
    ),
    Column(
        "weights_sha256",
        Text,
        nullable=False,
        comment="SHA-256 (hex) of the fitted numbers, the same as in terrakin.encoder once vectors are loaded.",
    ),
    Column(
        "npz",
        LargeBinary,
        nullable=False,
        comment="NumPy's .npz file: band_mean and band_std (12), filters (300 x 384) and offset (384), float32.",
    ),
    Column(
        "fitted_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When they were fitted.",
    ),
    CheckConstraint("filters_id = 1", name="one_row"),
    comment="The filters of the encoder mosaiks, fitted by the process that came first: at most one row.",
)

spatial_bias = Table(
    "spatial_bias",
    metadata,
    Column(
        "dimension",
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        comment="Dimension of the embedding, from 0.",
    ),
    Column(
        "morans_i",
        REAL,
        nullable=False,
        comment="How alike neighbouring tiles of a city are in it: Moran's I inside cities, 0 for not at all.",
    ),
    Column(
        "position_r2",
        REAL,
        comment="How much of its variance over cities their place on Earth foretells, in regions left out of the "
        "fit; NULL where there are too few regions to tell.",
    ),
    Column("is_excluded", Boolean, nullable=False, comment="True where it is 0 in every stored vector."),
    Column(
        "measured_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When it was measured, over all tiles of that time.",
    ),
    comment="Which dimensions of the embedding say where rather than what: a row a dimension, by terrakin etl bias.",
)

composites = Table(
    "composites",
    metadata,
    Column("composite_id", BigInteger, Identity(always=True), primary_key=True, comment="Number without meaning."),
    Column(
        "city_id",
        BigInteger,
        ForeignKey("terrakin.cities.city_id"),
        nullable=False,
        comment="City that it covers.",
    ),
    Column(
        "period",
        DATERANGE,
        nullable=False,
        comment="Dates (UTC) that were asked for; search_steps says which were searched.",
    ),
    Column("stac_url", Text, nullable=False, comment="STAC catalogue or API that the scenes came from."),
    Column("collection", Text, nullable=False, comment="STAC collection of the scenes."),
    Column(
        "is_synthetic",
        Boolean,
        nullable=False,
        comment="True where the collection says that its pixels are made up.",
    ),
    Column(
        "item_ids",
        ARRAY(Text),
        nullable=False,
        comment="STAC items that went into the median, in order of time.",
    ),
    Column(
        "max_cloud_cover",
        REAL,
        nullable=False,
        comment="Scenes above this cloud cover (percent) were left out at the last step of the search.",
    ),
    Column(
        "search_steps",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="How the search was widened, in order: days searched, cloud limit (percent), usable scenes so far, and "
        "the share of tiles with three clear looks on 95 % of their pixels.",
    ),
    Column(
        "scenes",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="Every scene that was looked at: its cloud cover, the offset added to its DN, what the item claimed "
        "and the darkest DN that was checked against it, tiles left out as hidden by cloud, why it was refused (null: "
        "used).",
    ),
    Column("valid_share", REAL, nullable=False, comment="Share (0..1) of pixels with at least one clear look."),
    Column("min_looks", SmallInteger, comment="Fewest clear looks of any pixel; NULL where it was not recorded."),
    Column(
        "median_looks", REAL, comment="Median over the pixels of their clear looks; NULL where it was not recorded."
    ),
    Column(
        "created_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When it was loaded.",
    ),
    UniqueConstraint("city_id", "period"),
    CheckConstraint("valid_share BETWEEN 0 AND 1", name="valid_share"),
    comment="Cloud-free median composites, one a city and period, and where their pixels came from.",
)

tiles = Table(
    "tiles",
    metadata,
    Column(
        "tile_id",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="Made from UTM zone, hemisphere, row, column and month: see api.tile_id and api.tile_cell.",
    ),
    Column(
        "city_id",
        BigInteger,
        ForeignKey("terrakin.cities.city_id"),
        nullable=False,
        index=True,
        comment="City that the tile belongs to (the nearer one where two claim it).",
    ),
    Column(
        "composite_id",
        BigInteger,
        ForeignKey("terrakin.composites.composite_id"),
        nullable=False,
        index=True,
        comment="Composite whose pixels were embedded.",
    ),
    Column("period", DATERANGE, nullable=False, comment="Dates (UTC) of the composite."),
    Column(
        "footprint",
        Geometry("POLYGON", srid=4326, spatial_index=False),
        nullable=False,
        comment="Outline of the tile's 224 x 224 pixels of 10 m: its four UTM corners in EPSG:4326.",
    ),
    Column(
        "location",
        Geography("POINT", srid=4326, spatial_index=False),
        nullable=False,
        comment="Centre of the tile, EPSG:4326; distances between tiles are measured from here.",
    ),
    Column("valid_share", REAL, nullable=False, comment="Share (0..1) of the tile's pixels with a clear look."),
    Column(
        "embedding_mean",
        Vector(EMBEDDING_DIMENSION),
        nullable=False,
        comment="What the tile looks like: mean over its valid patches, post-processed. Compare by cosine (<=>).",
    ),
    Column(
        "embedding_dominant",
        Vector(EMBEDDING_DIMENSION),
        nullable=False,
        comment="What most of the tile looks like: mean of its largest cluster of patches. Compare by cosine (<=>).",
    ),
    Column(
        "dominant_share",
        REAL,
        nullable=False,
        comment="Share (0..1) of the valid patches in that largest cluster.",
    ),
    Column(
        "dominant_patches",
        BIT(PATCHES_PER_TILE),
        comment="Which of the 14 x 14 patches of 160 m make up that largest cluster: one bit a patch, row by row from "
        "the north-west; 0 also where a patch is not valid. NULL where it was not recorded.",
    ),
    Column("umap_x", REAL, comment="Horizontal place in the UMAP layout; NULL until the layout is made."),
    Column("umap_y", REAL, comment="Vertical place in the UMAP layout; NULL until the layout is made."),
    Column(
        "is_umap_placed",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="True where the layout was fitted without the tile, and its place computed afterwards from the fitted "
        "tiles most like it.",
    ),
    Index("ix_tiles_footprint", "footprint", postgresql_using="gist"),
    Index("ix_tiles_location", "location", postgresql_using="gist"),
    Index("ix_tiles_umap", "umap_x", "umap_y", postgresql_include=["tile_id", "city_id"]),
    CheckConstraint("valid_share BETWEEN 0 AND 1", name="valid_share"),
    CheckConstraint("dominant_share BETWEEN 0 AND 1", name="dominant_share"),
    comment="One row a tile of 2,240 m x 2,240 m and month: where it is (PostGIS) and what it looks like (pgvector).",
)

tile_aggregates = Table(
    "tile_aggregates",
    metadata,
    Column(
        "tile_id",
        BigInteger,
        ForeignKey("terrakin.tiles.tile_id", ondelete="CASCADE"),
        nullable=False,
        comment="The tile.",
    ),
    Column("method", Text, nullable=False, comment="median, min or max of each dimension over the valid patches."),
    Column(
        "embedding",
        Vector(EMBEDDING_DIMENSION),
        nullable=False,
        comment="The aggregated vector, post-processed.",
    ),
    PrimaryKeyConstraint("tile_id", "method"),
    CheckConstraint("method IN ('median', 'min', 'max')", name="method"),
    comment="Further ways to sum up a tile's patches; searched exactly, they have no vector index.",
)

tile_thumbnails = Table(
    "tile_thumbnails",
    metadata,
    Column(
        "tile_id",
        BigInteger,
        ForeignKey("terrakin.tiles.tile_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="The tile.",
    ),
    Column(
        "webp",
        LargeBinary,
        nullable=False,
        comment="True-colour picture of the tile, WebP, 128 x 128 px, north up: B04, B03, B02, reflectance 0 to 0.3 "
        "with gamma 1.4 for all tiles alike; transparent where there are no data.",
    ),
    comment="Small pictures of the tiles, all with one stretch: for result lists, and to see what a tile is.",
)

tiles_version = Table(
    "tiles_version",
    metadata,
    Column(
        "one_row", SmallInteger, primary_key=True, autoincrement=False, server_default=text("1"), comment="Always 1."
    ),
    Column(
        "version",
        BigInteger,
        nullable=False,
        comment="Grows with every statement that adds tiles, or changes their mean vectors or cities.",
    ),
    CheckConstraint("one_row = 1", name="one_row"),
    comment="Which set of tiles this is: neighbours computed for another version are not used.",
)

tile_neighbours = Table(
    "tile_neighbours",
    metadata,
    Column(
        "tile_id",
        BigInteger,
        ForeignKey("terrakin.tiles.tile_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="The tile.",
    ),
    Column(
        "tiles_version",
        BigInteger,
        nullable=False,
        comment="terrakin.tiles_version when they were computed; of another version they are not used.",
    ),
    Column(
        "neighbour_tile_ids",
        ARRAY(BigInteger),
        nullable=False,
        comment="The 240 tiles of all other cities whose mean vectors are most like this one's, by exact comparison, "
        "best first.",
    ),
    comment="The nearest-neighbour graph of the tiles across cities: the answer to the default question, made "
    "beforehand by terrakin db index.",
)

etl_tasks = Table(
    "etl_tasks",
    metadata,
    Column(
        "city_id",
        BigInteger,
        ForeignKey("terrakin.cities.city_id", ondelete="CASCADE"),
        nullable=False,
        comment="The city that the work is about.",
    ),
    Column("period", DATERANGE, nullable=False, comment="Dates (UTC) of the composite that the work is about."),
    Column("stage", Text, nullable=False, comment="composite, embed, aggregate, load or thumbnail."),
    Column("status", Text, nullable=False, server_default="pending", comment="pending, running, done or failed."),
    Column("attempts", Integer, nullable=False, server_default=text("0"), comment="How often it was begun."),
    Column("started_at", DateTime(timezone=True), comment="When the last attempt began."),
    Column("heartbeat_at", DateTime(timezone=True), comment="Last sign of life of the worker that runs it."),
    Column("finished_at", DateTime(timezone=True), comment="When the last attempt ended."),
    Column("worker", Text, comment="host:process:start time of the ETL process that has, or had, the task."),
    Column("error", Text, comment="Why the last attempt failed; NULL otherwise."),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'"), comment="Figures of the result."),
    Column(
        "work_folder",
        Text,
        comment="Id of the work folder that holds a finished task's file (its file folder_id): machines with one "
        "folder share files.",
    ),
    PrimaryKeyConstraint("city_id", "period", "stage"),
    CheckConstraint("status IN ('pending', 'running', 'done', 'failed')", name="status"),
    CheckConstraint("stage IN ('composite', 'embed', 'aggregate', 'load', 'thumbnail')", name="stage"),
    comment="The ledger of the ETL: what is done, what failed and why. Claimed with FOR UPDATE SKIP LOCKED.",
)

layouts = Table(
    "layouts",
    metadata,
    Column("layout_id", BigInteger, Identity(always=True), primary_key=True, comment="Number without meaning."),
    Column("method", Text, nullable=False, comment="umap."),
    Column(
        "parameters",
        JSONB,
        nullable=False,
        comment="Everything that was passed to the method, seed and version.",
    ),
    Column("n_tiles", BigInteger, nullable=False, comment="Tiles that were laid out."),
    Column(
        "fitted_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When the layout was fitted.",
    ),
    Column(
        "n_placed",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="Tiles that were placed into it after the fit, all placements counted.",
    ),
    Column(
        "changed_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When it was fitted or tiles were last placed into it.",
    ),
    comment="How the coordinates tiles.umap_x and umap_y were made; the newest row holds.",
)

country_outlines = Table(
    "country_outlines",
    metadata,
    Column("outline_id", Integer, primary_key=True, autoincrement=False, comment="Number without meaning."),
    Column("name", Text, nullable=False, comment="English name of the country, by Natural Earth."),
    Column(
        "outline",
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
        nullable=False,
        comment="Its land, EPSG:4326, simplified by about 3 km: to draw, not to measure.",
    ),
    comment="A base map that needs no network: Natural Earth 1:50m (public domain), filled by terrakin qgis setup.",
)
