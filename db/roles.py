"""The three database roles, and the name of the private cluster's database."""

from typing import Literal

Role = Literal["owner", "etl", "reader"]
ROLE_NAMES: dict[Role, str] = {"owner": "terrakin", "etl": "terrakin_etl", "reader": "terrakin_reader"}
OWNER, ETL, READER = ROLE_NAMES.values()
DATABASE = "terrakin"
READER_LIMITS = {"statement_timeout": "30s", "default_transaction_read_only": "on", "search_path": "public"}
"""Settings that sql/roles.sql gives role terrakin_reader where it has none."""
