"""Synthetic towns whose best matches are known (tests/builders.py)."""

from tests.builders import FORMS, N_SIDE, TOWNS, Town, TownDatabase, build_towns, picture, town_database

__all__ = ["FORMS", "N_SIDE", "TOWNS", "Town", "TownDatabase", "build_towns", "picture", "town_database"]
