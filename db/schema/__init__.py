"""The tables of schema ``terrakin`` as SQLAlchemy metadata, which ``alembic check`` compares with the database.

Every table and column has a COMMENT: analysts read it in psql, DBeaver and QGIS.
"""

from db.schema import cities, composites, concepts, embeddings, encoder, etl_tasks, imported_sets, layouts, tiles
from db.schema.base import metadata

__all__ = [
    "cities",
    "composites",
    "concepts",
    "embeddings",
    "encoder",
    "etl_tasks",
    "imported_sets",
    "layouts",
    "metadata",
    "tiles",
]
