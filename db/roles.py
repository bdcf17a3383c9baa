"""The three database roles, and the name of the private cluster's database."""

from typing import Literal

Role = Literal["owner", "etl", "reader"]
ROLE_NAMES: dict[Role, str] = {"owner": "terrakin", "etl": "terrakin_etl", "reader": "terrakin_reader"}
OWNER, ETL, READER = ROLE_NAMES.values()
DATABASE = "terrakin"
