"""Work that goes on after the answer: jobs with their progress."""

from __future__ import annotations

from typing import Any

from flask import Response

from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.resource import Resource, expose
from yuanke.jobs import Job, cancel, find, recent
from yuanke.web.language import say
from yuanke.web.once import once
from yuanke.web.requests import current


class WorkApi(Resource):
    route_base = "/api/v1/jobs"

    @expose("", methods=("GET",))
    def list(self) -> Response:
        """The caller's newest jobs (an administrator: everybody's)."""
        asked.only(("limit",))
        held = current()
        return reply(
            {"result": [job_json(job) for job in recent(held.unit, held.actor, limit=asked.number("limit", 20, 100))]}
        )

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


def job_json(job: Job) -> dict[str, Any]:
    """``state`` queued | running | done | failed | cancelled; ``progress`` 0..1; ``result`` is the kind's own."""
    ended = job.ended_at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if job.ended_at else None
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "progress": job.progress,
        "said": say(job.said) if job.said else None,
        "result": job.result,
        "error": say(job.error) if job.error else None,
        "ended_at": ended,
    }
