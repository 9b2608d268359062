"""One small enterprise on a real database, and job kinds that the tests bring like a plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from yuanke import jobs
from yuanke.access import people
from yuanke.jobs.tables import JOB
from yuanke.kernel.actor import Actor, Enterprise
from yuanke.kernel.hooks import hooks, impl
from yuanke.storage import Installation


class Bench:
    """An enterprise with one user; `kinds` registers job kinds for the length of the test."""

    slug = "acme"

    def __init__(self, installation: Installation, at: Enterprise) -> None:
        self.installation, self.at = installation, at
        with installation.unit(at, write=True) as unit:
            self.user_id = people.create_user(unit, "anna", "Anna", "a-L0ng-password", [])
        self.kinds_of_test: dict[str, object] = {}

    @property
    def user(self) -> Actor:
        return Actor(self.slug, self.user_id, username="anna")

    @property
    def engine(self) -> Actor:
        return Actor(self.slug, None, engine=True)

    def enqueue(self, kind: str, arguments: dict | None = None, actor: Actor | None = None, **more) -> int:
        with self.installation.unit(self.slug, write=True) as unit:
            return jobs.enqueue(unit, actor or self.user, kind, arguments or {}, **more)

    def run(self) -> int:
        return jobs.run_pending(self.installation, self.slug)

    def job(self, job_id: int) -> jobs.Job:
        with self.installation.unit(self.slug) as unit:
            return jobs.find(unit, self.engine, job_id)

    def row(self, job_id: int):
        with self.installation.unit(self.slug) as unit:
            return unit.execute(sa.select(JOB).where(JOB.c.id == job_id)).one()

    def change(self, job_id: int, **values) -> None:
        with self.installation.unit(self.slug, write=True) as unit:
            unit.execute(JOB.update().where(JOB.c.id == job_id).values(values))


@pytest.fixture
def bench(installation: Installation, enterprise: Callable[..., Enterprise]) -> Iterator[Bench]:
    made = Bench(installation, enterprise("module: crm\nlabel: CRM\n"))

    class Plugin:
        @impl
        def job_kinds(self) -> dict:
            return made.kinds_of_test

    plugin = Plugin()
    hooks().register(plugin)
    yield made
    hooks().unregister(plugin)
