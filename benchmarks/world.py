"""Generates the tiles of a benchmark: real or generated positions, and synthetic 768-d vectors.

A vector is smooth in the UMAP plane (random Fourier features), plus a component of its city, plus noise. The weight of
the city component is chosen so that a given share of a tile's ten nearest tiles lies in its own city.
"""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DIMENSION = 768
SMOOTHNESS = 1.5
"""Length scale of the Fourier features in the UMAP plane: tiles a fraction of it apart are similar."""
NOISE = 0.25
SAMPLE = 1_000


@dataclass(frozen=True)
class World:
    """Tiles as arrays, one row per tile; cities, countries and continents are numbers, vectors have unit length.

    Attributes:
        source: origin of the positions, for the output.
        same_city_share: measured share of the ten nearest that lie in the tile's own city.
        umap: (n, 2) positions in the layout from which the vectors are computed.
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


@dataclass(frozen=True)
class Positions:
    """Position, UMAP position (n, 2), city, country and continent of every tile, and their origin."""

    source: str
    lon: np.ndarray
    lat: np.ndarray
    umap: np.ndarray
    city: np.ndarray
    country: np.ndarray
    continent: np.ndarray


def build_world(real_tiles: Path, n: int, same_city_share: float, seed: int = 0) -> World:
    """Return a world of n tiles. If n exceeds the file, tiles are repeated with shifted positions and new noise."""
    rng = np.random.default_rng(seed)
    known = positions(real_tiles, rng)
    n_known = len(known.lon)
    rows = np.arange(n) % n_known if n > n_known else np.sort(rng.permutation(n_known)[:n])
    copy = np.arange(n) // n_known if n > n_known else np.zeros(n, int)
    lon = (known.lon[rows] + 0.37 * copy + 180) % 360 - 180
    city = known.city[rows] + copy * (known.city.max() + 1)
    umap = known.umap[rows]
    smooth = _fourier(umap, rng)
    cities = rng.normal(size=(city.max() + 1, DIMENSION)).astype(np.float32)
    noise = rng.normal(scale=NOISE, size=(n, DIMENSION)).astype(np.float32)
    weight = _city_weight(smooth, cities[city], noise, city, same_city_share, rng)
    vectors = _unit(smooth + weight * cities[city] + noise)
    share = _same_city_share(vectors, city, rng)
    return World(
        known.source, share, lon, known.lat[rows], city, known.country[rows], known.continent[rows], vectors, umap
    )


def country_code(number: int) -> str:
    """Return a synthetic two-letter code for a country's number (0 to 675)."""
    return chr(ord("A") + number // 26) + chr(ord("A") + number % 26)


def positions(path: Path, rng: np.random.Generator) -> Positions:
    """Return real positions if the file exists, else generated ones."""
    if not path.exists():
        return _generated_positions(rng)
    with gzip.open(path, "rt") as handle:
        rows = list(csv.DictReader(handle))
    umap = np.array([[float(r["umap_x"]), float(r["umap_y"])] for r in rows], np.float32)
    lon, lat = (np.array([float(r[key]) for r in rows]) for key in ("lon", "lat"))
    country, continent = (_numbered([r[key] for r in rows]) for key in ("country", "continent"))
    # A country lies in one continent, as in terrakin.countries.
    continent = continent[np.unique(country, return_index=True)[1]][country]
    city = _numbered([f"{r['country']}/{r['city']}" for r in rows])
    return Positions("real positions and UMAP", lon, lat, umap, city, country, continent)


def _numbered(names: list[str]) -> np.ndarray:
    return np.unique(names, return_inverse=True)[1]


def _generated_positions(rng: np.random.Generator) -> Positions:
    """Return cities with the size distribution of real data (lognormal, median 86, mean 141 tiles)."""
    sizes = np.clip(rng.lognormal(4.45, 1.0, 350), 4, 1526).astype(int)
    city = np.repeat(np.arange(len(sizes)), sizes)
    country_of = rng.integers(137, size=len(sizes))
    lon_of, lat_of = rng.uniform(-180, 180, len(sizes)), rng.uniform(-50, 65, len(sizes))
    umap = (rng.normal(scale=4, size=(len(sizes), 2))[city] + rng.normal(size=(len(city), 2))).astype(np.float32)
    lon = lon_of[city] + rng.uniform(-0.15, 0.15, len(city))
    lat = lat_of[city] + rng.uniform(-0.15, 0.15, len(city))
    country = country_of[city]
    return Positions("SYNTHETIC positions (no file of real tiles)", lon, lat, umap, city, country, country % 6)


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
