"""A set that is restarted takes whole vectors again."""

import numpy as np

from db.connect import connect
from db.embedding_sets.refit import refit
from db.embedding_sets.report import read_reports
from db.embedding_sets.restart import restart_set
from db.embedding_sets.store import read_components, read_set
from db.settings import Settings
from tests.builders import DIMENSION
from tests.db.embedding_sets.worlds import add_blocks, set_id, small_sets_are_fitted, vector_of

KEY = "SELECT e.key FROM terrakin.embedding_keys AS e WHERE e.set_id = %s"


def test_a_restarted_set_takes_whole_vectors_again(database: Settings) -> None:
    vectors = np.stack([vector_of(i) for i in range(40)])
    with connect(database) as conn:
        add_blocks(conn, range(40), vectors)
        present = next(report for report in read_reports(conn) if report.unit == "block")
    with small_sets_are_fitted():
        assert refit(database, present)
    with connect(database, "etl") as conn:
        assert read_components(conn, set_id(conn, "block")) is not None
        restart_set(conn, "block", "mean", DIMENSION)
        add_blocks(conn, [7], vectors[:1])
        into = read_set(conn, "block", "mean")
        (stored,) = [key.to_numpy() for (key,) in conn.execute(KEY, (into.set_id,))]
        np.testing.assert_allclose(stored, vectors[0] / np.linalg.norm(vectors[0]), atol=1e-3)
        assert (into.components, into.lists.centroids.shape) == (None, (1, DIMENSION))
        report = next(report for report in read_reports(conn) if report.unit == "block")
        assert (report.n_items, report.n_lists, report.kept_share, report.is_fitted) == (1, 1, 1, False)
