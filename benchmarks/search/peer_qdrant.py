"""Qdrant in this process (qdrant-edge), with city, country, continent and location as indexed payload."""

import time
from pathlib import Path
from typing import Any

import qdrant_edge as qdrant

from benchmarks.search.engines import Engine
from benchmarks.search.items import Items
from benchmarks.search.questions import Question, query_vector
from benchmarks.search.widening import ask_widening

EFS = (64, 256, 1024)
CHUNK = 5_000
PAYLOAD = {"city": "Integer", "country": "Integer", "continent": "Integer", "location": "Geo"}


class Qdrant:
    """A filled shard with one search setting; ef 0 means exact search."""

    insert_s = 0.0

    def __init__(self, shard: Any, items: Items, ef: int, build_s: float, index_mib: float) -> None:
        """Wrap a filled shard."""
        self.name = f"Qdrant ef={ef}" if ef else "Qdrant exact"
        self.shard, self.items = shard, items
        self.params = qdrant.SearchParams(hnsw_ef=ef or None, exact=not ef)
        self.build_s, self.index_mib = build_s, index_mib

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Return the rows of the matches, best first."""
        required, excluded = _conditions(self.items, row, question)
        chosen = qdrant.Filter(must=required or None, must_not=excluded or None)
        own = question.examples(self.items, row)
        vector = query_vector(self.items, row, question).tolist()

        def fetch(n: int) -> list[int]:
            found = self.shard.query(
                qdrant.QueryRequest(
                    limit=n + len(own),  # examples are among the best unless their city is excluded
                    query=qdrant.Query.Nearest(vector),
                    filter=chosen,
                    params=self.params,
                )
            )
            return [int(point.id) for point in found if int(point.id) not in own][:n]

        return ask_widening(fetch, self.items, question)


def build_qdrant(items: Items, folder: Path, with_graph: bool) -> list[Engine]:
    """Return Qdrant with each search setting, or only its exact search."""
    started = time.perf_counter()
    config = qdrant.EdgeConfig(
        vectors=qdrant.EdgeVectorParams(items.vectors.shape[1], qdrant.Distance.Cosine),
        hnsw_config=qdrant.HnswIndexConfig(m=16, ef_construct=128, full_scan_threshold=1000),
    )
    folder.mkdir(parents=True)
    shard = qdrant.EdgeShard.create(str(folder), config)
    # Made before the points, so that the graph is built with them in mind.
    for key, kind in PAYLOAD.items():
        shard.update(qdrant.UpdateOperation.create_field_index(key, getattr(qdrant.PayloadSchemaType, kind)))
    for begin in range(0, len(items.ids), CHUNK):
        points = [_point(items, r) for r in range(begin, min(begin + CHUNK, len(items.ids)))]
        shard.update(qdrant.UpdateOperation.upsert_points(points))
    if with_graph:
        shard.optimize()
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 2**20
    build_s = time.perf_counter() - started
    return [Qdrant(shard, items, ef, build_s, size) for ef in ((*EFS, 0) if with_graph else (0,))]


def _conditions(items: Items, row: int, question: Question) -> tuple[list[Any], list[Any]]:
    """Return what matches must and must not fulfil."""
    excluded = [_match("city", int(items.city[row]))] if question.exclude_same_city else []
    if question.exclude_within_m:
        centre = qdrant.GeoPoint(lon=float(items.lon[row]), lat=float(items.lat[row]))
        radius = qdrant.GeoRadius(centre, question.exclude_within_m)
        excluded.append(qdrant.FieldCondition("location", geo_radius=radius))
    required = []
    if question.country >= 0:
        required.append(_match("country", question.country))
    if question.continent >= 0:
        required.append(_match("continent", question.continent))
    if question.within:
        top_left = qdrant.GeoPoint(lon=question.within.west, lat=question.within.north)
        bottom_right = qdrant.GeoPoint(lon=question.within.east, lat=question.within.south)
        box = qdrant.GeoBoundingBox(top_left, bottom_right)
        required.append(qdrant.FieldCondition("location", geo_bounding_box=box))
    return required, excluded


def _match(key: str, value: int) -> Any:
    return qdrant.FieldCondition(key, match=qdrant.MatchValue(value))


def _point(items: Items, row: int) -> Any:
    payload = {
        "city": int(items.city[row]),
        "country": int(items.country[row]),
        "continent": int(items.continent[row]),
        "location": {"lon": float(items.lon[row]), "lat": float(items.lat[row])},
    }
    return qdrant.Point(row, items.vectors[row].tolist(), payload)
