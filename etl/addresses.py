"""Addresses in messages, logs and tables: never with a user name, a password or a signature."""

import re

USER = re.compile(r"(?<=://)[^/\s@'\"<>]*@")
QUERY = re.compile(r"(\w+://[^\s?'\"<>]+)\?[^\s'\"<>)]*")


def without_secrets(text: str) -> str:
    """Return a text without the user names, passwords and queries of the addresses in it."""
    return QUERY.sub(r"\1", USER.sub("", text))
