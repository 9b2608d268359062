"""The tables of automations: the log of runs, moments beside records, what is paused, secrets of incoming calls.

Instants are kept so that text order is time order on both databases.
"""

from __future__ import annotations

import sqlalchemy as sa

from yuanke.fieldtypes.columns import Json, SealedText, UtcDateTime
from yuanke.storage.system import key, own_table
from yuanke.storage.tables import identity

#: one line a run: what set it off, what it did or why not. ``state`` done | skipped | failed | stopped
RUN = own_table(
    "automation_run",
    key(),
    sa.Column("automation", sa.String(130), nullable=False),
    sa.Column("entity", sa.String(63), nullable=False),
    sa.Column("record", identity()),
    sa.Column("event", sa.String(80), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("said", Json),
    sa.Column("did", Json),
    sa.Column("chain", Json),
    sa.Column("job", identity()),
    sa.Column("by", identity()),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_yk_automation_run", "automation", "id"),
    sa.Index("ix_yk_automation_run_record", "entity", "record", "id"),
    sa.Index("ix_yk_automation_run_job", "job"),
)
#: when an ``at:`` automation is due for a record; one line for each moment there ever was, so that none fires twice.
#: ``state`` waiting | fired | passed (it lay too far back when it was planned, or was paused)
MOMENT = own_table(
    "automation_moment",
    key(),
    sa.Column("automation", sa.String(130), nullable=False),
    sa.Column("record", identity(), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.UniqueConstraint("automation", "record", "at", name="uq_yk_automation_moment"),
    sa.Index("ix_yk_automation_moment_due", "state", "at"),
)
#: what does not run for now; ``*`` = nothing does (a restored copy)
PAUSE = own_table(
    "automation_pause",
    sa.Column("automation", sa.String(130), primary_key=True),
    sa.Column("by", identity()),
    sa.Column("at", UtcDateTime, nullable=False),
)
#: what the planner saw last: a changed mark makes it look at everything again
MARK = own_table(
    "automation_mark",
    sa.Column("name", sa.String(130), primary_key=True),
    sa.Column("value", sa.String(80), nullable=False),
)
#: the secret that another system shows or signs with when it calls an automation
SECRET = own_table(
    "automation_secret",
    sa.Column("automation", sa.String(130), primary_key=True),
    sa.Column("secret", SealedText, nullable=False),
    sa.Column("by", identity()),
    sa.Column("at", UtcDateTime, nullable=False),
)
