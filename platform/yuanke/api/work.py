"""Work that goes on after the answer: jobs with their progress."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response

from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.resource import Resource, expose
from yuanke.jobs import STATES, Job, cancel, find, label_of, recent, retry
from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import message
from yuanke.web.language import locale, say
from yuanke.web.once import once
from yuanke.web.requests import current


class WorkApi(Resource):
    route_base = "/api/v1/jobs"

    @expose("", methods=("GET",))
    def list(self) -> Response:
        """The caller's newest jobs (an administrator: everybody's), of one kind, in some states."""
        asked.only(("limit", "before", "kind", "state"))
        held = current()
        states = asked.names("state") or []
        for state in states:
            if state not in STATES:
                raise QueryFault(message("参数 state 须为 {known} 之一", known=STATES), parameter="state")
        limit, before = asked.number("limit", 20, 100), asked.number("before", 10**9 - 1, 10**9 - 1)
        found = recent(held.unit, held.actor, asked.text("kind"), limit, states, before)
        return reply({"result": [job_json(job) for job in found]})

    @expose("/<identity:job_id>", methods=("GET",))
    def get(self, job_id: int) -> Response:
        asked.only(())
        held = current()
        return reply(job_json(find(held.unit, held.actor, job_id)))

    @expose("/<identity:job_id>/cancel", methods=("POST",))
    @once
    def cancel(self, job_id: int) -> Response:
        """Stop it: a waiting job at once, a running one at its next step; what it did before stays."""
        asked.only(())
        held = current()
        return reply(job_json(cancel(held.unit, held.actor, job_id)))

    @expose("/<identity:job_id>/retry", methods=("POST",))
    @once
    def retry(self, job_id: int) -> Response:
        """Put a failed or stopped job back: its attempts begin anew, a long one goes on where it was."""
        asked.only(())
        held = current()
        return reply(job_json(retry(held.unit, held.actor, job_id)))


def job_json(job: Job) -> dict[str, Any]:
    """``state`` queued | running | done | failed | cancelled; ``progress`` 0..1; ``result`` is the kind's own."""
    return {
        "id": job.id,
        "kind": job.kind,
        "label": label_of(job.kind).say(locale()),
        "state": job.state,
        "progress": job.progress,
        "said": say(job.said) if job.said else None,
        "result": job.result,
        "error": say(job.error) if job.error else None,
        "attempts": job.attempts,
        "created_at": instant(job.created_at),
        "run_at": instant(job.run_at),
        "ended_at": instant(job.ended_at),
    }


def instant(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
