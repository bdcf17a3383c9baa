"""The errors of package ``etl``; the command line prints them as one line and exits with their ``exit_code``."""

from typing import ClassVar


class EtlError(Exception):
    """A job cannot go on. The text says what is wrong, which value, and what to do."""

    exit_code: ClassVar[int] = 1


class CityError(EtlError):
    """A city file is malformed, or a city that was asked for is not there."""


class CatalogueError(EtlError):
    """A STAC catalogue cannot be read, has no items for the request, or an item lacks a band."""


class ImageryError(EtlError):
    """Pixels cannot be read, or there are too few clear ones."""


class TransientImageryError(ImageryError):
    """A file behind a network cannot be read now; another attempt may succeed."""


class ChipError(EtlError):
    """A file is no chip (one tile's pixels in a GeoTIFF), or has too few pixels with data."""

    exit_code = 65
    """EX_DATAERR of sysexits.h: who runs embed-chip for others can tell a bad file from a machine without encoder."""


class EncoderError(EtlError):
    """Encoder weights are missing, do not fit, or differ from those that made the stored vectors."""
