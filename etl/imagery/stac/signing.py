"""Signing the addresses of Planetary Computer's storage with package planetary-computer."""

import importlib.util

import requests

from db.errors import one_line
from etl.errors import CatalogueError, StoppingError


def check_signing() -> None:
    """Raise if addresses cannot be signed on this machine.

    Raises:
        CatalogueError: package planetary-computer is not installed.
    """
    if importlib.util.find_spec("planetary_computer") is None:
        raise CatalogueError("--sign needs the package planetary-computer: pip install '.[planetary]'")


def sign_address(url: str) -> str:
    """Return the address with Planetary Computer's token; addresses of other storage are returned unchanged.

    Addresses are signed when they are read, not when they are found: a token is valid for an hour, and a run takes
    longer. The package caches tokens and renews them before they expire.

    Raises:
        StoppingError: no token is available (the package has retried).
    """
    import planetary_computer

    try:
        return str(planetary_computer.sign_url(url))
    except requests.RequestException as error:
        raise StoppingError(f"cannot get a token to read {url}: {one_line(error)}") from None
