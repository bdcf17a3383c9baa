"""Writes default styles (``layer_styles``), a project (``qgis_projects``) and a base map for QGIS into the database.

The files are in ``sql/qgis/``, created by ``scripts/build_qgis_project.py`` with QGIS. No PyQGIS is needed here.
"""

import io
import re
import zipfile
from dataclasses import dataclass
from typing import Any

import psycopg

from db.catalogue.files import ROOT
from db.connect import connect
from db.errors import DbError, one_line
from db.install.outlines import write_outlines
from db.settings import Settings

FOLDER = ROOT / "qgis"
NAME = "terrakin"
"""Name of the project and of each style."""
LOOPBACK = "127.0.0.1"
UNFIT = re.compile(r"[\s'\"\\<>&{}]")
"""Characters that would need quoting in a layer's source or in XML."""
ZIP_TIME = (2024, 1, 1, 0, 0, 0)
"""Fixed, so that equal projects are equal bytes."""

STYLED = {
    "items": ("api", "imported_overview", "location", "Point"),
    "cities": ("api", "city_overview", "location", "Point"),
    "grid": ("api", "tile_overview", "footprint", "Polygon"),
    "umap": ("api", "umap_overview", "place", "Point"),
    "land": ("terrakin", "country_outlines", "outline", "Polygon"),
}
"""Schema, relation, geometry column and geometry type of each style file's layer."""

CREATE_TABLES = """
    CREATE TABLE IF NOT EXISTS public.layer_styles (
        id serial PRIMARY KEY,
        f_table_catalog varchar,
        f_table_schema varchar,
        f_table_name varchar,
        f_geometry_column varchar,
        stylename text,
        styleqml xml,
        stylesld xml,
        useasdefault boolean,
        description text,
        owner varchar(63) DEFAULT CURRENT_USER,
        ui xml,
        update_time timestamp DEFAULT CURRENT_TIMESTAMP
    );
    ALTER TABLE public.layer_styles ADD COLUMN IF NOT EXISTS type varchar;
    CREATE TABLE IF NOT EXISTS public.qgis_projects (name text PRIMARY KEY, metadata jsonb, content bytea);
    COMMENT ON TABLE public.layer_styles IS 'Layer styles, maintained by QGIS; those of terrakin are called terrakin.';
    COMMENT ON TABLE public.qgis_projects IS 'Projects, maintained by QGIS; that of terrakin is called terrakin.';
    GRANT SELECT ON public.layer_styles, public.qgis_projects TO terrakin_reader;
"""
"""As QGIS 3.22 creates them, so that both use the same tables."""
DELETE_STYLES = "DELETE FROM public.layer_styles WHERE f_table_catalog = current_database() AND stylename = %s"
WRITE_STYLE = """
    WITH given (table_schema, table_name, geometry_column) AS (VALUES (%(schema)s, %(table)s, %(geometry)s))
    INSERT INTO public.layer_styles
        (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, stylename, styleqml, useasdefault,
        description, type)
    SELECT
        current_database(), g.table_schema, g.table_name, g.geometry_column, %(name)s, XMLPARSE(DOCUMENT %(qml)s),
        NOT EXISTS (
            SELECT FROM public.layer_styles AS s
            WHERE s.f_table_catalog = current_database()
                AND s.f_table_schema = g.table_schema
                AND s.f_table_name = g.table_name
                AND s.f_geometry_column = g.geometry_column
                AND s.useasdefault
        ),
        'Written by terrakin qgis setup.', %(type)s
    FROM given AS g
"""
"""An existing default style of a user stays the default."""
WRITE_PROJECT = """
    INSERT INTO public.qgis_projects (name, metadata, content)
    VALUES (
        %(name)s,
        jsonb_build_object(
            'last_modified_time', to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS'),
            'last_modified_user', 'terrakin'
        ),
        %(content)s
    )
    ON CONFLICT (name) DO UPDATE SET metadata = excluded.metadata, content = excluded.content
"""
FIRST_TILE = """
    SELECT t.tile_id
    FROM terrakin.tiles AS t
    JOIN terrakin.cities AS c ON c.city_id = t.city_id
    ORDER BY c.population DESC NULLS LAST, t.tile_id
    LIMIT 1
"""


@dataclass(frozen=True)
class ServerAddress:
    """Address of the database for QGIS, without user and password."""

    host: str
    port: int
    database: str


def setup(settings: Settings, host: str | None = None, port: int | None = None) -> ServerAddress:
    """Write styles, project and base map in one transaction, replacing those of an earlier run.

    Args:
        settings: the database, which is written as its owner.
        host: the server's address for QGIS users; None: loopback (private cluster) or DATABASE_URL's host.
        port: the server's port for QGIS users; None: the port of the connection.

    Returns:
        The address in the project.

    Raises:
        ConnectError: no server answers, or its schema is missing or of another version.
        DbError: the address would need quoting, or the owner may not write QGIS's tables.
    """
    with connect(settings) as conn:
        private = settings.database_url is None
        address = ServerAddress(
            host or (LOOPBACK if private else conn.info.host), port or conn.info.port, conn.info.dbname
        )
        _check(address)
        try:
            _write(conn, address)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedColumn) as error:
            raise DbError(
                f"QGIS's tables public.layer_styles and public.qgis_projects cannot be written as {conn.info.user}: "
                f"{one_line(error)}; run this as their owner, or as the owner of the database"
            ) from error
    return address


def _check(address: ServerAddress) -> None:
    for what, text in (("host", address.host), ("database name", address.database)):
        if UNFIT.search(text):
            raise DbError(f"the {what} {text!r} contains blanks, quotes, brackets or &; use one without, for QGIS")


def _write(conn: psycopg.Connection[Any], address: ServerAddress) -> None:
    conn.execute(CREATE_TABLES)
    conn.execute(DELETE_STYLES, (NAME,))
    for file, (schema, table, geometry, type_) in STYLED.items():
        qml = (FOLDER / f"{file}.qml").read_text(encoding="utf-8")
        style = {"schema": schema, "table": table, "geometry": geometry, "type": type_, "name": NAME, "qml": qml}
        conn.execute(WRITE_STYLE, style)
    (tile_id,) = conn.execute(FIRST_TILE).fetchone() or (0,)
    conn.execute(WRITE_PROJECT, {"name": NAME, "content": project(address, tile_id)})
    write_outlines(conn)


def project(address: ServerAddress, tile_id: int) -> bytes:
    """Return the project for a server as a .qgz file, with the matches of ``tile_id`` as a layer (0: none)."""
    text = (FOLDER / "project.qgs").read_text(encoding="utf-8")
    for name, value in {**vars(address), "tile_id": tile_id}.items():
        text = text.replace("{{" + name + "}}", str(value))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo(f"{NAME}.qgs", ZIP_TIME), text, zipfile.ZIP_DEFLATED)
    return archive.getvalue()
