"""Add concepts: named directions learned from examples."""

from alembic import op

revision = "0009"
down_revision = "0008"

UPGRADE = """
    CREATE TABLE terrakin.concepts (
        name TEXT NOT NULL,
        unit TEXT NOT NULL,
        method TEXT NOT NULL,
        set_id INTEGER NOT NULL,
        fitted_by TEXT NOT NULL,
        direction HALFVEC NOT NULL,
        threshold DOUBLE PRECISION NOT NULL,
        threshold_by TEXT NOT NULL,
        average_precision REAL,
        positive BIGINT[] NOT NULL,
        negative BIGINT[] NOT NULL,
        n_random_negatives INTEGER NOT NULL,
        seed INTEGER NOT NULL,
        post_processing_version TEXT,
        made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_concepts PRIMARY KEY (name),
        CONSTRAINT ck_concepts_name CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,59}$'),
        CONSTRAINT ck_concepts_unit CHECK (unit IN ('tile', 'block')),
        CONSTRAINT ck_concepts_fitted_by CHECK (fitted_by IN ('rocchio', 'logistic')),
        CONSTRAINT ck_concepts_threshold_by CHECK (threshold_by IN ('validation', 'quantile')),
        CONSTRAINT ck_concepts_threshold CHECK (threshold BETWEEN -1 AND 1)
    );
    COMMENT ON TABLE terrakin.concepts IS 'Named directions learned from examples, which api.find, api.uncertain and tiles.similarity read.';
    COMMENT ON COLUMN terrakin.concepts.name IS 'Name: small letters, digits, - and _.';
    COMMENT ON COLUMN terrakin.concepts.unit IS 'What it describes: tile or block.';
    COMMENT ON COLUMN terrakin.concepts.method IS 'Vectors that are compared: mean, or another method of tiles.';
    COMMENT ON COLUMN terrakin.concepts.set_id IS 'Set of keys (terrakin.embedding_sets) that direction, threshold and average_precision refer to.';
    COMMENT ON COLUMN terrakin.concepts.fitted_by IS 'rocchio: mean of the positive minus mean of the negative examples; logistic: logistic regression.';
    COMMENT ON COLUMN terrakin.concepts.direction IS 'Direction in the space of the keys, of unit length.';
    COMMENT ON COLUMN terrakin.concepts.threshold IS 'Least cosine of a key and the direction that belongs to it.';
    COMMENT ON COLUMN terrakin.concepts.threshold_by IS 'validation: best F1 on cities that were held out; quantile, with examples from too few cities to hold any out: the 10th percentile of the similarities of the positive examples, learned without them; with a single one, the 99th percentile of those of the negative ones.';
    COMMENT ON COLUMN terrakin.concepts.average_precision IS 'Average precision on cities that were held out, 0 to 1; NULL if the examples are from too few cities.';
    COMMENT ON COLUMN terrakin.concepts.positive IS 'Examples: tile_id or block_id.';
    COMMENT ON COLUMN terrakin.concepts.negative IS 'Examples of what does not belong to it.';
    COMMENT ON COLUMN terrakin.concepts.n_random_negatives IS 'Number of tiles or blocks drawn at random that stood for negative examples.';
    COMMENT ON COLUMN terrakin.concepts.seed IS 'Seed of the draw.';
    COMMENT ON COLUMN terrakin.concepts.post_processing_version IS 'Fingerprint of the post-processing of the keys; NULL if the encoder was not recorded.';
    COMMENT ON COLUMN terrakin.concepts.made_at IS 'When it was fitted.';
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute("DROP TABLE terrakin.concepts CASCADE")
