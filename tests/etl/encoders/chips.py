"""Synthetic chips for the encoders' tests (benchmarks/chips.py)."""

from benchmarks.chips import make_chips

__all__ = ["make_chips"]
