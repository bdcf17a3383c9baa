"""Debian's Chromium as tests, benchmarks and pictures start it: WebGL in software, nothing asked of the internet."""

from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-quic"]
