"""Cloud-free composites and the scenes that they were made from."""

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB

from db.schema.base import metadata

composites = Table(
    "composites",
    metadata,
    Column("composite_id", BigInteger, Identity(always=True), primary_key=True, comment="Surrogate key."),
    Column(
        "city_id",
        BigInteger,
        ForeignKey("terrakin.cities.city_id"),
        nullable=False,
        comment="City that the composite covers.",
    ),
    Column(
        "period",
        DATERANGE,
        nullable=False,
        comment="Requested dates (UTC); search_steps records the dates that were searched.",
    ),
    Column("stac_url", Text, nullable=False, comment="STAC catalogue or API of the scenes."),
    Column("collection", Text, nullable=False, comment="STAC collection of the scenes."),
    Column(
        "is_synthetic",
        Boolean,
        nullable=False,
        comment="True if the collection declares its pixels to be synthetic.",
    ),
    Column(
        "is_date_known",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="False if the source of the pixels gives no date: period is nominal, and a search with a period leaves "
        "the tiles out.",
    ),
    Column(
        "licences",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="Licences that the scenes declare (property license), in alphabetical order.",
    ),
    Column(
        "attributions",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="Attributions that the scenes ask for (property attribution), in alphabetical order.",
    ),
    Column(
        "item_ids",
        ARRAY(Text),
        nullable=False,
        comment="STAC items that the median was computed from, in order of time.",
    ),
    Column(
        "max_cloud_cover",
        REAL,
        nullable=False,
        comment="Cloud cover limit (percent) of the last search step; scenes above it were left out.",
    ),
    Column(
        "search_steps",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="How the search was widened, in order: days searched, cloud limit (percent), usable scenes so far, and "
        "the share of tiles with three clear observations of 95 % of their pixels.",
    ),
    Column(
        "scenes",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="Every scene that was considered: its cloud cover, the offset added to its DN, the offset that the "
        "item declared and the darkest DN that it was checked against, the tiles left out because of cloud, and why "
        "the scene was refused (null: used).",
    ),
    Column(
        "valid_share",
        REAL,
        nullable=False,
        comment="Share (0..1) of pixels with at least one clear observation.",
    ),
    Column(
        "min_observations",
        SmallInteger,
        comment="Smallest number of clear observations of a pixel; NULL if not recorded.",
    ),
    Column(
        "median_observations",
        REAL,
        comment="Median over the pixels of their number of clear observations; NULL if not recorded.",
    ),
    Column(
        "created_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When the composite was loaded.",
    ),
    UniqueConstraint("city_id", "period"),
    CheckConstraint("valid_share BETWEEN 0 AND 1", name="valid_share"),
    comment="Cloud-free median composites, one per city and period, and the scenes that they were made from.",
)
