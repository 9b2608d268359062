"""A small firm that claims expenses: 总部 above 销售部, a boss, a head of sales, two sellers, two of finance, an administrator.

One enterprise a database for all these tests, swept before each.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.kernel.actor import Actor
from yuanke.records import Record, Records
from yuanke.storage import Installation, Unit

from tests.claims import make_company

SWEPT = (
    "approval_task",
    "approval_instance",
    "message",
    "deputy",
    "claim_watchers",
    "claim_items",
    "claim",
    "paper",
    "limits",
)


def actor_of(unit: Unit, person: int, door: Any = "api") -> Actor:
    from yuanke.access.sessions import actor_of as found

    return found(unit, person, door)


class Company:
    """``as_("li", work)`` does ``work(unit, actor)`` for one person, committed."""

    def __init__(self, installation: Installation, slug: str) -> None:
        self.installation, self.slug, self.at = installation, slug, make_company(installation, slug)
        with installation.unit(self.at) as unit:
            user = unit.tables["user"]
            self.ids = {row.username: row.id for row in unit.execute(sa.select(user.c.username, user.c.id))}
            self.people = [dict(row) for row in unit.execute(sa.select(user).order_by(user.c.id)).mappings()]
        self.names = {value: key for key, value in self.ids.items()}

    def sweep(self) -> None:
        from yuanke.access import fab_tables as fab
        from yuanke.access.people import bump_permissions
        from yuanke.jobs.tables import JOB

        with self.unit() as unit:
            user = unit.tables["user"]
            moved = unit.execute(sa.select(unit.tables["deputy"].c.id)).first() is not None
            for key in SWEPT:
                unit.execute(unit.tables[key].delete())
            unit.execute(JOB.delete())
            standing = [dict(row) for row in unit.execute(sa.select(user).order_by(user.c.id)).mappings()]
            if standing != self.people or moved:  # what rests on people's rights is worked out anew only then
                for person in self.people:
                    unit.execute(user.update().where(user.c.id == person["id"]).values(person))
                unit.execute(fab.USER.update().values(active=True))
                bump_permissions(unit)

    @contextmanager
    def unit(self, write: bool = True) -> Iterator[Unit]:
        with self.installation.unit(self.at, write=write) as unit:
            yield unit

    def as_(self, name: str, work: Callable[[Unit, Actor], Any], write: bool = True) -> Any:
        with self.unit(write) as unit:
            return work(unit, actor_of(unit, self.ids[name]))

    def door(self, name: str, work: Callable[[Records], Any]) -> Any:
        return self.as_(name, lambda unit, actor: work(Records(unit, actor)))

    # -- records --------------------------------------------------------------------------------------------------

    def claim(self, owner: str = "li", amount: str = "1500.00", **values: Any) -> int:
        items = values.pop("items", [{"what": "酒店", "amount": amount}])
        return int(self.door(owner, lambda r: r.create("claim", {"name": "出差", "items": items, **values})).id)

    def paper(self, owner: str = "li", **values: Any) -> int:
        given = {**values, "reviewer": self.ids[values["reviewer"]]} if "reviewer" in values else values
        return int(self.door(owner, lambda r: r.create("paper", {"name": "方案", **given})).id)

    def get(self, entity: str, record: int, who: str = "root") -> Record:
        return self.door(who, lambda r: r.get(entity, record))

    def value(self, entity: str, record: int, key: str, who: str = "root") -> Any:
        return self.get(entity, record, who).values[key]

    def submit(self, entity: str, record: int, act: str = "submit", who: str = "li", **asked: Any) -> Any:
        from yuanke.workflow import perform

        return self.as_(who, lambda unit, actor: perform(unit, actor, entity, record, act, asked))

    def sent(self, amount: str = "1500.00", who: str = "li", **values: Any) -> int:
        """A claim that was submitted."""
        record = self.claim(who, amount, **values)
        self.submit("claim", record, who=who)
        return record

    def sent_paper(self, act: str, owner: str = "li", **values: Any) -> int:
        record = self.paper(owner, **values)
        self.submit("paper", record, act, owner)
        return record

    # -- approvals ------------------------------------------------------------------------------------------------

    def box(self, who: str, name: str = "todo", **more: Any) -> list[Any]:
        from yuanke.workflow import approvals

        return list(
            self.as_(who, lambda unit, actor: approvals.items(unit, actor, approvals.Box(name, **more)), False).items
        )

    def task(self, who: str) -> int:
        """The newest open task that this person may decide."""
        return int(self.box(who)[0].task)

    def asked(self) -> list[str]:
        """Everybody whose turn it is, by name."""
        with self.unit(False) as unit:
            task = unit.tables["approval_task"]
            open_ = sa.select(task.c.approver).where(task.c.state == "open", task.c.kind == "decide")
            return sorted(self.names[person] for person in unit.connection.scalars(open_))

    def does(self, who: str, verb: str, *arguments: Any, task: int | None = None, **more: Any) -> Any:
        """A verb on the newest task of this person."""
        from yuanke.workflow import approvals

        at = self.task(who) if task is None else task
        if isinstance(note := more.get("said"), str):
            more["said"] = approvals.Said(note)
        return self.as_(who, lambda unit, actor: getattr(approvals, verb)(unit, actor, at, *arguments, **more))

    def yes(self, *people: str, **more: Any) -> None:
        for who in people:
            self.does(who, "approve", **more)

    def no(self, who: str, note: str = "票据不全") -> None:
        self.does(who, "reject", said=note)

    def back(self, who: str, to: str | None = None, note: str = "请补票") -> None:
        self.does(who, "send_back", said=note, to=to)

    def instance(self, entity: str, record: int) -> Mapping[str, Any]:
        from yuanke.workflow.approvals.keeping import newest

        with self.unit(False) as unit:
            found = newest(unit, entity, record)
        assert found is not None
        return found

    def picture(self, entity: str, record: int, who: str = "root") -> Any:
        from yuanke.workflow import approvals

        return self.as_(
            who,
            lambda unit, actor: approvals.pictures_of(unit, actor, unit.registry.entities[entity], record)[0],
            False,
        )

    def history(self, entity: str, record: int, who: str = "root") -> list[Any]:
        return self.door(who, lambda r: r.history(entity, record))[::-1]

    def told(self, entity: str, record: int) -> list[str]:
        """Verbs of the approval in the history, oldest first, with who did them."""
        return [
            f"{self.names.get(entry.by.id, '-')} {entry.verb.removeprefix('approval.')}"
            for entry in self.history(entity, record)
            if entry.verb.startswith("approval.")
        ]

    def messages(self, who: str) -> list[str]:
        with self.unit(False) as unit:
            table = unit.tables["message"]
            return list(
                unit.connection.scalars(sa.select(table.c.text).where(table.c.to == self.ids[who]).order_by(table.c.id))
            )

    def run(self) -> int:
        from yuanke.jobs import run_pending

        return run_pending(self.installation, self.at)


def company_in(home: Path, url: str | None) -> Iterator[Company]:
    from yuanke.app import plugins
    from yuanke.storage import remove_enterprise

    plugins.load()
    installation = Installation(home, url)
    made = Company(installation, f"a{os.getpid()}")
    yield made
    remove_enterprise(installation, made.slug)
    installation.close()


@pytest.fixture(scope="session")
def company_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    yield from company_in(tmp_path_factory.mktemp("approvals"), None)


@pytest.fixture(scope="session")
def company_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Company]:
    yield from company_in(tmp_path_factory.mktemp("approvals"), postgres_url)


@pytest.fixture
def company(dialect: str, request: pytest.FixtureRequest) -> Company:
    made: Company = request.getfixturevalue(f"company_on_{dialect}")
    made.sweep()
    return made
