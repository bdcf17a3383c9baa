"""``terrakin etl encoders`` lists every encoder with its weights, bands, speed and scores."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from etl.cli import group
from etl.encoders import descriptions
from etl.encoders.choices import ENCODERS
from etl.encoders.encoder import Encoder
from etl.encoders.galileo import MODEL_SHA256, GalileoEncoder
from etl.encoders.mosaiks import MosaiksEncoder
from etl.encoders.terramind import TerraMindEncoder


def listed(*arguments: str) -> list[str]:
    done = CliRunner().invoke(group, ["encoders", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout.splitlines()


def test_the_default_is_listed_first_with_its_hash_and_bands() -> None:
    lines = listed()
    names = [line.removesuffix(" (default)") for line in lines if not line.startswith(" ")]
    assert names == list(ENCODERS)
    assert lines[0] == "galileo_nano (default)"
    text = "\n".join(lines[: lines.index("mosaiks")])
    assert MODEL_SHA256 in text
    assert "10: B02 " in text
    assert "MIT" in text


def test_recorded_scores_are_shown_with_interval_random_baseline_and_sample_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(
        descriptions.SCORES.read_text().splitlines()[0] + "\nmosaiks,mean,same place R@1,.5,.4,.6,.016,64\n"
    )
    monkeypatch.setattr(descriptions.read_scores, "__defaults__", (path,))
    (line,) = [line for line in listed() if "same place" in line]
    assert line.split(maxsplit=1)[1] == "same place R@1, mean: 0.50 [0.40, 0.60], random 0.02, n=64"


def test_the_methods_are_those_of_the_encoders() -> None:
    classes: list[type[Encoder]] = [GalileoEncoder, MosaiksEncoder, TerraMindEncoder]
    assert [d.method for d in descriptions.descriptions()] == [c.default_method for c in classes]
