"""Where the files of a set are: on disk, or behind an http address that is read in place."""

import hashlib
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from etl.sets.sources.layouts import ZARR_SUFFIX

SCHEMES = ("http", "https")
METADATA = "zarr.json"
"""Name of the files of a Zarr store with its metadata."""


@dataclass(frozen=True)
class Address:
    """A raster or Zarr store behind an http address, of which only what an area needs is read.

    Attributes:
        url: its address.
        timeout_s: seconds without an answer after which a server counts as away.
    """

    url: str
    timeout_s: float

    @property
    def name(self) -> str:
        """The name of the file or store."""
        return file_name(self.url)


Location = Path | Address


def is_address(text: str) -> bool:
    """Return whether a text is an http or https address."""
    return urlsplit(text).scheme in SCHEMES


def file_name(address: str) -> str:
    """Return the name of the file at an address; an empty text if it ends in a slash."""
    return unquote(urlsplit(address).path).rpartition("/")[2]


def is_store(location: Location) -> bool:
    """Return whether a location is that of a Zarr store, by its name."""
    return location.name.endswith(ZARR_SUFFIX)


def fingerprint(location: Location, part: str) -> str:
    """Return what tells whether a file, or a part of a store, is the same, as 64 hexadecimal digits.

    It is the SHA-256 of a file; of the metadata of a store on disk, with the names and sizes of all its files; and of
    what the server says of an address, which is not read as a whole: size, ETag and time of the last change.
    """
    if isinstance(location, Address):
        found = _fingerprint_of_address(location)
    elif location.is_dir():
        found = _fingerprint_of_folder(location)
    else:
        with location.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    return hashlib.sha256(f"{found} {part}".encode()).hexdigest() if part else found


def _fingerprint_of_address(address: Address) -> str:
    asked = f"{address.url}/{METADATA}" if is_store(address) else address.url
    # Signed addresses answer no HEAD request.
    request = urllib.request.Request(asked, headers={"Range": "bytes=0-0"})
    with urllib.request.urlopen(request, timeout=address.timeout_s) as answer:
        headers = tuple(answer.headers[name] for name in ("Content-Range", "Content-Length", "ETag", "Last-Modified"))
    seen = urlsplit(asked)._replace(query="").geturl(), *headers
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def _fingerprint_of_folder(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()} {file.stat().st_size}\n".encode())
        if file.name == METADATA:
            digest.update(file.read_bytes())
    return digest.hexdigest()
