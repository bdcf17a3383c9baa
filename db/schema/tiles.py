"""Tiles with their embeddings, and what belongs to a tile: aggregates and thumbnail."""

from geoalchemy2 import Geography, Geometry
from pgvector.sqlalchemy import Vector
from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import BIT, DATERANGE

from db.constants import EMBEDDING_DIMENSION, PATCHES_PER_TILE
from db.schema.base import metadata

tiles = Table(
    "tiles",
    metadata,
    Column(
        "tile_id",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="Computed from UTM zone, hemisphere, row, column and month: see api.tile_id and api.tile_cell.",
    ),
    Column(
        "city_id",
        BigInteger,
        ForeignKey("terrakin.cities.city_id"),
        nullable=False,
        index=True,
        comment="City that the tile belongs to; the one with the nearer centre if two extents overlap.",
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
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
        nullable=False,
        comment="Outline of the tile's 224 x 224 pixels of 10 m: its four UTM corners in EPSG:4326, cut in two at the "
        "antimeridian.",
    ),
    Column(
        "location",
        Geography("POINT", srid=4326, spatial_index=False),
        nullable=False,
        comment="Centre of the tile, EPSG:4326; distances between tiles are measured between centres.",
    ),
    Column("valid_share", REAL, nullable=False, comment="Share (0..1) of pixels with at least one clear observation."),
    Column(
        "embedding_mean",
        Vector(EMBEDDING_DIMENSION),
        nullable=False,
        comment="Embedding of the whole tile: mean over its valid patches, post-processed. Compare by cosine (<=>).",
    ),
    Column(
        "embedding_dominant",
        Vector(EMBEDDING_DIMENSION),
        nullable=False,
        comment="Embedding of the tile's dominant land cover: mean of its largest cluster of patches. Compare by "
        "cosine (<=>).",
    ),
    Column("dominant_share", REAL, nullable=False, comment="Share (0..1) of valid patches in the largest cluster."),
    Column(
        "dominant_patches",
        BIT(PATCHES_PER_TILE),
        comment="Members of the largest cluster among the 14 x 14 patches of 160 m: one bit per patch, row by row from "
        "the north-west; 0 for patches that are not valid. NULL if not recorded.",
    ),
    Column("umap_x", REAL, comment="Horizontal coordinate in the UMAP layout; NULL if the tile is not in it."),
    Column("umap_y", REAL, comment="Vertical coordinate in the UMAP layout; NULL if the tile is not in it."),
    Column(
        "is_umap_placed",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="True if the layout was fitted without the tile, and its coordinates were interpolated from its "
        "nearest fitted tiles.",
    ),
    Index("ix_tiles_footprint", "footprint", postgresql_using="gist"),
    Index("ix_tiles_location", "location", postgresql_using="gist"),
    Index("ix_tiles_umap", "umap_x", "umap_y", postgresql_include=["tile_id", "city_id"]),
    CheckConstraint("valid_share BETWEEN 0 AND 1", name="valid_share"),
    CheckConstraint("dominant_share BETWEEN 0 AND 1", name="dominant_share"),
    comment="Tiles of 2,240 m x 2,240 m, one row per tile and month: position (PostGIS) and embeddings (pgvector).",
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
    Column(
        "method",
        Text,
        nullable=False,
        comment="median, min, max or std (standard deviation) of each dimension over the valid patches.",
    ),
    Column(
        "embedding",
        Vector(EMBEDDING_DIMENSION),
        nullable=False,
        comment="The aggregated vector, post-processed.",
    ),
    PrimaryKeyConstraint("tile_id", "method"),
    CheckConstraint("method IN ('median', 'min', 'max', 'std')", name="method"),
    comment="Further aggregates of a tile's patches.",
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
        comment="True-colour image of the tile, WebP, 224 x 224 px, north up: B04, B03, B02, reflectance 0 to 0.3 "
        "with gamma 1.4 for every tile; transparent where there are no data.",
    ),
    comment="Thumbnails of the tiles, all with the same stretch.",
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
        comment="Incremented by every statement that adds tiles or changes their mean vectors or cities.",
    ),
    CheckConstraint("one_row = 1", name="one_row"),
    comment="Version of the set of tiles; api.data_version contains it.",
)
