"""Imported sets: embeddings that other people published, with their source vectors."""

from geoalchemy2 import Geometry
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
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.schema.base import metadata

imported_sets = Table(
    "imported_sets",
    metadata,
    Column("imported_set_id", Integer, Identity(always=True), primary_key=True, comment="Key."),
    Column(
        "name",
        Text,
        nullable=False,
        unique=True,
        comment="Name, which searches take as their unit: small letters, digits, - and _.",
    ),
    Column("layout", Text, nullable=False, comment="Layout of the files: see terrakin sets import --help."),
    Column("decoding", Text, nullable=False, comment="How numbers in the files became vectors."),
    Column("dimension", Integer, nullable=False, comment="Number of numbers in a vector."),
    Column(
        "post_processing",
        Text,
        nullable=False,
        comment="What searches compare: none (unit vectors), centred (minus their mean) or standardised (also divided "
        "by the standard deviation of each number).",
    ),
    Column(
        "mean", Vector, comment="Mean of the unit vectors; zeros without centring; NULL before the set is complete."
    ),
    Column(
        "weights",
        Vector,
        comment="What each number is multiplied by after centring: ones unless standardised; NULL before the set is "
        "complete.",
    ),
    Column("size_m", REAL, comment="Side in metres of the area that a vector of a point describes; NULL for polygons."),
    Column("source", JSONB, nullable=False, comment="What the files say: model, licence, attribution and the like."),
    Column(
        "is_complete",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="False while files are being imported: the set is searched once it is complete.",
    ),
    Column(
        "made_at", DateTime(timezone=True), nullable=False, server_default=text("now()"), comment="When it was begun."
    ),
    CheckConstraint("name ~ '^[a-z0-9][a-z0-9_-]{0,59}$' AND name NOT IN ('tile', 'block')", name="name"),
    CheckConstraint("post_processing IN ('none', 'centred', 'standardised')", name="post_processing"),
    CheckConstraint("dimension BETWEEN 1 AND 16000", name="dimension"),
    comment="Sets of embeddings that were imported from files.",
)

imported_files = Table(
    "imported_files",
    metadata,
    Column(
        "imported_set_id",
        Integer,
        ForeignKey("terrakin.imported_sets.imported_set_id", ondelete="CASCADE"),
        nullable=False,
        comment="The set.",
    ),
    Column("sha256", Text, nullable=False, comment="SHA-256 of the file, by which it is known when it comes again."),
    Column("name", Text, nullable=False, comment="Name of the file, without its folder."),
    Column("n_items", BigInteger, nullable=False, comment="Number of items that were imported from it."),
    Column(
        "n_without_vector", BigInteger, nullable=False, comment="Number of rows without a vector, which were left out."
    ),
    Column(
        "imported_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When it was imported.",
    ),
    PrimaryKeyConstraint("imported_set_id", "sha256"),
    comment="Files of the imported sets: those that an interrupted import has done already.",
)

imported_items = Table(
    "imported_items",
    metadata,
    Column(
        "imported_set_id",
        Integer,
        ForeignKey("terrakin.imported_sets.imported_set_id", ondelete="CASCADE"),
        nullable=False,
        comment="The set.",
    ),
    Column("item_id", BigInteger, nullable=False, comment="Number of the item in its set, from 1."),
    Column("source_id", Text, comment="Id in the file; NULL if it has none, and not always unique."),
    Column(
        "observed_at", DateTime(timezone=True), comment="Date (UTC) of the imagery, as in the file; NULL if unknown."
    ),
    Column(
        "geometry",
        Geometry("GEOMETRY", srid=4326, spatial_index=False),
        nullable=False,
        comment="What the vector describes, EPSG:4326: a polygon, or a point.",
    ),
    Column(
        "location",
        Geometry("POINT", srid=4326, spatial_index=False),
        nullable=False,
        comment="Centre of the geometry, EPSG:4326.",
    ),
    Column(
        "place_id",
        BigInteger,
        nullable=False,
        comment="City whose extent contains the centre; without one, the number of its 50 km cell, below "
        "-1000000000000. Searches use it as the city_id.",
    ),
    Column("country_code", Text, comment="Country whose outline contains the centre; NULL at sea."),
    Column("country_number", Integer, nullable=False, comment="country_number of that country; 0 at sea."),
    Column("properties", JSONB, nullable=False, comment="The other columns of the file."),
    Column("embedding", Vector, nullable=False, comment="The vector as in the file, decoded and not scaled."),
    PrimaryKeyConstraint("imported_set_id", "item_id"),
    comment="Items of the imported sets, with their source vectors.",
)
