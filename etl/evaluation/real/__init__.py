"""The evaluation of all encoders on real pixels, at block size (docs/evaluation.md)."""
