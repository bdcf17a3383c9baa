"""How benchmarks, tests and screenshots start Debian's Chromium: WebGL in software, no background requests."""

from pathlib import Path

BROWSERS = (Path("/usr/lib/chromium/chromium-headless-shell"), Path("/usr/bin/chromium"))
CHROMIUM = next((path for path in BROWSERS if path.exists()), BROWSERS[-1])
"""The shell has no user interface. Chromium opens a window for each context and loads the address bar's scripts in it,
which doubles the processor time of opening a page."""
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-quic"]
