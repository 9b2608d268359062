"""The tables of this package. Instants are kept so that text order is time order on both databases."""

from __future__ import annotations

import sqlalchemy as sa

from yuanke.fieldtypes.columns import Json, UtcDateTime
from yuanke.storage.system import key, own_table
from yuanke.storage.tables import identity

#: ``state`` queued | running | done | failed | cancelled; ``acting`` user | engine | command: who the actor is at
#: run time.
#: ``lease`` names the turn that runs it now; whoever writes the job's outcome must still hold it.
JOB = own_table(
    "job",
    key(),
    sa.Column("kind", sa.String(80), nullable=False),
    sa.Column("arguments", Json, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("progress", sa.Float, nullable=False),
    sa.Column("said", Json),  # a Message in words of JSON
    sa.Column("run_at", UtcDateTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("lease", sa.String(40)),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("cancel_asked", sa.Boolean, nullable=False),
    sa.Column("checkpoint", Json),
    sa.Column("result", Json),
    sa.Column("error", Json),
    sa.Column("acting", sa.String(10), nullable=False),
    sa.Column("created_by", identity()),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("started_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("dedupe", sa.String(200)),
    sa.Column("once", sa.String(10), nullable=False),
    sa.UniqueConstraint("kind", "dedupe", name="uq_yk_job_dedupe"),
    sa.Index("ix_yk_job_due", "state", "run_at", "id"),
    sa.Index("ix_yk_job_by", "created_by", "id"),
)
#: what a job has to say about single rows of its input; goes with the job
NOTE = own_table(
    "job_note",
    key(),
    sa.Column("job", identity(), nullable=False),
    sa.Column("row", identity(), nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Index("ix_yk_job_note", "job", "row", "id"),
)
