"""The ledger ``terrakin.etl_tasks``: which city is at which stage, who works on it, what failed and why."""

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

Stage = Literal["composite", "embed", "aggregate", "load", "thumbnail"]
STAGES: tuple[Stage, ...] = get_args(Stage)

HEARTBEAT_S = 15
SILENCE_S = 120
"""A worker on another machine that gave no sign of life for so long is taken to be dead."""

MAX_ATTEMPTS = 5
"""A city that failed, or took its worker with it, so often is left alone until `terrakin etl retry`."""

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
        error = format('its worker died at each of %%s attempts; the last was %%s', attempts, worker)
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
    """What the ledger said of one city's task at one stage.

    Attributes:
        status: pending, running, done or failed.
        finished_at: when its last attempt ended; None where it never did.
        made_from: fingerprint of what its result was made from; None where it has none.
        work_folder: id of the folder with its work file; None where it has none.
    """

    status: str
    finished_at: datetime | None
    made_from: str | None
    work_folder: str | None


@dataclass(frozen=True)
class Ledger:
    """The tasks of one period, seen by one worker. Its connection is in autocommit: each call is one transaction.

    Attributes:
        conn: the connection.
        period: days of the composites.
        worker: this process, as of ``this_worker``.
        work_folder: id of the folder that its work files go to (etl.store.work_files.folder_id).
    """

    conn: Connection
    period: Period
    worker: str
    work_folder: str

    def plan(self, city_ids: Sequence[int]) -> None:
        """Enter all stages of these cities; what is entered already stays as it is."""
        self.conn.execute(PLAN, self._arguments(city_ids=list(city_ids), stages=list(STAGES)))

    def tasks(self, stage: Stage) -> dict[int, Task]:
        """The tasks of a stage by city."""
        rows = self.conn.execute(STATES, self._arguments(stage=stage)).fetchall()
        return {city_id: Task(*row) for city_id, *row in rows}

    def reopen(self, stage: Stage, seen: Mapping[int, Task]) -> None:
        """Set tasks that are done, or failed fewer than MAX_ATTEMPTS times, back to pending.

        Those that another process has begun or ended since they were ``seen`` are left to it.
        """
        ended = {city_id: task.finished_at for city_id, task in seen.items() if task.finished_at is not None}
        self.conn.execute(
            REOPEN,
            self._arguments(
                stage=stage, city_ids=list(ended), finished_at=list(ended.values()), max_attempts=MAX_ATTEMPTS
            ),
        )

    def settled(self, stage: Stage, city_ids: Sequence[int]) -> set[int]:
        """Those of the cities that are done with a stage or failed at it, by whichever worker."""
        rows = self.conn.execute(SETTLED, self._arguments(stage=stage, city_ids=list(city_ids)))
        return {city_id for (city_id,) in rows}

    def others(self, stage: Stage, city_ids: Sequence[int]) -> list[str]:
        """Workers, but for this one, that are at a stage of one of the cities."""
        arguments = self._arguments(stage=stage, city_ids=list(city_ids), worker=self.worker)
        return [worker for (worker,) in self.conn.execute(OTHERS, arguments)]

    def given_up(self, stage: Stage, city_ids: Sequence[int]) -> dict[int, str]:
        """Those of the cities that failed MAX_ATTEMPTS times, each with its last error."""
        arguments = self._arguments(stage=stage, city_ids=list(city_ids), max_attempts=MAX_ATTEMPTS)
        return dict(self.conn.execute(GIVEN_UP, arguments).fetchall())

    def release(self, stage: Stage, city_id: int) -> None:
        """Give a claimed task back, as if it had not been begun: its worker was asked to stop."""
        self.conn.execute(RELEASE, self._arguments(stage=stage, city_id=city_id))

    def claim(self, stage: Stage, city_ids: Sequence[int]) -> int | None:
        """Take the next of these cities that waits for a stage and is done with the one before; None when none is.

        A task left by a dead worker is taken too: at once if it ran on this machine, else after SILENCE_S.
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
        """A task is done; ``detail`` holds ``made_from`` and figures."""
        arguments = self._arguments(stage=stage, city_id=city_id, detail=Jsonb(dict(detail)))
        self.conn.execute(FINISH, arguments | {"work_folder": self.work_folder})

    def fail(self, stage: Stage, city_id: int, error: str) -> None:
        """A task failed; the next run tries it again, up to MAX_ATTEMPTS times."""
        self.conn.execute(FAIL, self._arguments(stage=stage, city_id=city_id, error=error))

    def _arguments(self, **arguments: Any) -> dict[str, Any]:
        return arguments | {"period": date_range(self.period)}


def this_worker() -> str:
    """``host:process id:start time`` of this process: another process with its number has another start time."""
    return f"{socket.gethostname()}:{os.getpid()}:{psutil.Process().create_time():.2f}"


def is_dead(worker: str) -> bool:
    """True where the worker ran on this machine and does not any more. False says nothing of other machines."""
    host, pid, started = worker.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" != started
    except psutil.NoSuchProcess:
        return True


@contextmanager
def heartbeat(settings: Settings, worker: str) -> Iterator[None]:
    """While the context lasts, a thread keeps the worker's tasks from being taken for abandoned."""
    ended = threading.Event()

    def beat() -> None:
        with connect(settings, "etl", autocommit=True) as conn:
            while not ended.wait(HEARTBEAT_S):
                conn.execute(HEARTBEAT, (worker,))

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
