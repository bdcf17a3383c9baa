"""The ledger: which tasks can be claimed, and what happens to the tasks of dead workers."""

import os
import subprocess
import sys

import psutil
import pytest

from db.connect import connect
from db.settings import Settings
from etl.tasks.ledger import MAX_ATTEMPTS, Ledger, heartbeat, is_dead, this_worker
from etl.tasks.progress import failures, progress, retry, tile_counts
from tests.etl.tasks.conftest import CITIES, PERIOD


def set_worker(ledger: Ledger, worker: str, age_s: int = 0) -> None:
    ledger.conn.execute(
        "UPDATE terrakin.etl_tasks SET worker = %s, heartbeat_at = now() - make_interval(secs => %s) "
        "WHERE status = 'running'",
        (worker, age_s),
    )


def test_each_city_is_claimed_once_in_the_order_of_ids(ledger: Ledger) -> None:
    assert [ledger.claim("composite", CITIES) for _ in range(4)] == [1, 2, 3, None]


def test_a_stage_waits_for_the_previous_one(ledger: Ledger) -> None:
    assert ledger.claim("embed", CITIES) is None
    assert ledger.claim("composite", [2]) == 2
    assert ledger.claim("embed", CITIES) is None
    ledger.finish("composite", 2, {"made_from": "x"})
    assert ledger.claim("embed", CITIES) == 2


def test_two_workers_never_claim_the_same_task(database: Settings, ledger: Ledger) -> None:
    """A task claimed in an open transaction is skipped, not waited for."""
    with connect(database, "etl") as other, other.transaction():
        theirs = Ledger(other, PERIOD, "elsewhere:1:0", "there").claim("composite", CITIES)
        ours = ledger.claim("composite", CITIES)
    assert (theirs, ours) == (1, 2)


def test_planning_again_changes_nothing(ledger: Ledger) -> None:
    ledger.claim("composite", [1])
    ledger.finish("composite", 1, {"made_from": "x"})
    ledger.plan(CITIES)
    assert {c: (t.status, t.made_from, t.work_folder) for c, t in ledger.tasks("composite").items()} == {
        1: ("done", "x", "here"), 2: ("pending", None, None), 3: ("pending", None, None),
    }  # fmt: skip


def test_a_failed_task_keeps_its_error_and_is_tried_again_when_reopened(ledger: Ledger) -> None:
    ledger.claim("composite", [1])
    ledger.fail("composite", 1, "no clear observation")
    assert [(row[2], row[3], row[4]) for row in failures(ledger.conn)] == [("composite", 1, "no clear observation")]
    assert ledger.claim("composite", [1]) is None
    ledger.reopen("composite", ledger.tasks("composite"))
    assert ledger.claim("composite", [1]) == 1


def test_tasks_of_a_dead_worker_on_this_machine_are_taken_over_at_once(ledger: Ledger) -> None:
    ledger.claim("composite", [1])
    host, _, started = this_worker().rsplit(":", 2)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    set_worker(ledger, f"{host}:{ended.pid}:1.00")
    assert ledger.claim("composite", [1]) == 1
    set_worker(ledger, f"{host}:{os.getpid()}:{float(started) - 5:.2f}")  # our process id, but another process
    assert ledger.claim("composite", [1]) == 1


def test_tasks_of_a_live_worker_are_not_taken_over(ledger: Ledger) -> None:
    ledger.claim("composite", [1])
    assert not is_dead(this_worker())
    assert ledger.claim("composite", [1]) is None


def test_tasks_of_another_machine_are_taken_over_after_a_long_silence(ledger: Ledger) -> None:
    ledger.claim("composite", [1])
    set_worker(ledger, "elsewhere:1:0", age_s=60)
    assert ledger.claim("composite", [1]) is None
    set_worker(ledger, "elsewhere:1:0", age_s=180)
    assert ledger.claim("composite", [1]) == 1


