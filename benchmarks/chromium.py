"""How benchmarks, tests and screenshots start Debian's Chromium: WebGL in software, no background requests."""

from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-quic"]
