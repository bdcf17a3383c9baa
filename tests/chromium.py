"""How tests start Debian's Chromium (benchmarks/chromium.py)."""

from benchmarks.chromium import CHROMIUM, FLAGS

__all__ = ["CHROMIUM", "FLAGS"]
