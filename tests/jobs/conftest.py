"""One small enterprise on a real database, and job kinds that the tests bring like a plugin."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from yuanke import jobs
from yuanke.access import people
from yuanke.app import plugins
from yuanke.jobs.tables import JOB, NOTE
from yuanke.kernel.actor import Actor
from yuanke.kernel.hooks import hooks, impl
from yuanke.storage import Installation, create_enterprise, remove_enterprise
from yuanke.storage.provision import set_state
from yuanke.storage.system import SETTING


class Bench:
    """An enterprise with one user; `kinds` registers job kinds for the length of the test."""

    def __init__(self, installation: Installation, slug: str) -> None:
        self.installation, self.slug = installation, slug
        self.at = create_enterprise(installation, slug, slug, layers=[])
        with installation.unit(self.at, write=True) as unit:
            self.user_id = people.create_user(unit, "anna", "Anna", "a-L0ng-password", [])
        self.kinds_of_test: dict[str, object] = {}

    def sweep(self) -> None:
        self.kinds_of_test.clear()
        set_state(self.installation, self.slug, state="active")
        with self.installation.unit(self.slug, write=True) as unit:
            for table in (JOB, NOTE, SETTING):
                unit.execute(table.delete())
            unit.execute(unit.tables["user"].update().values(status="active"))

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


def bench_in(home: Path, url: str | None) -> Iterator[Bench]:
    """One enterprise a database for all these tests: what one leaves behind is swept before the next."""
    plugins.load()
    made = Bench(Installation(home, url), f"jobs{os.getpid()}")
    yield made
    remove_enterprise(made.installation, made.slug)
    made.installation.close()


@pytest.fixture(scope="session")
def bench_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    yield from bench_in(tmp_path_factory.mktemp("jobs"), None)


@pytest.fixture(scope="session")
def bench_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Bench]:
    yield from bench_in(tmp_path_factory.mktemp("jobs"), postgres_url)


@pytest.fixture
def bench(dialect: str, request: pytest.FixtureRequest) -> Iterator[Bench]:
    made: Bench = request.getfixturevalue(f"bench_on_{dialect}")
    made.sweep()

    class Plugin:
        @impl
        def job_kinds(self) -> dict:
            return made.kinds_of_test

    plugin = Plugin()
    hooks().register(plugin)
    yield made
    hooks().unregister(plugin)
