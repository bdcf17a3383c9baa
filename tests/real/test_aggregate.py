"""The dominant cluster on real tiles is as stable as with scikit-learn's k-means (`bench aggregate` measures speed)."""

from pathlib import Path

from benchmarks.etl.aggregate import SEEDS, agreement_of_seeds, by_scikit_learn, by_terrakin, patches_of


def test_seeds_agree_at_least_as_often_as_with_scikit_learn(real_data: Path) -> None:
    patches = patches_of(real_data / "s2-l2a")
    peer, ours = (agreement_of_seeds([way(patches, seed) for seed in SEEDS]) for way in (by_scikit_learn, by_terrakin))
    assert ours >= peer
