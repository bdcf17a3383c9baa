"""The UMAP layouts of the tiles."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from db.schema.base import metadata

layouts = Table(
    "layouts",
    metadata,
    Column("layout_id", BigInteger, Identity(always=True), primary_key=True, comment="Surrogate key."),
    Column("method", Text, nullable=False, comment="umap."),
    Column("parameters", JSONB, nullable=False, comment="All parameters of the method, with its seed and version."),
    Column("n_tiles", BigInteger, nullable=False, comment="Number of tiles that the layout was fitted to."),
    Column(
        "fitted_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When the layout was fitted.",
    ),
    Column(
        "n_placed",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="Number of tiles added to the layout since it was fitted.",
    ),
    Column(
        "changed_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When the layout was fitted or tiles were last added.",
    ),
    comment="How tiles.umap_x and tiles.umap_y were computed; the newest row applies.",
)
