"""The properties of a city in a file: their names, and their values as files of different formats hold them."""

import math
import re
from typing import Any

import pandas as pd

from etl.cities.features import Feature
from etl.errors import CityError
from etl.period import Period

COLUMNS = (
    "city_id", "name", "country_code", "country", "continent", "population", "lon", "lat", "radius_m", "is_synthetic",
    "period", "other_names",
)  # fmt: skip
SHAPEFILE_NAME = 10
"""A Shapefile cuts the names of its columns to this many characters."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
EXACT = re.compile(r"[+-]?\d{1,19}", re.ASCII)
TRUTHS = {"true": True, "t": True, "yes": True, "false": False, "f": False, "no": False, 1: True, 0: False}
MAX_INTEGER = 2**63 - 1


class Properties:
    """The values of one feature by their names in ``COLUMNS``; null, NaN and blank text are None.

    Every method raises CityError, which names the feature, the property and the value, if a value has another form.
    """

    def __init__(self, feature: Feature) -> None:
        self.where = feature.where
        cut = {name[:SHAPEFILE_NAME]: name for name in COLUMNS}
        self._values = {cut.get(key, key): _without_blanks(value) for key, value in feature.properties.items()}

    def has(self, *names: str) -> bool:
        """Return True if one of these properties has a value."""
        return any(self._values.get(name) is not None for name in names)

    def text(self, name: str) -> str:
        """Return a text that is not empty."""
        value = self._values.get(name)
        if not isinstance(value, str) or "\0" in value:
            raise self._error(name, value, "text")
        return value

    def number(self, name: str) -> float:
        """Return a finite number."""
        value = self._values.get(name)
        number = _number(value)
        if number is None:
            raise self._error(name, value, "a number such as 38.72")
        return float(number)

    def whole_number(self, name: str) -> int:
        """Return a whole number, also one that is written 1.0 or 1e5."""
        value = self._values.get(name)
        number = _number(value)
        if number is None or number != int(number) or abs(number) > MAX_INTEGER:
            raise self._error(name, value, "a whole number such as 2267057")
        return int(number)

    def truth(self, name: str) -> bool:
        """Return True or False; False if there is no value."""
        value = self._values.get(name, False)
        key = _number(value)
        truth = TRUTHS.get(str(value).lower() if key is None else key) if value is not None else False
        if truth is None:
            raise self._error(name, value, "true or false")
        return truth

    def period(self, name: str) -> Period | None:
        """Return a period, if there is a value."""
        value = self._values.get(name)
        try:
            return None if value is None else Period.parse(str(value))
        except ValueError as error:
            raise CityError(f"{self.where}: {name} {error}") from error

    def _error(self, name: str, value: Any, form: str) -> CityError:
        return CityError(f"{self.where}: {name} is {value!r}; it must be {form}")


def _without_blanks(value: Any) -> Any:
    """Return a plain Python value; None for null, NaN and text of nothing but blanks."""
    if isinstance(value, str):
        return value.strip() or None
    if not pd.api.types.is_scalar(value):
        return value
    return None if pd.isna(value) else getattr(value, "item", lambda: value)()


def _number(value: Any) -> int | float | None:
    """Return a finite number as it is or as text has it; None for anything else."""
    if isinstance(value, str):
        value = int(value) if EXACT.fullmatch(value) else float(value) if NUMBER.fullmatch(value) else None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and math.isfinite(value) else None
