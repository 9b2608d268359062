"""Work that goes on after the answer: a table in the enterprise's database, written with what caused the work, and
its runner.

The one rule: the table is the truth. Every accepted job runs at least once, and its effect in the database stands once.
"""

from yuanke.jobs.kinds import Failure, LongJob, ShortJob, kinds, label_of
from yuanke.jobs.queue import (
    STATES,
    Job,
    cancel,
    counts,
    enqueue,
    enqueue_all,
    enqueue_by,
    find,
    notes,
    purge_finished,
    recent,
    retry,
)
from yuanke.jobs.run import Run, Step
from yuanke.jobs.runner import Runner
from yuanke.jobs.turns import run_job, run_pending

__all__ = [
    "STATES",
    "Failure",
    "Job",
    "LongJob",
    "Run",
    "Runner",
    "ShortJob",
    "Step",
    "cancel",
    "counts",
    "enqueue",
    "enqueue_all",
    "enqueue_by",
    "find",
    "kinds",
    "label_of",
    "notes",
    "purge_finished",
    "recent",
    "retry",
    "run_job",
    "run_pending",
]
