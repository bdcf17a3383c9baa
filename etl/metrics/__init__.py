"""Measures of how good vectors are: retrieval, spatial leakage, neighbour preservation."""
