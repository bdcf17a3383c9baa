"""How benchmarks, tests and screenshots start Debian's Chromium: WebGL in software, no requests to other machines."""

from pathlib import Path

BROWSERS = (Path("/usr/lib/chromium/chromium-headless-shell"), Path("/usr/bin/chromium"))
CHROMIUM = next((path for path in BROWSERS if path.exists()), BROWSERS[-1])
"""The shell has no user interface. Chromium opens a window for each context and loads the address bar's scripts in it,
which doubles the processor time of opening a page."""
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
"""No other machine is found: routing every request through Playwright takes longer, and turns the cache off."""
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-quic", OFFLINE]
