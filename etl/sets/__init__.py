"""Imports embeddings that other people published as sets that can be searched, and exports sets."""
