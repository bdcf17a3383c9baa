"""The errors of package ``etl``: one class per cause. The command line prints the text and exits with ``exit_code``."""

from typing import ClassVar

from etl.addresses import without_secrets


class EtlError(Exception):
    """A job cannot go on. The text names what is wrong, the value, and what to do; addresses have no secrets."""

    exit_code: ClassVar[int] = 1

    def __init__(self, text: str) -> None:
        super().__init__(without_secrets(text))


class StoppingError(EtlError):
    """What would fail every city: a host is away, credentials are refused, the disk is full. The run stops."""


class CityError(EtlError):
    """A city file is malformed, or a requested city is unknown."""


class PeriodError(EtlError):
    """A period cannot be parsed, or clashes with one that is already loaded."""


class CatalogueError(EtlError):
    """A STAC catalogue cannot be read, has no items for the request, or an item lacks a band."""


class OriginError(EtlError):
    """Synthetic imagery was found for a real city, or real imagery for a synthetic town."""


class SetError(EtlError):
    """Embeddings cannot be imported or exported, or a set is unknown."""


class ImageryError(EtlError):
    """Pixels cannot be read, or too few of them are clear."""


class UnreadableFileError(ImageryError):
    """A file of a scene cannot be read.

    Attributes:
        address: path or URL of the file.
        is_denied: True if the server denies access to it.
    """

    address: str = ""
    is_denied: bool = False


class SchedulerError(EtlError):
    """The Dask scheduler does not answer."""


class ChipError(EtlError):
    """A file is not a chip (the pixels of one tile in a GeoTIFF), or too few of its pixels have data."""

    exit_code = 65
    """EX_DATAERR of sysexits.h: a caller can tell a bad file from a machine without an encoder."""


class EncoderError(EtlError):
    """An encoder is unknown, its weights are missing or do not fit, or they differ from those of the stored vectors."""


class EmbeddingError(EtlError):
    """Embeddings are not finite, or a tile has no valid patch."""


class PostProcessingError(EtlError):
    """A post-processing is unknown, cannot be fitted, or its stored parameters cannot be read."""


class SpatialBiasError(EtlError):
    """There are too few tiles, neighbours or regions to measure or remove spatial bias."""


class WorkFileError(EtlError):
    """Work files are missing on this machine, or were made by another encoder or post-processing."""


class EmptyDatabaseError(EtlError):
    """The database holds no cities, tiles or encoder yet."""


class ConcurrentChangeError(EtlError):
    """Another process changed the database while this one was working."""


class FailedCitiesError(EtlError):
    """Some cities failed while the others went on."""
