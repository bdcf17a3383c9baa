"""Requests to a server, and the real Martin if it is here."""

import urllib.error
import urllib.request

import pytest

from benchmarks.web.martin import find_martin

PROGRAM = find_martin()
needs_martin = pytest.mark.skipif(PROGRAM is None, reason="no Martin: set MARTIN to its program")


def get(address: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """Return status, body and headers (names in lower case) of an answer."""
    request = urllib.request.Request(address, headers={name.replace("_", "-"): v for name, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        return error.code, error.read(), {name.lower(): value for name, value in error.headers.items()}
