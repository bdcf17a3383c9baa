"""Sentinel-2 scenes: finding, checking and compositing them."""