def test_a_heartbeat_updates_the_workers_tasks(
    database: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.tasks.ledger.HEARTBEAT_S", 0.05)
    ledger.claim("composite", [1])
    set_worker(ledger, ledger.worker, age_s=1000)
    with heartbeat(database, ledger.worker):
        psutil.Process().cpu_percent(interval=0.5)
    (age_s,) = ledger.conn.execute(
        "SELECT extract(epoch FROM now() - heartbeat_at) FROM terrakin.etl_tasks WHERE status = 'running'"
    ).fetchone() or (None,)
    assert age_s < 5


def test_progress_counts_cities_by_status(ledger: Ledger) -> None:
    ledger.claim("composite", [1])
    rows = {row[1]: row[2:7] for row in progress(ledger.conn)}
    assert rows["composite"] == (3, 2, 1, 0, 0)
    assert rows["load"] == (3, 3, 0, 0, 0)


def test_a_task_that_another_worker_has_changed_since_is_not_reopened(ledger: Ledger) -> None:
    ledger.claim("composite", [1])
    ledger.finish("composite", 1, {"made_from": "old"})
    seen = ledger.tasks("composite")
    ledger.reopen("composite", seen)  # by the other worker, which saw the same
    assert ledger.claim("composite", [1, 2]) == 1
    ledger.reopen("composite", seen)
    assert ledger.tasks("composite")[1].status == "running"
    ledger.finish("composite", 1, {"made_from": "new"})
    ledger.reopen("composite", seen)
    assert ledger.tasks("composite")[1].status == "done"


def test_other_workers_are_listed_while_they_are_running(ledger: Ledger) -> None:
    ledger.claim("composite", [1])
    assert ledger.others("composite", CITIES) == []
    set_worker(ledger, "elsewhere:1:0")
    assert ledger.others("composite", CITIES) == ["elsewhere:1:0"]
    assert ledger.others("composite", [2, 3]) == []
    assert ledger.settled("composite", CITIES) == set()
    ledger.fail("composite", 1, "no scenes")
    assert (ledger.others("composite", CITIES), ledger.settled("composite", CITIES)) == ([], {1})


def test_a_city_that_keeps_failing_is_not_tried_until_a_retry(ledger: Ledger) -> None:
    for _ in range(MAX_ATTEMPTS):
        ledger.reopen("composite", ledger.tasks("composite"))
        assert ledger.claim("composite", [1]) == 1
        ledger.fail("composite", 1, "no scenes")
    ledger.reopen("composite", ledger.tasks("composite"))
    assert ledger.claim("composite", [1]) is None
    assert ledger.claim("composite", CITIES) == 2
    assert ledger.given_up("composite", CITIES) == {1: "no scenes"}
    assert retry(ledger.conn, ["nowhere"]) == 0
    assert retry(ledger.conn, ["1"]) == 1
    assert ledger.claim("composite", [1]) == 1


def test_a_city_whose_workers_keep_dying_is_not_tried_again(ledger: Ledger) -> None:
    for _ in range(MAX_ATTEMPTS):
        assert ledger.claim("composite", [1]) == 1
        set_worker(ledger, "elsewhere:1:2.00", age_s=3600)
    assert ledger.claim("composite", [1]) is None
    (why,) = ledger.given_up("composite", [1]).values()
    assert f"{MAX_ATTEMPTS} attempts" in why
    assert "elsewhere:1:2.00" in why
    assert ledger.claim("composite", CITIES) == 2


def test_an_interrupted_task_does_not_count_as_an_attempt(ledger: Ledger) -> None:
    for _ in range(MAX_ATTEMPTS + 2):
        assert ledger.claim("composite", [1]) == 1
        ledger.release("composite", 1)
    assert ledger.claim("composite", [1]) == 1


def test_a_changed_input_resets_the_number_of_attempts(ledger: Ledger) -> None:
    for _ in range(MAX_ATTEMPTS + 2):
        assert ledger.claim("composite", [1]) == 1
        ledger.finish("composite", 1, {"made_from": "x"})
        ledger.reopen("composite", ledger.tasks("composite"))
    assert ledger.claim("composite", [1]) == 1


def test_finished_work_is_redone_on_request(ledger: Ledger) -> None:
    ledger.claim("composite", [1])
    ledger.finish("composite", 1, {"made_from": "x"})
    assert retry(ledger.conn, ["1"]) == 0
    assert retry(ledger.conn, ["1"], redo=True) == 1
    assert ledger.claim("composite", [1]) == 1


def test_tiles_that_are_too_cloudy_or_not_covered_are_counted(ledger: Ledger) -> None:
    assert tile_counts(ledger.conn) == []
    for city_id, n_left_out in ((1, 0), (2, 3)):
        for stage in ("composite", "embed"):
            assert ledger.claim(stage, [city_id]) == city_id
            counts = {"n_tiles": 10, "n_tiles_too_cloudy": n_left_out, "n_tiles_uncovered": 2 * n_left_out}
            ledger.finish(stage, city_id, counts if stage == "embed" else {})
    (line,) = tile_counts(ledger.conn)
    assert line.startswith("tiles of 2024-06-01/2024-08-31: 20 embedded; left out: 3 too cloudy, 6 ")
