"""The ledger ``terrakin.etl_tasks``: the status of each city at each stage, its worker, and why it failed."""

import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import psutil
import psycopg
from psycopg.types.json import Jsonb

from db.connect import connect
from db.settings import Settings
from etl.period import Period
from etl.store.date_range import date_range

Stage = Literal["composite", "embed", "aggregate", "blocks", "load", "thumbnail"]
STAGES: tuple[Stage, ...] = get_args(Stage)

HEARTBEAT_S = 15
SILENCE_S = 120
"""A worker on another machine without a heartbeat for this long is considered dead."""

MAX_ATTEMPTS = 5
"""A city that failed or whose worker died this often is not tried again until `terrakin etl retry`."""

PLAN = """
    INSERT INTO terrakin.etl_tasks (city_id, period, stage)
    SELECT c, %(period)s, s
    FROM unnest(%(city_ids)s::bigint[]) AS c
    CROSS JOIN unnest(%(stages)s::text[]) AS s
    ON CONFLICT DO NOTHING
"""
STATES = """
    SELECT city_id, status, finished_at, detail ->> 'made_from', work_folder
    FROM terrakin.etl_tasks
    WHERE stage = %(stage)s AND period = %(period)s
"""
REOPEN = """
    UPDATE terrakin.etl_tasks AS t
    SET status = 'pending', error = NULL, attempts = CASE t.status WHEN 'done' THEN 0 ELSE t.attempts END
    FROM unnest(%(city_ids)s::bigint[], %(finished_at)s::timestamptz[]) AS seen(city_id, finished_at)
    WHERE t.stage = %(stage)s AND t.period = %(period)s AND t.city_id = seen.city_id
        AND t.finished_at = seen.finished_at
        AND (t.status = 'done' OR t.status = 'failed' AND t.attempts < %(max_attempts)s)
"""
SETTLED = """
    SELECT city_id
    FROM terrakin.etl_tasks
    WHERE stage = %(stage)s AND period = %(period)s AND city_id = ANY (%(city_ids)s) AND status IN ('done', 'failed')
"""
OTHERS = """
    SELECT DISTINCT worker
    FROM terrakin.etl_tasks
    WHERE stage = %(stage)s AND period = %(period)s AND city_id = ANY (%(city_ids)s)
        AND status = 'running' AND worker <> %(worker)s
"""
GIVE_UP = """
    UPDATE terrakin.etl_tasks
    SET status = 'failed', finished_at = now(),
        error = format('its worker died in each of %%s attempts; the last one was %%s', attempts, worker)
    WHERE stage = %(stage)s AND period = %(period)s AND city_id = ANY (%(city_ids)s)
        AND status = 'running' AND attempts >= %(max_attempts)s
        AND (worker = ANY (%(dead)s) OR heartbeat_at < now() - make_interval(secs => %(silence_s)s))
"""
GIVEN_UP = """
    SELECT city_id, error
    FROM terrakin.etl_tasks
    WHERE stage = %(stage)s AND period = %(period)s AND city_id = ANY (%(city_ids)s)
        AND status = 'failed' AND attempts >= %(max_attempts)s
    ORDER BY city_id
"""
RELEASE = """
    UPDATE terrakin.etl_tasks
    SET status = 'pending', attempts = attempts - 1
    WHERE city_id = %(city_id)s AND period = %(period)s AND stage = %(stage)s
"""
RUNNING_WORKERS = "SELECT DISTINCT worker FROM terrakin.etl_tasks WHERE status = 'running'"
CLAIM = """
    UPDATE terrakin.etl_tasks
    SET status = 'running', attempts = attempts + 1, worker = %(worker)s, error = NULL,
        started_at = now(), heartbeat_at = now(), finished_at = NULL
    WHERE (city_id, period, stage) = (
        SELECT t.city_id, t.period, t.stage
        FROM terrakin.etl_tasks AS t
        WHERE t.stage = %(stage)s AND t.period = %(period)s AND t.city_id = ANY (%(city_ids)s)
            AND (
                t.status = 'pending'
                OR t.status = 'running'
                    AND (t.worker = ANY (%(dead)s) OR t.heartbeat_at < now() - make_interval(secs => %(silence_s)s))
            )
            AND (
                %(previous)s::text IS NULL
                OR EXISTS (
                    SELECT FROM terrakin.etl_tasks AS p
                    WHERE p.city_id = t.city_id AND p.period = t.period AND p.stage = %(previous)s AND p.status = 'done'
                )
            )
        ORDER BY t.city_id
        LIMIT 1
        FOR UPDATE OF t SKIP LOCKED
    )
    RETURNING city_id
"""
FINISH = """
    UPDATE terrakin.etl_tasks
    SET status = 'done', finished_at = now(), error = NULL, detail = %(detail)s, work_folder = %(work_folder)s
    WHERE city_id = %(city_id)s AND period = %(period)s AND stage = %(stage)s
"""
FAIL = """
    UPDATE terrakin.etl_tasks
    SET status = 'failed', finished_at = now(), error = %(error)s
    WHERE city_id = %(city_id)s AND period = %(period)s AND stage = %(stage)s
"""
HEARTBEAT = "UPDATE terrakin.etl_tasks SET heartbeat_at = now() WHERE worker = %s AND status = 'running'"
Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Task:
    """One city's task at one stage, as read from the ledger.

    Attributes:
        status: pending, running, done or failed.
        finished_at: when its last attempt ended; None if none has ended.
        made_from: fingerprint of the inputs of its result; None if it has no result.
        work_folder: id of the folder that contains its work file; None if it has no work file.
    """

    status: str
    finished_at: datetime | None
    made_from: str | None
    work_folder: str | None


