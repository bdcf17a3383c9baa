"""The vectors that searches compare: sets of keys, and the lists in which they lie."""

from geoalchemy2 import Geometry
from pgvector.sqlalchemy import HALFVEC, Vector
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
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from db.schema.base import metadata

embedding_sets = Table(
    "embedding_sets",
    metadata,
    Column("set_id", Integer, Identity(always=True), primary_key=True, comment="Key."),
    Column(
        "unit",
        Text,
        nullable=False,
        comment="What the vectors describe: tile (2,240 m), block (320 m), or items of the imported set of this name.",
    ),
    Column(
        "method",
        Text,
        nullable=False,
        comment="Aggregation of the patches: mean, dominant, median, min, max, std or mean_std. Of an imported set: "
        "imported.",
    ),
    Column(
        "is_current",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="False for a set that a refit replaced; the next run of terrakin db index drops it.",
    ),
    Column(
        "max_compared",
        Integer,
        nullable=False,
        comment="Number of eligible keys that a search compares at most, unless it asks for an exact answer or finds "
        "too few matches.",
    ),
    Column(
        "kept_share",
        REAL,
        nullable=False,
        server_default=text("1"),
        comment="Share of the squared length of the vectors that their keys keep; 1 if keys are whole vectors.",
    ),
    Column(
        "post_processing_version",
        Text,
        comment="Fingerprint of the post-processing whose vectors components and lists were fitted to; NULL before "
        "the first fit.",
    ),
    Column("fitted_at", DateTime(timezone=True), comment="When components and lists were fitted; NULL if never."),
    Index("uq_embedding_sets_unit_method", "unit", "method", unique=True, postgresql_where=text("is_current")),
    CheckConstraint("kept_share BETWEEN 0 AND 1", name="kept_share"),
    CheckConstraint("max_compared > 0", name="max_compared"),
    comment="Sets of keys that can be searched: one current set per unit and aggregation.",
)

embedding_components = Table(
    "embedding_components",
    metadata,
    Column(
        "set_id",
        Integer,
        ForeignKey("terrakin.embedding_sets.set_id", ondelete="CASCADE"),
        nullable=False,
        comment="The set.",
    ),
    Column("number", Integer, nullable=False, comment="Position of the number in the key, from 1."),
    Column(
        "component",
        Vector,
        nullable=False,
        comment="Principal component, of unit length: its inner product with a vector is that number of the key.",
    ),
    PrimaryKeyConstraint("set_id", "number"),
    comment="Principal components that shorten vectors to keys. A set without components has whole vectors as keys.",
)

embedding_lists = Table(
    "embedding_lists",
    metadata,
    Column(
        "set_id",
        Integer,
        ForeignKey("terrakin.embedding_sets.set_id", ondelete="CASCADE"),
        nullable=False,
        comment="The set.",
    ),
    Column("list_id", Integer, nullable=False, comment="Key within the set; negative for a group of lists."),
    Column("parent_id", Integer, comment="list_id of the group that the list belongs to; NULL for a group itself."),
    Column("centroid", HALFVEC, nullable=False, comment="Centroid of the keys in the list, of unit length."),
    PrimaryKeyConstraint("set_id", "list_id"),
    Index("ix_embedding_lists_parent_id", "set_id", "parent_id"),
    comment="Inverted lists around k-means centroids, and groups of such lists. A search reads the lists from the "
    "nearest centroid outwards.",
)

embedding_keys = Table(
    "embedding_keys",
    metadata,
    Column(
        "item_id",
        BigInteger,
        nullable=False,
        comment="tile_id, block_id (see api.block_cell), or item_id of an imported set.",
    ),
    Column(
        "city_id",
        BigInteger,
        nullable=False,
        comment="City that the item belongs to; of an imported item without one, its cell: imported_items.place_id.",
    ),
    Column("list_id", Integer, nullable=False, comment="List in which the key lies."),
    Column("valid_share", REAL, nullable=False, comment="Share (0..1) of pixels with at least one clear observation."),
    Column("set_id", Integer, nullable=False, comment="Set that the key belongs to: the key of the partition."),
    Column(
        "location",
        Geometry("POINT", srid=4326, spatial_index=False),
        nullable=False,
        comment="Centre of the item, EPSG:4326.",
    ),
    Column(
        "key",
        HALFVEC,
        nullable=False,
        comment="The vector, or its principal components, of unit length: the inner product (<#>) is the cosine.",
    ),
    Column(
        "country_number",
        Integer,
        nullable=False,
        comment="country_number of the country that the city lies in.",
    ),
    PrimaryKeyConstraint("set_id", "item_id"),
    Index("ix_embedding_keys_list_id_country_number_city_id", "list_id", "country_number", "city_id"),
    Index("ix_embedding_keys_city_id", "city_id"),
    Index("ix_embedding_keys_location", "location", postgresql_using="gist"),
    comment="Vectors of tiles, blocks and items in the form that searches compare, one partition per set. Rows of a "
    "fitted set lie in the order of list, country and city.",
    postgresql_partition_by="LIST (set_id)",
)
