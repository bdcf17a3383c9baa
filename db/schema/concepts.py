"""Concepts: directions learned from examples."""

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db.schema.base import metadata

concepts = Table(
    "concepts",
    metadata,
    Column("name", Text, primary_key=True, comment="Name: small letters, digits, - and _."),
    Column(
        "unit",
        Text,
        nullable=False,
        comment="What it describes: tile, block, or items of the imported set of this name.",
    ),
    Column("method", Text, nullable=False, comment="Vectors that are compared: mean, or another method of tiles."),
    Column(
        "set_id",
        Integer,
        nullable=False,
        comment="Set of keys (terrakin.embedding_sets) that direction, threshold and average_precision refer to.",
    ),
    Column(
        "fitted_by",
        Text,
        nullable=False,
        comment="rocchio: mean of the positive minus mean of the negative examples; logistic: logistic regression.",
    ),
    Column("direction", HALFVEC, nullable=False, comment="Direction in the space of the keys, of unit length."),
    Column("threshold", Double, nullable=False, comment="Least cosine of a key and the direction that belongs to it."),
    Column(
        "threshold_by",
        Text,
        nullable=False,
        comment="validation: best F1 on cities that were held out; quantile, with examples from too few cities to hold "
        "any out: the 10th percentile of the similarities of the positive examples, learned without them; with a "
        "single one, the 99th percentile of those of the negative ones.",
    ),
    Column(
        "average_precision",
        REAL,
        comment="Average precision on cities that were held out, 0 to 1; NULL if the examples are from too few cities.",
    ),
    Column(
        "positive",
        ARRAY(BigInteger),
        nullable=False,
        comment="Examples: tile_id, block_id or item_id of an imported set.",
    ),
    Column("negative", ARRAY(BigInteger), nullable=False, comment="Examples of what does not belong to it."),
    Column(
        "n_random_negatives",
        Integer,
        nullable=False,
        comment="Number of tiles, blocks or items drawn at random that stood for negative examples.",
    ),
    Column("seed", Integer, nullable=False, comment="Seed of the draw."),
    Column(
        "post_processing_version",
        Text,
        comment="Fingerprint of the post-processing of the keys; NULL if the encoder was not recorded.",
    ),
    Column(
        "made_at", DateTime(timezone=True), nullable=False, server_default=text("now()"), comment="When it was fitted."
    ),
    CheckConstraint("name ~ '^[a-z0-9][a-z0-9_-]{0,59}$'", name="name"),
    CheckConstraint("fitted_by IN ('rocchio', 'logistic')", name="fitted_by"),
    CheckConstraint("threshold_by IN ('validation', 'quantile')", name="threshold_by"),
    CheckConstraint("threshold BETWEEN -1 AND 1", name="threshold"),
    comment="Named directions learned from examples, which api.find, api.uncertain and tiles.similarity read.",
)
