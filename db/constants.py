"""Facts about the stored data that Python code needs without SQLAlchemy: one home for each."""

CONTINENTS = ("Africa", "Antarctica", "Asia", "Europe", "North America", "Oceania", "South America")
"""GeoNames' continents, in English."""
EMBEDDING_DIMENSION = 768
"""Width of an embedding: that of TerraMind base. Other encoders are made to match it."""
PATCHES_PER_TILE = 196
"""14 x 14 patches of 16 x 16 pixels."""
