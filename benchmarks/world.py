"""The benchmark's world: real tile positions and UMAP where present, and 768-d vectors with the real structure.

A vector is smooth in the real UMAP plane (random Fourier features), plus a component of its city, plus noise. The city
component's weight is chosen so that a wanted share of a tile's ten nearest lies in its own city.
"""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DIMENSION = 768
SMOOTHNESS = 1.5
"""Length scale of the Fourier features in the UMAP plane: neighbours a fraction of it apart look alike."""
NOISE = 0.25
SAMPLE = 1_000


@dataclass(frozen=True)
class World:
    """Tiles as arrays, one row a tile; names as small integers, vectors of unit length.

    Attributes:
        source: where positions come from.
        same_city_share: measured share of the ten nearest that lie in the tile's own city.
        umap: (n, 2) places in the layout that the vectors were made from.
    """

    source: str
    same_city_share: float
    lon: np.ndarray
    lat: np.ndarray
    city: np.ndarray
    country: np.ndarray
    continent: np.ndarray
    vectors: np.ndarray
    umap: np.ndarray


def build_world(real_tiles: Path, n: int, same_city_share: float, seed: int = 0) -> World:
    """A world of n tiles. More than the file has: copies, shifted in place and with noise of their own."""
    rng = np.random.default_rng(seed)
    source, lon, lat, umap, city, country, continent = positions(real_tiles, rng)
    rows = np.arange(n) % len(lon) if n > len(lon) else np.sort(rng.permutation(len(lon))[:n])
    copy = np.arange(n) // len(lon) if n > len(lon) else np.zeros(n, int)
    lon = (lon[rows] + 0.37 * copy + 180) % 360 - 180
    city = city[rows] + copy * (city.max() + 1)
    smooth = _fourier(umap[rows], rng)
    cities = rng.normal(size=(city.max() + 1, DIMENSION)).astype(np.float32)
    noise = rng.normal(scale=NOISE, size=(n, DIMENSION)).astype(np.float32)
    weight = _city_weight(smooth, cities[city], noise, city, same_city_share, rng)
    vectors = _unit(smooth + weight * cities[city] + noise)
    share = _same_city_share(vectors, city, rng)
    return World(source, share, lon, lat[rows], city, country[rows], continent[rows], vectors, umap[rows])


def positions(path: Path, rng: np.random.Generator) -> tuple[str, *tuple[np.ndarray, ...]]:
    """Where they come from; then lon, lat, umap (n, 2), city, country and continent of every tile."""
    if not path.exists():
        return _made_up_positions(rng)
    with gzip.open(path, "rt") as handle:
        rows = list(csv.DictReader(handle))
    umap = np.array([[float(r["umap_x"]), float(r["umap_y"])] for r in rows], np.float32)
    codes = [np.unique([r[key] for r in rows], return_inverse=True)[1] for key in ("country", "continent")]
    city = np.unique([f"{r['country']}/{r['city']}" for r in rows], return_inverse=True)[1]
    place = [np.array([float(r[key]) for r in rows]) for key in ("lon", "lat")]
    return "real positions and UMAP", place[0], place[1], umap, city, *codes


def _made_up_positions(rng: np.random.Generator) -> tuple[str, *tuple[np.ndarray, ...]]:
    """Cities with the real data's sizes (median 86, mean 141 tiles; lognormal) on six continents."""
    sizes = np.clip(rng.lognormal(4.45, 1.0, 350), 4, 1526).astype(int)
    city = np.repeat(np.arange(len(sizes)), sizes)
    country_of = rng.integers(137, size=len(sizes))
    lon_of, lat_of = rng.uniform(-180, 180, len(sizes)), rng.uniform(-50, 65, len(sizes))
    umap = (rng.normal(scale=4, size=(len(sizes), 2))[city] + rng.normal(size=(len(city), 2))).astype(np.float32)
    lon = lon_of[city] + rng.uniform(-0.15, 0.15, len(city))
    lat = lat_of[city] + rng.uniform(-0.15, 0.15, len(city))
    country = country_of[city]
    return "generated positions", lon, lat, umap, city, country, country % 6


def _fourier(umap: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    frequency = rng.normal(scale=1 / SMOOTHNESS, size=(2, DIMENSION))
    features = np.cos(umap @ frequency + rng.uniform(0, 2 * np.pi, DIMENSION)) * np.sqrt(2)
    centred: np.ndarray = (features - features.mean(axis=0)).astype(np.float32)
    return centred


def _city_weight(
    smooth: np.ndarray, cities: np.ndarray, noise: np.ndarray, city: np.ndarray, wanted: float, rng: np.random.Generator
) -> float:
    low, high = 0.0, 4.0
    for _ in range(12):
        weight = (low + high) / 2
        share = _same_city_share(_unit(smooth + weight * cities + noise), city, rng)
        low, high = (weight, high) if share < wanted else (low, weight)
    return (low + high) / 2


def _same_city_share(vectors: np.ndarray, city: np.ndarray, rng: np.random.Generator) -> float:
    chosen = rng.permutation(len(vectors))[:SAMPLE]
    similarity = vectors[chosen] @ vectors.T
    similarity[np.arange(len(chosen)), chosen] = -np.inf
    nearest = np.argpartition(similarity, -10, axis=1)[:, -10:]
    return float((city[nearest] == city[chosen][:, None]).mean())


def _unit(vectors: np.ndarray) -> np.ndarray:
    unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
