"""Fetching tables from addresses before they are imported; rasters and Zarr stores are read where they are."""

import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from etl.errors import SetError
from etl.sets.sources.layouts import NUMPY_SUFFIX, RASTER_SUFFIXES, ZARR_SUFFIX
from etl.sets.sources.location import Address, Location, file_name, is_address, is_store
from etl.tasks.job import BarFactory

CHUNK_BYTES = 2**20


def locate(given: Sequence[str], folder: Path, timeout_s: float, bar: BarFactory) -> tuple[Location, ...]:
    """Return where the named files are; tables and numpy files behind addresses are fetched into a folder.

    Args:
        given: paths of files and folders, http and https addresses of files and Zarr stores.
        folder: exists, and is removed by the caller after the import.
        timeout_s: seconds without an answer after which a server counts as away.
        bar: makes a progress bar: called with its name, the unit and the total.

    Raises:
        SetError: an address has no file name, that of a store has a query, or a server does not answer with the file.
    """
    names = {file_name(text) for text in given}
    located: list[Location] = []
    for text in (text.removesuffix("/") if text.endswith(f"{ZARR_SUFFIX}/") else text for text in given):
        # The landmask of numpy files is read beside them.
        is_landmask = f"{Path(file_name(text)).stem}{NUMPY_SUFFIX}" in names
        if not is_address(text):
            located.append(Path(text))
        elif file_name(text).endswith((*RASTER_SUFFIXES, ZARR_SUFFIX)) and not is_landmask:
            located.append(_address(text, timeout_s))
        else:
            located.append(_fetch(text, folder, timeout_s, bar))
    return tuple(located)


def _address(text: str, timeout_s: float) -> Address:
    address = Address(text, timeout_s)
    if is_store(address) and urlsplit(text).query:
        raise SetError(
            f"the address of Zarr store {address.name} has a query, which its files would not have; leave it out"
        )
    return address


def _fetch(address: str, folder: Path, timeout_s: float, bar: BarFactory) -> Path:
    name = file_name(address)
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
