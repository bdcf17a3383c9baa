"""Concepts: directions learned from examples, and the tiles or blocks that lie in them."""
