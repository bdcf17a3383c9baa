"""Builders of valid rows: a test names what matters to it, the other columns get plausible values."""

from tests.builders.patches import fit_post_processing
from tests.builders.rows import DIMENSION, PERIOD, make_city, make_composite, make_tile
from tests.builders.towns import FORMS, N_SIDE, TOWNS, Town, TownDatabase, build_towns, picture, town_database
from tests.builders.world import CONTINENTS, COUNTRIES, GEOD, METHODS, World, build_world

__all__ = [
    "CONTINENTS",
    "COUNTRIES",
    "DIMENSION",
    "FORMS",
    "GEOD",
    "METHODS",
    "N_SIDE",
    "PERIOD",
    "TOWNS",
    "Town",
    "TownDatabase",
    "World",
    "build_towns",
    "build_world",
    "fit_post_processing",
    "make_city",
    "make_composite",
    "make_tile",
    "picture",
    "town_database",
]
