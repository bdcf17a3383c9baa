"""Patch embeddings to comparable tile vectors: arrays in, arrays out."""
