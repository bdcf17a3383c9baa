"""Reading STAC catalogues over an unreliable network: static ones and APIs, and what their errors mean."""

import logging
import warnings
from pathlib import Path
from typing import Any, TypeGuard

import pystac
import pystac_client
import requests
from pystac.stac_io import DefaultStacIO
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from pystac_client.warnings import PystacClientWarning
from urllib3 import Retry

from db.errors import one_line
from db.settings import DEFAULT_HTTP_TIMEOUT_S
from etl.errors import CatalogueError, EtlError, StoppingError
from etl.imagery.http import ATTEMPTS, LONGEST_WAIT_S, STATUS_CODES, retry_on
from etl.imagery.stac.whole_answers import WholeAnswers

log = logging.getLogger(__name__)

# pystac migrates fields of the storage extension, which are not used here; it does not know the form of Earth Search's.
warnings.filterwarnings("ignore", message="Could not parse bucket/account", category=UserWarning)

RETRY = Retry(
    total=ATTEMPTS,
    connect=2,
    backoff_factor=0.3,
    status_forcelist=STATUS_CODES,
    allowed_methods=None,
    backoff_jitter=0.3,
    raise_on_status=False,
    retry_after_max=LONGEST_WAIT_S,
)
DENIED = {401, 403, 407}
AWAY = {502, 503, 504}
READ_ERRORS = (
    APIError, requests.RequestException, OSError, pystac.STACError, pystac.STACTypeError,
    AttributeError, KeyError, TypeError, ValueError,
)  # fmt: skip
"""What pystac and pystac-client raise where a server is away or an answer has another form than STAC."""
TRUNCATED = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.JSONDecodeError,
)
retried = retry_on(*TRUNCATED, log=log)
"""Repeats a request after a truncated response, for which urllib3 does not."""


class StaticReader(DefaultStacIO):
    """Reads the files of a static catalogue, with a timeout, retries and distinct errors."""

    def __init__(self, timeout_s: int) -> None:
        super().__init__()
        self._timeout_s = timeout_s
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, WholeAnswers(timeout_s, RETRY))

    def read_text_from_href(self, href: str) -> str:
        """Read as the parent does, but raise requests.RequestException for HTTP errors."""
        if not href.startswith(("http://", "https://")):
            return super().read_text_from_href(href)
        response = self._read(href)
        response.raise_for_status()
        return response.text

    @retried
    def _read(self, href: str) -> requests.Response:
        return self._session.get(href, timeout=self._timeout_s)


class ApiReader(StacApiIO):
    """Reads the answers of an API, with a timeout and retries."""

    def __init__(self, timeout_s: int) -> None:
        super().__init__(timeout=timeout_s)
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, WholeAnswers(timeout_s, RETRY))

    @retried
    def request(self, *arguments: Any, **named: Any) -> str:
        """Request as the parent does, but repeat the request after a truncated answer."""
        try:
            return super().request(*arguments, **named)
        except APIError as error:
            if isinstance(error.__context__, TRUNCATED):
                raise error.__context__ from error
            raise


def open_catalogue(stac: str, timeout_s: int = DEFAULT_HTTP_TIMEOUT_S) -> pystac.Catalog:
    """Open a static catalogue, or return a client of an API.

    Raises:
        CatalogueError: it does not exist or is not a STAC catalogue.
        StoppingError: its host is away, or denies access.
    """
    is_url = "://" in stac
    if not is_url and not Path(stac).exists():
        raise CatalogueError(f"STAC catalogue {stac} does not exist; give the path of its catalog.json or a URL")
    try:
        if is_url and not stac.endswith(".json"):
            return _open_api(stac, timeout_s)
        return pystac.Catalog.from_file(stac if is_url else str(Path(stac).absolute()), StaticReader(timeout_s))
    except READ_ERRORS as error:
        raise explain(error, f"cannot reach STAC catalogue {stac}", f"{stac} is not a STAC catalogue") from error


def is_api(catalogue: pystac.Catalog) -> TypeGuard[pystac_client.Client]:
    """Return True for an API that can be searched."""
    return isinstance(catalogue, pystac_client.Client) and catalogue.conforms_to("ITEM_SEARCH")


def search_method(api: pystac_client.Client) -> str:
    """Return POST if an API offers it, else GET, which all offer."""
    offered = {str(link.extra_fields.get("method", "GET")).upper() for link in api.links if link.rel == "search"}
    return "POST" if "POST" in offered else "GET"


def explain(error: BaseException, unread: str, malformed: str | None = None) -> EtlError:
    """Return the error to raise for one of READ_ERRORS.

    Args:
        error: the error.
        unread: what could not be read; begins the text.
        malformed: begins the text instead if an answer came but is not STAC.

    Returns:
        StoppingError if the host is away or denies access, else CatalogueError.
    """
    status = _status(error)
    if status in DENIED:
        return StoppingError(f"{unread}: access denied (HTTP {status}); check user, password, token or --sign")
    if status in AWAY or _is_connection_error(error):
        return StoppingError(f"{unread}: {one_line(error)}; is the host up and the address right?")
    is_unread = isinstance(error, (APIError, requests.RequestException, OSError)) and not isinstance(error, ValueError)
    return CatalogueError(f"{unread if is_unread or malformed is None else malformed}: {one_line(error)}")


def _status(error: BaseException) -> int | None:
    """Return the HTTP status of an answer that is an error; None if there is none."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code
    return getattr(error, "status_code", None)


def _is_connection_error(error: BaseException) -> bool:
    """Return True if no answer came, after all attempts."""
    cause = error.__context__ if isinstance(error, APIError) else error
    return isinstance(cause, (requests.ConnectionError, requests.Timeout))


def _open_api(url: str, timeout_s: int) -> pystac_client.Client:
    with warnings.catch_warnings(action="ignore", category=PystacClientWarning):  # of an API without conformsTo
        api = pystac_client.Client.open(url, stac_io=ApiReader(timeout_s))
    if not api.conforms_to("CORE"):
        for rel, conformance in (("search", "ITEM_SEARCH"), ("data", "COLLECTIONS")):
            if any(link.rel == rel for link in api.links):
                api.add_conforms_to(conformance)
    return api
