"""Encoders: from the pixels of a tile to one vector for each of its 196 patches."""
