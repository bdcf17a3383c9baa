"""The errors of package ``webapp``: the command line prints them as one line, HTTP answers them as problems."""


class WebError(Exception):
    """An error of the web app. Its text contains what is wrong, the value, and what to do."""


class ServerError(WebError):
    """The web server cannot be started or stopped."""


class NotFoundError(WebError):
    """The thing that an address names does not exist."""


class FrontEndMissingError(WebError):
    """The front end is not built, so only the API can be served."""


class BadChipError(WebError):
    """An uploaded file is not a valid chip."""


class EncoderMissingError(WebError):
    """A chip cannot be embedded on this machine."""


class BusyError(WebError):
    """The maximum number of chips is being embedded."""
