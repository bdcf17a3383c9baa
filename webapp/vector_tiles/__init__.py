"""Vector tiles at /tiles, with the HTTP contract of the tile server Martin."""
