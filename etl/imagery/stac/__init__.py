"""Finds items in STAC catalogues: static ones and APIs, over an unreliable network."""
