"""Reads files of published embeddings: where they are, which layout they have, and what their rows hold."""
