"""The evaluation of a database's vectors: which tiles, what is measured, and how it is scored (docs/evaluation.md)."""
