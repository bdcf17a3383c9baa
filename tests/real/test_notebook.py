"""The notebook about published embeddings, run as Jupyter does: cell by cell in one namespace."""

import json
from pathlib import Path
from typing import Any

import matplotlib
import pytest

from db.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_notebook_about_published_embeddings_runs(
    real_data: Path, database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matplotlib.use("Agg")
    monkeypatch.setenv("ALPHAEARTH_POINTS", str(real_data / "embeddings" / "aef" / "gee-export-points-2024.csv.gz"))
    monkeypatch.setenv("DATABASE_URL", database.database_url or "")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {}
    for cell in json.loads((ROOT / "docs" / "published_embeddings.ipynb").read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), namespace)
    scores = namespace["scores"]
    assert set(scores.index) == {"amazon_forest", "california_coast", "iowa_ag"}
    # Chance is 0.11; the concept was learned in a fourth region.
    assert scores["average precision"].min() > 0.4
    assert (scores["built among the found"] > 3 * scores["built of all"]).all()
    assert namespace["vectors"].shape == (2880, 64)
    assert (tmp_path / "built.png").stat().st_size > 10_000
