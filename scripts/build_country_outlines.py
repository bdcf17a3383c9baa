"""Write sql/qgis/country_outlines.geojson.gz, the base map, from Natural Earth 1:50m (public domain).

    python -m venv outlines && outlines/bin/pip install geopandas pandas==2.3.3 country_converter==1.3.2
    outlines/bin/python scripts/build_country_outlines.py webapp/frontend/node_modules/world-atlas/countries-50m.json

The npm package world-atlas contains Natural Earth's countries as TopoJSON. Borders are simplified by about 3 km, alike
on both sides, rounded to 0.01 degrees, and clipped at the antimeridian and at the limits of Web Mercator. Antarctica is
left out, because its outline encloses the pole. Codes and continents are those of country_converter, by the number of
the country; GeoNames has East Timor in Oceania.
"""

import argparse
import functools
import gzip
import json
from pathlib import Path

import country_converter
import geopandas as gpd
import numpy as np
import shapely

OUT = Path(__file__).parent.parent / "sql" / "qgis" / "country_outlines.geojson.gz"
GRID_DEG = 0.01
TOLERANCE_DEG = 0.03
ROUND = np.array([360.0, 0.0])
WEB_MERCATOR = (-180.0, -85.05, 180.0, 85.05)
WITHOUT_NUMBER = {"Kosovo": ("XK", "Europe"), "N. Cyprus": ("CY", "Asia"), "Somaliland": ("SO", "Africa")}
"""Codes that GeoNames has for countries without a number in Natural Earth."""
OTHERWISE = {"TL": "Oceania"}


def main() -> None:
    """Read the TopoJSON named on the command line; write the compressed GeoJSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topojson", type=Path)
    frame = gpd.read_file(parser.parse_args().topojson, layer="countries").sort_values("name")
    frame = frame[frame["name"] != "Antarctica"]
    shapes = np.array([_cut_at_antimeridian(shape) for shape in frame.geometry])
    shapes = shapely.coverage_simplify(shapely.buffer(shapes, 0), TOLERANCE_DEG)
    shapes = shapely.set_precision(shapes, GRID_DEG)
    shapes = [shapely.clip_by_rect(shape, *WEB_MERCATOR) for shape in shapes]
    features = [
        {
            "type": "Feature",
            "properties": {"name": name} | _country(name, number),
            "geometry": _rounded(shapely.geometry.mapping(shape)),
        }
        for name, number, shape in zip(frame["name"], frame["id"], shapes, strict=True)
        if not shape.is_empty
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"), ensure_ascii=False)
    OUT.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _country(name: str, number: str | None) -> dict[str, str]:
    """Return code and continent of a country; nothing if it has no code."""
    if name in WITHOUT_NUMBER:
        code, continent = WITHOUT_NUMBER[name]
    elif number and not np.isnan(float(number)) and int(number) in _codes():
        code, continent = _codes()[int(number)]
    else:
        return {}
    return {"code": code, "continent": OTHERWISE.get(code, continent)}


@functools.cache
def _codes() -> dict[int, tuple[str, str]]:
    """Return alpha-2 code and continent by ISO 3166-1 number."""
    frame = country_converter.CountryConverter().data.dropna(subset=["ISOnumeric"])
    # The codes are regular expressions: one country has two.
    codes = frame["ISO2"].str.strip("^$").str.split("$", n=1).str[0]
    return dict(zip(frame["ISOnumeric"].astype(int), zip(codes, frame["Continent_7"], strict=True), strict=True))


def _cut_at_antimeridian(shape: shapely.Geometry) -> shapely.Geometry:
    """Split polygons whose rings cross the antimeridian, from 180 to -180 degrees."""
    parts = []
    for polygon in shapely.get_parts(shape):
        west, _, east, _ = polygon.bounds
        if east - west <= 180:
            parts.append(polygon)
            continue
        unrolled = shapely.buffer(shapely.transform(polygon, _eastwards), 0)
        parts.append(shapely.clip_by_rect(unrolled, -180, -90, 180, 90))
        parts.append(
            shapely.transform(shapely.clip_by_rect(unrolled, 180, -90, 540, 90), lambda points: points - ROUND)
        )
    return shapely.union_all(parts)


def _eastwards(points: np.ndarray) -> np.ndarray:
    """Return points (n, 2) with longitudes from 0 to 360 instead of -180 to 180."""
    return np.where(points[:, :1] < 0, points + ROUND, points)


def _rounded(geometry: dict[str, object]) -> object:
    return json.loads(json.dumps(geometry), parse_float=lambda number: round(float(number), 2))


if __name__ == "__main__":
    main()
