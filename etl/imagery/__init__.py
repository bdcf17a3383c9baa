"""Sentinel-2 scenes: find them, check them and composite them."""
