"""How good the vectors are: what is measured, of which tiles, and how it is weighed (docs/evaluation.md)."""
