"""The encoder that made the vectors, its fitted filters, and the spatial bias of its dimensions."""

from sqlalchemy import (
    REAL,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.schema.base import metadata

encoder = Table(
    "encoder",
    metadata,
    Column(
        "encoder_id",
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        server_default=text("1"),
        comment="Always 1: vectors of different encoders cannot be compared, so a database has only one encoder.",
    ),
    Column("name", Text, nullable=False, comment="mosaiks, galileo_nano or terramind_v1_base."),
    Column(
        "weights",
        Text,
        nullable=False,
        comment="pretrained: published weights; random: untrained network, whose similarities mean little; "
        "fitted: no network, filters sampled from this data set (mosaiks).",
    ),
    Column("weights_sha256", Text, nullable=False, comment="SHA-256 (hex) of the weights, checked by every run."),
    Column("dimension", SmallInteger, nullable=False, comment="Number of dimensions of an embedding."),
    Column(
        "excluded_dimensions",
        ARRAY(SmallInteger),
        nullable=False,
        server_default=text("'{}'"),
        comment="Dimensions (from 0) that encode location rather than content; they are 0 in every stored vector.",
    ),
    Column(
        "post_processing",
        JSONB,
        nullable=False,
        comment='Post-processing of raw patch embeddings and its fitted parameters: {"method": raw, centred, '
        'standardised or all_but_the_top, "mean": [...], "std": [...], "components": principal components removed, '
        '"removal": what LEACE removes, "texture": {"mean": [...], "std": [...]} of the standard deviation over the '
        'patches of a tile, "fitted_on": real or synthetic, "n_tiles": number of tiles of the fit}. '
        "Applied to stored vectors and query vectors alike.",
    ),
    Column(
        "default_method",
        Text,
        nullable=False,
        server_default="mean",
        comment="Method of a search that names none: mean or mean_std.",
    ),
    Column(
        "fitted_at",
        DateTime(timezone=True),
        nullable=False,
        comment="When the encoder and its post-processing were fitted.",
    ),
    CheckConstraint("encoder_id = 1", name="one_row"),
    CheckConstraint("default_method IN ('mean', 'mean_std')", name="default_method"),
    CheckConstraint("weights IN ('pretrained', 'random', 'fitted')", name="weights"),
    comment="The encoder of all vectors in this database; exactly one row once anything is loaded.",
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
        comment="Always 1: a database has only one encoder.",
    ),
    Column(
        "weights_sha256",
        Text,
        nullable=False,
        comment="SHA-256 (hex) of the fitted parameters; equal to terrakin.encoder.weights_sha256 once vectors are "
        "loaded.",
    ),
    Column(
        "npz",
        LargeBinary,
        nullable=False,
        comment="NumPy .npz file: band_mean and band_std (12), filters (300 x 384) and offset (384), float32.",
    ),
    Column(
        "fitted_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When the filters were fitted.",
    ),
    CheckConstraint("filters_id = 1", name="one_row"),
    comment="Filters of the encoder mosaiks, fitted by the first process that embeds; at most one row.",
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
        comment="Moran's I of the dimension over adjacent tiles within cities; 0 means no spatial autocorrelation.",
    ),
    Column(
        "position_r2",
        REAL,
        comment="Share of the variance between cities that is predicted from location, in regions left out of the "
        "fit; NULL if there are too few regions.",
    ),
    Column("is_excluded", Boolean, nullable=False, comment="True if the dimension is 0 in every stored vector."),
    Column(
        "measured_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When the bias was measured, over all tiles loaded at that time.",
    ),
    comment="Spatial bias of the embedding, one row per dimension: how much each encodes location rather than content; "
    "written by terrakin etl bias.",
)
