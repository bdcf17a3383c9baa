"""Countries, cities, and the country outlines of the QGIS base map."""

from geoalchemy2 import Geography, Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    text,
)

from db.constants import CONTINENTS
from db.schema.base import metadata

COUNTRY_NUMBER = (
    "CASE continent "
    + " ".join(f"WHEN '{name}' THEN {i}" for i, name in enumerate(CONTINENTS, start=1))
    + " END * 65536 + ascii(code) * 256 + ascii(substr(code, 2))"
)

countries = Table(
    "countries",
    metadata,
    Column("code", Text, primary_key=True, comment="ISO 3166-1 alpha-2 code."),
    Column("name", Text, nullable=False, comment="English short name of the country."),
    Column("continent", Text, nullable=False, comment="Continent according to GeoNames, in English."),
    Column(
        "country_number",
        Integer,
        Computed(COUNTRY_NUMBER),
        nullable=False,
        comment="Number made from the continent and the code. The numbers of a continent follow one another.",
    ),
    CheckConstraint(f"continent IN {CONTINENTS}", name="continent"),
    comment="Countries with at least one city in the catalogue.",
)

cities = Table(
    "cities",
    metadata,
    Column(
        "city_id",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="GeoNames id; negative for what has none: a synthetic town (minus the GeoNames id of the real city at "
        "its position) or a place that is no city.",
    ),
    Column("name", Text, nullable=False, comment="English name; that of a synthetic town ends in '(synthetic)'."),
    Column(
        "country_code",
        Text,
        ForeignKey("terrakin.countries.code"),
        nullable=False,
        index=True,
        comment="Country that contains the centre of the city.",
    ),
    Column("population", BigInteger, comment="Population according to GeoNames; NULL if unknown."),
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
        comment="Area that is cut into tiles, EPSG:4326. A tile belongs to the city if its centre lies inside.",
    ),
    Column(
        "is_synthetic",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="True for a synthetic town, whose pixels are generated and not observed.",
    ),
    Column(
        "other_names",
        Text,
        nullable=False,
        server_default="",
        comment="Names in other languages, as api.search_cities compares them, separated by '|'.",
    ),
    Index("ix_cities_location", "location", postgresql_using="gist"),
    comment="Cities, other places, and synthetic demo towns whose imagery is cut into tiles.",
)

country_outlines = Table(
    "country_outlines",
    metadata,
    Column("outline_id", Integer, primary_key=True, autoincrement=False, comment="Surrogate key."),
    Column("name", Text, nullable=False, comment="English name of the country according to Natural Earth."),
    Column("code", Text, comment="ISO 3166-1 alpha-2 code; NULL where there is none."),
    Column("continent", Text, comment="Continent according to GeoNames, in English; NULL without a code."),
    Column(
        "country_number", Integer, Computed(COUNTRY_NUMBER), comment="As in terrakin.countries; NULL without a code."
    ),
    Column(
        "outline",
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
        nullable=False,
        comment="Land area, EPSG:4326, simplified to about 3 km: for display, not for measurements.",
    ),
    comment="Base map that works offline: Natural Earth 1:50m (public domain), written by terrakin qgis setup.",
)
