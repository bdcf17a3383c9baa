"""`terrakin qgis setup`, without QGIS."""

import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest
from click.testing import CliRunner

import terrakin
from db.connect import connect
from db.errors import ConnectError, DbError
from db.install.reset import reset
from db.qgis.setup import FOLDER, NAME, STYLED, setup
from db.settings import Settings
from tests.builders import build_towns

STYLES = """
    SELECT f_table_catalog, f_table_schema, f_table_name, f_geometry_column, stylename, styleqml::text, useasdefault,
        type
    FROM public.layer_styles
    ORDER BY f_table_name, stylename
"""
PROJECT = "SELECT name, content FROM public.qgis_projects"
OUTLINES = "SELECT outline_id, name, ST_AsBinary(outline) FROM terrakin.country_outlines ORDER BY outline_id"
WRITES = (
    "DELETE FROM public.layer_styles",
    "DELETE FROM public.qgis_projects",
    "DELETE FROM terrakin.country_outlines",
)


def written(settings: Settings) -> list[list[Any]]:
    with connect(settings) as conn:
        return [conn.execute(query).fetchall() for query in (STYLES, PROJECT, OUTLINES)]  # type: ignore[call-overload]


def project_text(settings: Settings) -> str:
    ((_, content),) = written(settings)[1]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = archive.namelist()
        assert name == "terrakin.qgs"
        return archive.read(name).decode()


def run_sql(settings: Settings, *statements: str) -> None:
    with psycopg.connect(str(settings.database_url)) as conn:
        for statement in statements:
            conn.execute(statement)  # type: ignore[call-overload]


def test_setup_twice_equals_once(database: Settings) -> None:
    setup(database)
    once = written(database)
    assert [len(rows) for rows in once] == [len(STYLED), 1, 239]
    setup(database)
    assert written(database) == once


def test_the_project_contains_the_address_and_the_reader_but_no_password(database: Settings) -> None:
    assert setup(database, "db.example.org", 6543).host == "db.example.org"
    text = project_text(database)
    root = ElementTree.fromstring(text)
    sources = [str(layer.findtext("datasource")) for layer in root.iter("maplayer")]
    assert len(sources) == 8
    with connect(database) as conn:
        address = f"dbname='{conn.info.dbname}' host=db.example.org port=6543 user='terrakin_reader' key="
    assert all(source.startswith(address) for source in sources)
    assert "{{" not in text
    assert "password" not in text.lower().replace("passwordmode", "")
    assert "authcfg" not in " ".join(sources)


def test_the_first_query_tile_exists(database: Settings) -> None:
    setup(database)
    assert "sql=query_tile_id = 0<" in project_text(database)
    with connect(database) as conn:
        tiles = build_towns(conn)
    setup(database)
    tile_ids = [tile_id for town in tiles.values() for tile_id, _ in town]
    assert sum(f"sql=query_tile_id = {tile_id}<" in project_text(database) for tile_id in tile_ids) == 1


def test_the_reader_can_read_but_not_write(database: Settings) -> None:
    setup(database)
    with connect(database, "reader", autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = off")
        assert conn.execute("SELECT count(*) FROM public.qgis_projects").fetchone() == (1,)
        assert conn.execute("SELECT count(*) FROM public.layer_styles").fetchone() == (len(STYLED),)
        for statement in WRITES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)  # type: ignore[call-overload]


def test_other_styles_and_projects_stay_and_other_defaults_too(database: Settings) -> None:
    setup(database)
    run_sql(
        database,
        "UPDATE public.layer_styles SET stylename = 'mine' WHERE f_table_name = 'city_overview'",
        "INSERT INTO public.qgis_projects (name) VALUES ('mine')",
    )
    setup(database)
    styles, projects, _ = written(database)
    cities = {row[4]: row[6] for row in styles if row[2] == "city_overview"}
    assert cities == {"mine": True, NAME: False}
    assert sorted(name for name, _ in projects) == ["mine", NAME]


def test_reset_deletes_our_project_and_styles_only(database: Settings) -> None:
    setup(database)
    run_sql(database, "INSERT INTO public.qgis_projects (name) VALUES ('mine')")
    reset(database)
    with psycopg.connect(str(database.database_url)) as conn:
        assert conn.execute("SELECT name FROM public.qgis_projects").fetchall() == [("mine",)]
        assert conn.execute("SELECT count(*) FROM public.layer_styles").fetchone() == (0,)


def test_a_database_without_the_schema_is_refused_and_not_changed(blank_database: Settings) -> None:
    run_sql(blank_database, "CREATE EXTENSION postgis", "CREATE EXTENSION vector")
    with pytest.raises(ConnectError, match=r"terrakin.*`terrakin db migrate`"):
        setup(blank_database)
    with psycopg.connect(str(blank_database.database_url)) as conn:
        assert conn.execute("SELECT to_regclass('public.layer_styles') IS NULL").fetchone() == (True,)


def test_an_incompatible_table_is_named_in_the_error(database: Settings) -> None:
    run_sql(database, "CREATE TABLE public.layer_styles (id integer)")
    with pytest.raises(DbError, match=r"public\.layer_styles.*column"):
        setup(database)


def test_a_host_that_needs_quoting_is_refused(database: Settings) -> None:
    with pytest.raises(DbError, match=r"a host' "):
        setup(database, "a host' ")
    with connect(database) as conn:
        assert conn.execute("SELECT to_regclass('public.qgis_projects') IS NULL").fetchone() == (True,)


def test_the_command_prints_host_port_and_user(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", str(database.database_url))
    answer = CliRunner().invoke(terrakin.cli, ["qgis", "setup", "--host", "127.0.0.1"])
    assert answer.exit_code == 0, answer.output
    assert "host 127.0.0.1, port" in answer.output
    assert "user terrakin_reader" in answer.output


def test_the_base_map_is_valid_and_within_the_antimeridian(database: Settings) -> None:
    setup(database)
    with connect(database) as conn:
        is_valid, lisbon, russia_width = conn.execute("""
            SELECT bool_and(ST_IsValid(outline)),
                (SELECT name FROM terrakin.country_outlines WHERE ST_Covers(outline, 'SRID=4326;POINT(-8 39)')),
                (
                    SELECT max(ST_XMax(d.geom) - ST_XMin(d.geom))
                    FROM terrakin.country_outlines AS o, ST_Dump(o.outline) AS d
                )
            FROM terrakin.country_outlines
        """).fetchone()  # type: ignore[misc]
    assert (is_valid, lisbon) == (True, "Portugal")
    assert 100 < russia_width < 180


def test_the_umap_view_has_only_tiles_in_the_layout_and_no_crs(conn: psycopg.Connection[Any]) -> None:
    build_towns(conn)
    conn.execute("UPDATE terrakin.tiles SET umap_x = 3, umap_y = -4 WHERE city_id = -1")
    rows = conn.execute("SELECT city_id, ST_AsEWKT(place) FROM api.umap_overview").fetchall()
    assert rows == [(-1, "POINT(3 -4)")] * 9
    kind = "SELECT srid, type FROM geometry_columns WHERE f_table_name = 'umap_overview'"
    assert conn.execute(kind).fetchone() == (0, "POINT")


def test_the_templates_contain_no_path_or_address_of_a_machine() -> None:
    for path in FOLDER.glob("*.q*"):
        text = path.read_text(encoding="utf-8")
        assert not [word for word in ("/root", "/home", "/usr", "/work", "/tmp", "127.0.0.1") if word in text], path
