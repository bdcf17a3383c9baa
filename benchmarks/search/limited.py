"""Builds that are stopped at a time limit: those of in-process peers run in a child process."""

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class NotBuiltError(Exception):
    """An index was not built within the limit."""


class BuildError(Exception):
    """The process that built an index ended before it was built."""


def build_within(limit_s: float, build: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a build in a child process and return its result; the limit includes the start of the process.

    Args:
        limit_s: limit in seconds.
        build: function of a module; it leaves what it builds in files.
        *args: its arguments, which are copied to the child process.
        **kwargs: the same.

    Raises:
        NotBuiltError: the limit is reached; the child process is ended.
        BuildError: the child process ended with an error, which it printed, or was killed.
    """
    # Not forked: threads of FAISS and LanceDB do not survive a fork.
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_result, args=(sender, build, args, kwargs))
    deadline = time.monotonic() + limit_s
    with receiver, sender:
        process.start()
        sender.close()
        try:
            if not receiver.poll(max(0, deadline - time.monotonic())):
                raise NotBuiltError
            result: R = receiver.recv()
        except EOFError:
            process.join()
            raise BuildError(f"the process that builds the index ended with exit code {process.exitcode}") from None
        finally:
            process.kill()
            process.join()
            process.close()
    return result


def _send_result(sender: Connection, build: Callable[..., Any], args: Any, kwargs: Any) -> None:
    sender.send(build(*args, **kwargs))
