"""Fixtures for migrations: a copy of ``sql/`` that a test may change."""

import shutil
from pathlib import Path

import pytest

from db.catalogue import files as sql_files


@pytest.fixture
def sql_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``sql/`` that migrations read instead of the original."""
    copy = tmp_path / "sql"
    shutil.copytree(sql_files.ROOT, copy)
    for folder in sql_files.FOLDERS:
        (copy / folder).mkdir(exist_ok=True)
    monkeypatch.setattr(sql_files, "ROOT", copy)
    return copy
