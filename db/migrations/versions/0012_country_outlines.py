"""A base map in the database: QGIS then needs no network for one."""

import geoalchemy2
import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "country_outlines",
        sa.Column("outline_id", sa.Integer(), autoincrement=False, nullable=False, comment="Number without meaning."),
        sa.Column("name", sa.Text(), nullable=False, comment="English name of the country, by Natural Earth."),
        sa.Column(
            "outline",
            geoalchemy2.Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
            nullable=False,
            comment="Its land, EPSG:4326, simplified by about 3 km: to draw, not to measure.",
        ),
        sa.PrimaryKeyConstraint("outline_id", name=op.f("pk_country_outlines")),
        schema="terrakin",
        comment="A base map that needs no network: Natural Earth 1:50m (public domain), filled by terrakin qgis setup.",
    )


def downgrade() -> None:
    op.drop_table("country_outlines", schema="terrakin")
