"""The searches for similar tiles and blocks, ``/api/v1/similar...``: each is passed on as JSON to ``api.search``."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, request
from psycopg.types.json import Jsonb

from webapp.api import caching, chips
from webapp.api.exports import CONTENT_TYPES, Form, download
from webapp.api.models.cities import SimilarCities, SimilarCitiesQuery
from webapp.api.models.fields import Compared, Method, Unit
from webapp.api.models.search import (
    AnswerForm,
    ChipUpload,
    LikeAreaBody,
    LikeBlockBody,
    LikeBlockQuery,
    LikeExamplesBody,
    LikePositionBody,
    LikePositionQuery,
    LikeTileBody,
    LikeTileQuery,
    Matches,
)
from webapp.api.models.search_filters import Filters
from webapp.database import Row, database
from webapp.errors import NotFoundError

blueprint = APIBlueprint("search", __name__, url_prefix="/api/v1")
caching.install(blueprint)

MAX_UPLOAD_BYTES = chips.MAX_CHIP_BYTES + 64 * 1024
"""Size of a chip and of the form around it."""
FILES: dict[int | str, Any] = {
    200: {
        "description": "The matches, best first; a file if ?format= asks for one.",
        "content": {content_type: {} for content_type in CONTENT_TYPES.values()},
    }
}

SEARCH = """
    SELECT
        s.rank, s.item_id, s.block_id, s.tile_id, s.city_id, s.city, s.country_code, s.country, s.similarity,
        s.distance_m, s.compared, s.is_exact, s.lon, s.lat, s.is_synthetic, s.period, s.is_date_known, s.valid_share,
        s.licences, s.attributions, s.has_thumbnail, ST_AsGeoJSON(s.footprint)::json AS footprint
    FROM api.search(%(query)s) AS s
