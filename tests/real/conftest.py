"""The folder of real data: ``TERRAKIN_REAL_DATA``, or ``../shared/data`` beside the checkout."""

import os
from pathlib import Path

import pytest

from tests.etl.encoders.conftest import terramind  # noqa: F401  (a fixture)

BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = Path(os.environ.get("TERRAKIN_REAL_DATA", BESIDE))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}; set TERRAKIN_REAL_DATA")
    return folder
