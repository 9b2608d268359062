"""Work that goes on after the answer: a table in the enterprise's database, written with what caused the work, and
its runner.

The one rule: the table is the truth. Every accepted job runs at least once, and its effect in the database stands once.
"""

from yuanke.jobs.kinds import LongJob, kinds
from yuanke.jobs.queue import Job, cancel, enqueue, find, notes, purge_finished, recent
from yuanke.jobs.run import Run, Step
from yuanke.jobs.runner import Runner
from yuanke.jobs.turns import run_job, run_pending

__all__ = [
    "Job",
    "LongJob",
    "Run",
    "Runner",
    "Step",
    "cancel",
    "enqueue",
    "find",
    "kinds",
    "notes",
    "purge_finished",
    "recent",
    "run_job",
    "run_pending",
]
