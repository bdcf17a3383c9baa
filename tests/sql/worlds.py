"""Random worlds of tiles for the tests of ``sql/`` (tests/builders.py)."""

from tests.builders import CONTINENTS, COUNTRIES, GEOD, METHODS, World, build_world

__all__ = ["CONTINENTS", "COUNTRIES", "GEOD", "METHODS", "World", "build_world"]
