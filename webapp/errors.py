"""The errors of package ``webapp``: the command line prints them as one line, HTTP answers them as problems."""


class WebError(Exception):
    """Something about the web app is not as it must be. The text says what, which value, and what to do."""


class ServerError(WebError):
    """The web server cannot be started or stopped."""


class NotFoundError(WebError):
    """What an address names does not exist."""


class FrontEndMissingError(WebError):
    """The page was not built, so there is nothing to serve but the API."""


class BadChipError(WebError):
    """An uploaded file is no chip."""


class EncoderMissingError(WebError):
    """A chip cannot be embedded on this machine."""


class BusyError(WebError):
    """As many chips as allowed are being embedded."""
