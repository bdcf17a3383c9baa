"""HTTP answers that are read whole, within a time and a size: a server may send a byte now and then for ever."""

from multiprocessing import TimeoutError
from multiprocessing.pool import ThreadPool
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from etl.imagery.http import ATTEMPTS, LONGEST_WAIT_S

MAX_BYTES = 256 * 2**20
"""Size of the largest answer: a page of 10,000 STAC items has a tenth of it."""
CHUNK = 2**16


class EndlessAnswerError(requests.RequestException):
    """An answer does not end, or is larger than any catalogue's."""


class WholeAnswers(HTTPAdapter):
    """Sends requests for ``requests.Session``, and reads the whole answer.

    The timeout of a request is the time until the next byte. The limit here is that of the whole answer, after all its
    attempts. A thread that still waits for the rest of an answer does not keep the process from ending.
    """

    def __init__(self, timeout_s: int, retry: Retry) -> None:
        super().__init__(max_retries=retry)
        self.longest_s = ATTEMPTS * (timeout_s + LONGEST_WAIT_S)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **named: Any) -> requests.Response:
        """Send as the parent does.

        Raises:
            EndlessAnswerError: the answer is not complete in time, or too large.
        """
        send = super().send

        def send_and_read() -> requests.Response:
            response = send(request, *arguments, **named)
            # As requests does it for the property `content`, which would read on without a limit.
            response._content = _body(response)
            response._content_consumed = True
            return response

        with ThreadPool(1) as pool:
            try:
                return pool.apply_async(send_and_read).get(self.longest_s)
            except TimeoutError:
                raise EndlessAnswerError(f"the answer is not complete after {self.longest_s:.0f} s") from None


def _body(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > MAX_BYTES:
            response.close()
            raise EndlessAnswerError(f"the answer is larger than {MAX_BYTES // 2**20} MB")
    return bytes(body)