@dataclass(frozen=True)
class Ledger:
    """The tasks of one period, for one worker.

    Attributes:
        conn: connection in autocommit: each call is one transaction.
        period: days of the composites.
        worker: this process, from ``this_worker``.
        work_folder: id of the folder for its work files, from etl.store.work_files.folder_id.
    """

    conn: Connection
    period: Period
    worker: str
    work_folder: str

    def plan(self, city_ids: Sequence[int]) -> None:
        """Enter all stages of these cities; existing entries do not change."""
        self.conn.execute(PLAN, self._arguments(city_ids=list(city_ids), stages=list(STAGES)))

    def tasks(self, stage: Stage) -> dict[int, Task]:
        """Return the tasks of a stage by city_id."""
        rows = self.conn.execute(STATES, self._arguments(stage=stage)).fetchall()
        return {city_id: Task(*row) for city_id, *row in rows}

    def reopen(self, stage: Stage, seen: Mapping[int, Task]) -> None:
        """Set tasks that are done, or failed fewer than MAX_ATTEMPTS times, back to pending.

        Tasks that another process has started or finished since they were ``seen`` do not change.
        """
        ended = {city_id: task.finished_at for city_id, task in seen.items() if task.finished_at is not None}
        self.conn.execute(
            REOPEN,
            self._arguments(
                stage=stage, city_ids=list(ended), finished_at=list(ended.values()), max_attempts=MAX_ATTEMPTS
            ),
        )

    def settled(self, stage: Stage, city_ids: Sequence[int]) -> set[int]:
        """Return which of the cities are done or failed at a stage, whoever the worker."""
        rows = self.conn.execute(SETTLED, self._arguments(stage=stage, city_ids=list(city_ids)))
        return {city_id for (city_id,) in rows}

    def others(self, stage: Stage, city_ids: Sequence[int]) -> list[str]:
        """Return the other workers that are running a stage for one of the cities."""
        arguments = self._arguments(stage=stage, city_ids=list(city_ids), worker=self.worker)
        return [worker for (worker,) in self.conn.execute(OTHERS, arguments)]

    def given_up(self, stage: Stage, city_ids: Sequence[int]) -> dict[int, str]:
        """Return the last error of each of the cities that failed MAX_ATTEMPTS times."""
        arguments = self._arguments(stage=stage, city_ids=list(city_ids), max_attempts=MAX_ATTEMPTS)
        return dict(self.conn.execute(GIVEN_UP, arguments).fetchall())

    def release(self, stage: Stage, city_id: int) -> None:
        """Give a claimed task back without counting the attempt, because its worker was interrupted."""
        self.conn.execute(RELEASE, self._arguments(stage=stage, city_id=city_id))

    def claim(self, stage: Stage, city_ids: Sequence[int]) -> int | None:
        """Claim the next of these cities that is pending at a stage and done with the previous one.

        Tasks of a dead worker are taken over: at once if it ran on this machine, else after SILENCE_S.

        Returns:
            Its city_id, or None if there is no such city.
        """
        place = STAGES.index(stage)
        arguments = self._arguments(
            stage=stage,
            city_ids=list(city_ids),
            previous=STAGES[place - 1] if place else None,
            worker=self.worker,
            dead=[w for (w,) in self.conn.execute(RUNNING_WORKERS).fetchall() if is_dead(w)],
            silence_s=SILENCE_S,
            max_attempts=MAX_ATTEMPTS,
        )
        self.conn.execute(GIVE_UP, arguments)
        row = self.conn.execute(CLAIM, arguments).fetchone()
        return None if row is None else int(row[0])

    def finish(self, stage: Stage, city_id: int, detail: Mapping[str, Any]) -> None:
        """Mark a task as done; ``detail`` contains ``made_from`` and figures of the stage."""
        arguments = self._arguments(stage=stage, city_id=city_id, detail=Jsonb(dict(detail)))
        self.conn.execute(FINISH, arguments | {"work_folder": self.work_folder})

    def fail(self, stage: Stage, city_id: int, error: str) -> None:
        """Mark a task as failed; the next run tries it again, up to MAX_ATTEMPTS times."""
        self.conn.execute(FAIL, self._arguments(stage=stage, city_id=city_id, error=error))

    def _arguments(self, **arguments: Any) -> dict[str, Any]:
        return arguments | {"period": date_range(self.period)}


def this_worker() -> str:
    """Return ``host:process id:start time`` of this process; the start time tells reused process ids apart."""
    return f"{socket.gethostname()}:{os.getpid()}:{psutil.Process().create_time():.2f}"


def is_dead(worker: str) -> bool:
    """Return True if the worker ran on this machine and has ended; always False for workers of other machines."""
    host, pid, started = worker.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" != started
    except psutil.NoSuchProcess:
        return True


@contextmanager
def heartbeat(settings: Settings, worker: str) -> Iterator[None]:
    """Send heartbeats from a thread for the duration of the block, so that no one takes over the worker's tasks."""
    stopped = threading.Event()

    def beat() -> None:
        with connect(settings, "etl", autocommit=True) as conn:
            while not stopped.wait(HEARTBEAT_S):
                conn.execute(HEARTBEAT, (worker,))

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
