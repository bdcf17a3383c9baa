"""The ledger of the ETL."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB

from db.schema.base import metadata

etl_tasks = Table(
    "etl_tasks",
    metadata,
    Column(
        "city_id",
        BigInteger,
        ForeignKey("terrakin.cities.city_id", ondelete="CASCADE"),
        nullable=False,
        comment="City of the task.",
    ),
    Column("period", DATERANGE, nullable=False, comment="Dates (UTC) of the composite."),
    Column("stage", Text, nullable=False, comment="composite, embed, aggregate, blocks, load or thumbnail."),
    Column("status", Text, nullable=False, server_default="pending", comment="pending, running, done or failed."),
    Column("attempts", Integer, nullable=False, server_default=text("0"), comment="Number of attempts."),
    Column("started_at", DateTime(timezone=True), comment="Start of the last attempt."),
    Column("heartbeat_at", DateTime(timezone=True), comment="Last heartbeat of the worker that runs the task."),
    Column("finished_at", DateTime(timezone=True), comment="End of the last attempt."),
    Column("worker", Text, comment="host:process:start time of the ETL process that claimed the task last."),
    Column("error", Text, comment="Why the last attempt failed; NULL otherwise."),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'"), comment="Figures about the result."),
    Column(
        "work_folder",
        Text,
        comment="Id of the work folder (its file folder_id) that contains the task's file; machines with the same "
        "folder share files.",
    ),
    PrimaryKeyConstraint("city_id", "period", "stage"),
    CheckConstraint("status IN ('pending', 'running', 'done', 'failed')", name="status"),
    CheckConstraint("stage IN ('composite', 'embed', 'aggregate', 'blocks', 'load', 'thumbnail')", name="stage"),
    comment="Ledger of the ETL, one row per city, period and stage; tasks are claimed with FOR UPDATE SKIP LOCKED.",
)
