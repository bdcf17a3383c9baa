"""Qdrant and FAISS as engines of the search benchmark; the only module that needs their packages."""

import time
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import qdrant_edge as qdrant

from benchmarks.search.questions import Question, capped, eligible
from benchmarks.world import DIMENSION, World


class Qdrant:
    """Qdrant in this process (qdrant-edge), with city, country and location as payload."""

    def __init__(self, shard: Any, world: World, hnsw_ef: int, build_s: float, index_mib: float) -> None:
        """Wrap a filled shard with one search setting; hnsw_ef 0 means exact search."""
        self.name = f"Qdrant ef={hnsw_ef}" if hnsw_ef else "Qdrant exact"
        self.shard, self.world = shard, world
        self.params = qdrant.SearchParams(hnsw_ef=hnsw_ef or None, exact=not hnsw_ef)
        self.build_s, self.index_mib = build_s, index_mib

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Return the rows of the matches, best first, or None if the question is not supported."""
        if question.max_per_city:
            return None
        w = self.world
        excluded = [_match("city", int(w.city[row]))] if question.exclude_same_city else []
        if question.exclude_within_m:
            centre = qdrant.GeoPoint(lon=float(w.lon[row]), lat=float(w.lat[row]))
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
        found = self.shard.query(
            qdrant.QueryRequest(
                limit=question.k + 1,  # the query tile is a match unless its city is excluded
                query=qdrant.Query.Nearest(w.vectors[row].tolist()),
                filter=qdrant.Filter(must=required or None, must_not=excluded or None),
                params=self.params,
            )
        )
        return [int(point.id) for point in found if int(point.id) != row][: question.k]


def _match(key: str, value: int) -> Any:
    return qdrant.FieldCondition(key, match=qdrant.MatchValue(value))


class Faiss:
    """FAISS flat index: exact inner products over all tiles, filtered afterwards in NumPy."""

    name, build_s, index_mib = "FAISS flat + filter", 0.0, 0.0

    def __init__(self, world: World) -> None:
        """Add all vectors to the index."""
        self.world, self.index = world, faiss.IndexFlatIP(world.vectors.shape[1])
        self.index.add(world.vectors)
        self.index_mib = world.vectors.nbytes / 2**20

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Return the rows of the matches, best first, or None if the question is not supported."""
        _, nearest = self.index.search(self.world.vectors[row : row + 1], len(self.world.vectors))
        allowed = eligible(self.world, row, question)
        return capped(self.world, np.asarray(nearest[0][allowed[nearest[0]]]), question)


def fill_qdrant(world: World, folder: Path) -> tuple[Any, float, float]:
    """Return a shard with the world, its build time in seconds and its size on disk in MiB."""
    started = time.perf_counter()
    config = qdrant.EdgeConfig(
        vectors=qdrant.EdgeVectorParams(DIMENSION, qdrant.Distance.Cosine),
        hnsw_config=qdrant.HnswIndexConfig(m=16, ef_construct=128, full_scan_threshold=1000),
    )
    folder.mkdir(parents=True)
    shard = qdrant.EdgeShard.create(str(folder), config)
    for key, kind in (("city", "Integer"), ("country", "Integer"), ("continent", "Integer"), ("location", "Geo")):
        shard.update(qdrant.UpdateOperation.create_field_index(key, getattr(qdrant.PayloadSchemaType, kind)))
    for begin in range(0, len(world.lon), 5000):
        points = [_point(world, r) for r in range(begin, min(begin + 5000, len(world.lon)))]
        shard.update(qdrant.UpdateOperation.upsert_points(points))
    shard.optimize()
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 2**20
    return shard, time.perf_counter() - started, size


def _point(world: World, row: int) -> Any:
    payload = {
        "city": int(world.city[row]),
        "country": int(world.country[row]),
        "continent": int(world.continent[row]),
        "location": {"lon": float(world.lon[row]), "lat": float(world.lat[row])},
    }
    return qdrant.Point(row, world.vectors[row].tolist(), payload)
