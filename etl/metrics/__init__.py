"""Measures of how good vectors are."""
