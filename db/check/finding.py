"""What a check finds."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How something is."""

    OK = "ok"
    WARNING = "warning"
    """It works, but should not stay so."""
    FAULT = "fault"
    """Searches, loads or migrations fail, or their answers are wrong."""
    HIDDEN = "not visible"
    """The role that asks may not see it, or this machine cannot."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: how it is.
        subject: what was looked at, in one or two words.
        text: what was found, in one line.
        remedy: what to do about a warning or a fault: a command of terrakin, or SQL and who runs it.
    """

    state: State
    subject: str
    text: str
    remedy: str = ""

    def lines(self) -> list[str]:
        """Return the lines to print."""
        lines = [f"{self.state:<12} {self.subject:<12} {self.text}"]
        return [*lines, f"{'':<12} {'':<12} -> {self.remedy}"] if self.remedy else lines
