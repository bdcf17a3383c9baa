"""The country outlines: base map of QGIS, and the countries of imported embeddings."""

import gzip
from typing import Any

import psycopg

from db.catalogue.files import ROOT

FILE = ROOT / "qgis" / "country_outlines.geojson.gz"
DELETE = "DELETE FROM terrakin.country_outlines"
WRITE = """
    INSERT INTO terrakin.country_outlines (outline_id, name, code, continent, outline)
    SELECT f.number, p.name, p.code, p.continent, ST_Multi(ST_GeomFromGeoJSON(f.feature -> 'geometry'))
    FROM jsonb_array_elements(%s::jsonb -> 'features') WITH ORDINALITY AS f(feature, number)
    CROSS JOIN LATERAL jsonb_to_record(f.feature -> 'properties') AS p(name text, code text, continent text)
"""


def write_outlines(conn: psycopg.Connection[Any]) -> None:
    """Replace the outlines by those of ``sql/qgis``, in the caller's transaction, as the owner."""
    conn.execute(DELETE)
    conn.execute(WRITE, (gzip.decompress(FILE.read_bytes()).decode(),))
