"""A front desk whose entities have automations of every kind; what one test leaves behind is swept before the next."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke import jobs
from yuanke.access import people
from yuanke.access.sessions import actor_of
from yuanke.app import plugins
from yuanke.jobs.tables import JOB, NOTE
from yuanke.kernel.actor import Actor, Enterprise
from yuanke.metadata import Layer
from yuanke.records import Records
from yuanke.records.trail import HISTORY
from yuanke.storage import Installation, create_enterprise, remove_enterprise
from yuanke.workflow import perform
from yuanke.workflow.automations import logbook
from yuanke.workflow.automations.tables import MARK, MOMENT, PAUSE, RUN, SECRET
from yuanke.workflow.steps.assign import TURN

from tests.served import app, database_url, enter, home, templated  # noqa: F401  fixtures of the served application

DESK = Path(__file__).parent / "desk.yaml"
PEOPLE = {"root": "admin", "chief": "chief", "ann": "seller", "bob": "seller", "cat": "seller"}
OWN = (JOB, NOTE, RUN, MOMENT, PAUSE, MARK, SECRET, TURN, HISTORY)


class Desk:
    """``as_("ann")`` opens the door, ``run()`` does what is queued, ``entries()`` is what the automations left behind."""

    def __init__(self, installation: Installation, slug: str) -> None:
        self.installation = installation
        self.at = create_enterprise(installation, slug, slug, layers=[Layer.read_file(DESK, "module")])
        self.ids: dict[str, int] = {}
        with installation.unit(self.at, write=True) as unit:
            for name, role in PEOPLE.items():
                self.ids[name] = people.create_user(unit, name, name.title(), "a-L0ng-password", [role])

    def sweep(self) -> None:
        with self.installation.unit(self.at, write=True) as unit:
            for table in OWN:
                unit.execute(table.delete())
            mine = [e for e in unit.registry.entities.values() if e.module == "desk"]
            unit.execute(unit.tables["ring"].update().values(other=None))
            for entity in sorted(mine, key=lambda e: (e.kind == "record", e.key == "policy")):
                unit.execute(unit.tables[entity.key].delete())
            unit.execute(unit.tables["user"].update().values(status="active"))

    @contextmanager
    def as_(self, name: str) -> Iterator[Records]:
        with self.installation.unit(self.at, write=True) as unit:
            yield Records(unit, actor_of(unit, self.ids[name], "api"))

    @property
    def engine(self) -> Actor:
        return Actor(self.at.slug, None, engine=True)

    def make(self, entity: str, by: str = "chief", **values: Any) -> int:
        with self.as_(by) as door:
            return door.create(entity, values).id

    def change(self, entity: str, record: int, by: str = "chief", **values: Any) -> None:
        with self.as_(by) as door:
            door.update(entity, record, values)

    def act(self, entity: str, record: int, act: str, by: str = "chief", **asked: Any) -> None:
        with self.as_(by) as door:
            perform(door.unit, door.actor, entity, record, act, asked)

    def run(self) -> int:
        return jobs.run_pending(self.installation, self.at, 100_000)

    def entries(self) -> list[str]:
        with self.installation.unit(self.at) as unit:
            table = unit.tables["entry"]
            return list(unit.execute(sa.select(table.c.text).order_by(table.c.id)).scalars())

    def row(self, entity: str, record: int) -> Any:
        with self.installation.unit(self.at) as unit:
            table = unit.tables[entity]
            return unit.execute(sa.select(table).where(table.c.id == record)).one()

    def log(self, automation: str | None = None) -> list[logbook.Entry]:
        """Oldest first."""
        with self.installation.unit(self.at) as unit:
            return logbook.entries(unit, automation, limit=100_000)[::-1]

    def waiting(self, automation: str) -> dict[int, Any]:
        """record -> the moment that waits."""
        with self.installation.unit(self.at) as unit:
            mine = sa.and_(MOMENT.c.automation == automation, MOMENT.c.state == "waiting")
            return dict(unit.execute(sa.select(MOMENT.c.record, MOMENT.c.at).where(mine)).tuples().all())

    def jobs(self, kind: str) -> list[Any]:
        with self.installation.unit(self.at) as unit:
            return list(unit.execute(sa.select(JOB).where(JOB.c.kind == kind).order_by(JOB.c.id)))


def desk_in(folder: Path, url: str | None) -> Iterator[Desk]:
    plugins.load()
    made = Desk(Installation(folder, url), f"desk{os.getpid()}")
    yield made
    remove_enterprise(made.installation, made.at.slug)
    made.installation.close()


@pytest.fixture(scope="session")
def desk_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    yield from desk_in(tmp_path_factory.mktemp("desk"), None)


@pytest.fixture(scope="session")
def desk_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Desk]:
    yield from desk_in(tmp_path_factory.mktemp("desk"), postgres_url)


@pytest.fixture
def desk(dialect: str, request: pytest.FixtureRequest) -> Desk:
    made: Desk = request.getfixturevalue(f"desk_on_{dialect}")
    made.sweep()
    return made


# -- the same desk, served -----------------------------------------------------------------------------------------


def _make_desk(installation: Installation) -> None:
    made = create_enterprise(installation, "acme", "爱客", layers=[Layer.read_file(DESK, "module")])
    for username, role in (("root", "admin"), ("chief", "chief"), ("ann", "seller")):
        enter(installation, made, username, role)


templated["front_desk"] = _make_desk


@pytest.fixture
def front_desk(installation: Installation) -> Enterprise:
    if installation.directory.find("acme") is None:
        _make_desk(installation)
    return installation.enterprise("acme")
