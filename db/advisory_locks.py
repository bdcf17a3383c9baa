"""Numbers of the advisory locks, each unique within a database; the numbers themselves mean nothing."""

MIGRATION = 7_733_142
"""One migration at a time."""
VECTOR_INDEX = 7_733_143
"""One builder per vector index; the second key is the position of the index in ``db.index.INDEXES``."""
EMBEDDING_SETS = 7_733_144
"""One process at a time refits sets of keys."""
ENCODER_FIT = 7_733_151
"""One process at a time fits the encoder."""
UMAP_LAYOUT = 7_733_152
"""One process at a time fits the UMAP layout."""
