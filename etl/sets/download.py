"""Fetching files from addresses before they are imported."""

import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from etl.errors import SetError
from etl.tasks.job import BarFactory

SCHEMES = ("http", "https")
CHUNK_BYTES = 2**20


def local_files(given: Iterable[str], folder: Path, timeout_s: float, bar: BarFactory) -> tuple[Path, ...]:
    """Return paths for paths and addresses; the files behind addresses are fetched into a folder.

    Args:
        given: paths of files and folders, http and https addresses of files.
        folder: exists, and is removed by the caller after the import.
        timeout_s: seconds without an answer after which a server counts as away.
        bar: makes a progress bar: called with its name, the unit and the total.

    Raises:
        SetError: an address has no file name, or its server does not answer with the file.
    """
    return tuple(
        _fetch(text, folder, timeout_s, bar) if urlsplit(text).scheme in SCHEMES else Path(text) for text in given
    )


def _fetch(address: str, folder: Path, timeout_s: float, bar: BarFactory) -> Path:
    name = unquote(urlsplit(address).path).rpartition("/")[2]
    if not name:
        raise SetError(f"address {address} ends in no file name; give the address of a file")
    path = folder / name
    try:
        with urllib.request.urlopen(address, timeout=timeout_s) as answer, path.open("wb") as file:
            total = int(answer.headers.get("Content-Length") or 0)
            with bar("download", "MB", total // CHUNK_BYTES) as progress:
                while part := answer.read(CHUNK_BYTES):
                    file.write(part)
                    progress.update()
            if total and path.stat().st_size != total:
                raise SetError(f"{address} ended after {path.stat().st_size:,} of {total:,} bytes; import it again")
    except urllib.error.HTTPError as error:
        raise SetError(f"{address} answers {error.code} {error.reason}") from error
    except (urllib.error.URLError, TimeoutError) as error:
        raise SetError(f"{address} cannot be read: {getattr(error, 'reason', error)}") from error
    return path
