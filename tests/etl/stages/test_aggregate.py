"""Stage aggregate."""

from pathlib import Path

import numpy as np

from etl.encoders.validity import MIN_PATCH_VALID_SHARE
from etl.stages import aggregate as stage
from etl.store.work_files import PATCHES, write_arrays
from etl.tasks.parallel import MIN_TILES
from etl.vectors.aggregation import aggregate
from etl.vectors.post_processing import PostProcessing


def test_several_processes_give_the_same_vectors_as_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    n = MIN_TILES + 3
    embedding = rng.normal(size=(n, 12, 8)).astype(np.float16)
    share = rng.random((n, 12)).astype(np.float32)
    share[:, 0] = 1
    arrays = {"tile_id": np.arange(n), "embedding": embedding, "patch_valid_share": share}
    write_arrays(tmp_path / PATCHES, arrays, {})
    processing = PostProcessing("raw", np.zeros(8, np.float32), np.ones(8, np.float32))
    parts = list(stage.aggregate_file(tmp_path / PATCHES, processing))
    alone = aggregate(processing.apply(embedding), share >= MIN_PATCH_VALID_SHARE)
    for name in vars(alone):
        np.testing.assert_array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(alone, name))
