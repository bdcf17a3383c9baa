"""Similarity search compared with other engines."""
