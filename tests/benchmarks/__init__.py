"""Benchmarks: tables against peers measured in the same run. Not tests; `make bench-search` runs them."""
