"""The period of a composite: its first and last day."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Period:
    """Days (UTC) of the scenes, both included."""

    start: date
    end: date

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Return ``2024-06-01/2024-08-31`` as a Period.

        Raises:
            ValueError: the text has another form, or the period ends before it begins.
        """
        try:
            start, end = (date.fromisoformat(day) for day in text.split("/"))
        except ValueError as error:
            raise ValueError(f"{text!r} is not of the form 2024-06-01/2024-08-31") from error
        if end < start:
            raise ValueError(f"{text!r} ends before it begins")
        return cls(start, end)

    def widened(self, days: int) -> "Period":
        """Return the period extended by ``days`` on either side."""
        return Period(self.start - timedelta(days), self.end + timedelta(days))

    @property
    def month(self) -> int:
        """Month of the day in the middle of the period, 1 to 12."""
        return (self.start + (self.end - self.start) / 2).month

    @property
    def label(self) -> str:
        """The period as it appears in file names."""
        return f"{self.start}_{self.end}"