"""
KEY = "SELECT api.question_key(%(query)s) AS key"
METHOD = "SELECT internal.default_method(%(unit)s) AS method"


@blueprint.before_request
def allow_uploads() -> None:
    """Allow larger bodies for chips than for other requests."""
    if request.endpoint == "search.similar_to_chip":
        request.max_content_length = MAX_UPLOAD_BYTES


@blueprint.get("/similar")
@blueprint.input(LikeTileQuery, location="query")
@blueprint.output(Matches)
@blueprint.doc(responses=FILES)
def similar(query_data: LikeTileQuery) -> Row | Response:
    """Return the tiles most similar to a tile, best first."""
    return _answer(query_data, query_data)


@blueprint.post("/similar")
@blueprint.input(LikeTileBody)
@blueprint.input(AnswerForm, location="query")
@blueprint.output(Matches)
@blueprint.doc(responses=FILES)
def post_similar(json_data: LikeTileBody, query_data: AnswerForm) -> Row | Response:
    """Return the tiles most similar to a tile, best first."""
    return _answer(json_data, query_data)


@blueprint.get("/similar-blocks")
@blueprint.input(LikeBlockQuery, location="query")
@blueprint.output(Matches)
@blueprint.doc(responses=FILES)
def similar_blocks(query_data: LikeBlockQuery) -> Row | Response:
    """Return the blocks most similar to a block, best first."""
    return _answer(query_data, query_data)


@blueprint.post("/similar-blocks")
@blueprint.input(LikeBlockBody)
@blueprint.input(AnswerForm, location="query")
@blueprint.output(Matches)
@blueprint.doc(responses=FILES)
def post_similar_blocks(json_data: LikeBlockBody, query_data: AnswerForm) -> Row | Response:
    """Return the blocks most similar to a block, best first."""
    return _answer(json_data, query_data)


@blueprint.get("/similar-at")
@blueprint.input(LikePositionQuery, location="query")
@blueprint.output(Matches)
@blueprint.doc(responses=FILES)
def similar_at(query_data: LikePositionQuery) -> Row | Response:
    """Return the tiles or blocks most similar to the newest one at a position, best first."""
    return _answer(query_data, query_data)


@blueprint.post("/similar-at")
@blueprint.input(LikePositionBody)
@blueprint.input(AnswerForm, location="query")
@blueprint.output(Matches)
@blueprint.doc(responses=FILES)
def post_similar_at(json_data: LikePositionBody, query_data: AnswerForm) -> Row | Response:
    """Return the tiles or blocks most similar to the newest one at a position, best first."""
    return _answer(json_data, query_data)


@blueprint.post("/similar-to-examples")
@blueprint.input(LikeExamplesBody)
@blueprint.input(AnswerForm, location="query")
@blueprint.output(Matches)
@blueprint.doc(responses=FILES)
def similar_to_examples(json_data: LikeExamplesBody, query_data: AnswerForm) -> Row | Response:
    """Return the tiles or blocks most similar to the positive and least to the negative examples, best first."""
    return _answer(json_data, query_data)


@blueprint.post("/similar-to-area")
@blueprint.input(LikeAreaBody)
@blueprint.input(AnswerForm, location="query")
@blueprint.output(Matches)
@blueprint.doc(responses=FILES)
def similar_to_area(json_data: LikeAreaBody, query_data: AnswerForm) -> Row | Response:
    """Return the tiles or blocks most similar to an area as a whole, best first."""
    return _answer(json_data, query_data)


@blueprint.post("/similar-to-chip")
@blueprint.input(ChipUpload, location="files")
@blueprint.input(AnswerForm, location="query")
@blueprint.output(Matches)
@blueprint.doc(responses=FILES)
def similar_to_chip(files_data: ChipUpload, query_data: AnswerForm) -> Row | Response:
    """Return the tiles or blocks most similar to an uploaded GeoTIFF, best first."""
    if database().row("SELECT FROM terrakin.encoder") is None:
        raise NotFoundError("no tiles are loaded to compare a chip with; run the ETL first: terrakin etl run")
    embedded = chips.embed(current_app.config["TERRAKIN_SETTINGS"], files_data.file)
    search = files_data.settings
    method = _method(search.method, search.unit)
    about = {name: embedded[name] for name in ("encoder", "weights", "valid_share", "lon", "lat")}
    vector = {"kind": "vector", "vector": embedded["vectors"].get(method), "lon": about["lon"], "lat": about["lat"]}
    found = _found({**search.model_dump(), **vector, "method": method}, query_data)
    return _in_form({"query": {"kind": search.kind, **about, **search.model_dump()}, **found}, query_data.format)


SIMILAR_CITIES = """
    SELECT
        s.rank, s.city_id, s.city, s.country_code, n.name AS country, s.similarity, s.mean_similarity, s.n_tiles,
        s.distance_m, ST_X(c.location::geometry) AS lon, ST_Y(c.location::geometry) AS lat, c.is_synthetic
    FROM api.similar_cities(
        %(city_id)s::bigint, %(k)s::integer, %(method)s, origin => %(origin)s,
        max_query_tiles => %(max_query_tiles)s::integer
    ) AS s
    JOIN terrakin.cities AS c ON c.city_id = s.city_id
    JOIN terrakin.countries AS n ON n.code = s.country_code
    ORDER BY s.rank
"""


@blueprint.get("/similar-cities")
@blueprint.input(SimilarCitiesQuery, location="query")
@blueprint.output(SimilarCities)
def similar_cities(query_data: SimilarCitiesQuery) -> Row:
    """Return the cities most similar to a city, best first."""
    query = {**query_data.model_dump(), "method": _method(query_data.method, "tile")}
    return {**query, "cities": database().rows(SIMILAR_CITIES, query)}


def _answer(search: Filters, form: AnswerForm) -> Row | Response:
    query = {"kind": search.kind, **search.model_dump(exclude=set(AnswerForm.model_fields))}
    ids = {name: query.get(name) for name in ("tile_id", "block_id")}
    found = _found({**query, "method": _method(search.method, search.unit)}, form)
    return _in_form({"query": query, **ids, **found}, form.format)


def _found(query: Row, form: AnswerForm) -> Row:
    """Return the matches of a search, the vectors that it compared and, if asked for, the key of the question."""
    parameters = {"query": Jsonb(query)}
    key = (database().row(KEY, parameters) or {}) if form.with_key else {"key": None}
    return {"method": query["method"], **key, "matches": database().rows(SEARCH, parameters)}


def _method(asked: Method | None, unit: Unit) -> Compared:
    """Return the method of a search: the default of the unit if none was asked for."""
    method: Compared = asked or (database().row(METHOD, {"unit": unit}) or {})["method"]
    return method


def _in_form(answer: Row, form: Form) -> Row | Response:
    return answer if form == "json" else download(form, answer)
