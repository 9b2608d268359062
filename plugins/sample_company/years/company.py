"""The company while its story is told: its people as they work, its diary, its goods, and one source of chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.records import Query, Records
from yuanke.workflow import act, carry_out, perform
from yuanke.workflow.documents import make

from .diary import Diary
from .sizes import DAYS, Sizes

if TYPE_CHECKING:
    from .market import Customer

EVERY = 1000
#: what began so many days ago still waits for the people who have to agree
WAITING_DAYS = 4


class Company:
    """Who does what through which door. ``ids`` are records by name, ``stock`` what lies in the warehouse."""

    def __init__(self, door: Any, today: date, sizes: Sizes, seed: int, said: Callable[[str], None]) -> None:
        self.unit, self.door, self.sizes, self.said = door.unit, door, sizes, said
        self.rng = Random(seed)
        self.diary = Diary(today, self.rng)
        self.begin = today - timedelta(days=DAYS)
        self.people = self._people()
        self.ids: dict[tuple[str, str], int] = {}
        self.stock: Counter[str] = Counter()
        self.coming: Counter[str] = Counter()
        self.backlog: list[tuple[Mapping[str, int], Callable[[], None]]] = []
        self.customers: list[Customer] = []
        self.deeds = 0

    def _people(self) -> dict[str, Actor]:
        """Everybody who may log in, acting as the engine on his own behalf: the history tells his name."""
        page = self.door.list("user", Query(fields=("username", "name", "roles", "department"), limit=500))
        return {record.values["username"]: self._actor(record.id, record.values) for record in page.records}

    def _actor(self, user: int, values: Mapping[str, Any]) -> Actor:
        department = values.get("department")
        roles = frozenset(values.get("roles") or ())
        return Actor(
            self.door.actor.enterprise, user, values["username"], values["name"], roles,
            getattr(department, "id", department), door="command", engine=True,
        )  # fmt: skip

    def person(self, username: str) -> int:
        return self.people[username].user_id or 0

    def create(self, who: str, entity: str, values: Mapping[str, Any]) -> int:
        """Save a record; its id. Nobody looks at the answer, so none is read."""
        self._count()
        made = Records(self.unit, self.people[who]).batch(entity, create=[values]).created[0].id
        assert made is not None
        return made

    def update(self, who: str, entity: str, record: int, values: Mapping[str, Any]) -> None:
        self._count()
        Records(self.unit, self.people[who]).batch(entity, update=[{**values, "id": record}])

    def act(self, who: str, entity: str, record: int, key: str, **asked: Any) -> None:
        """A transition or action that nobody has to agree to any more."""
        self._count()
        found = self.unit.registry.entities[entity]
        carry_out(self.unit, self.people[who], found, record, act(found, key), asked)

    def ask(self, who: str, entity: str, record: int, key: str, **asked: Any) -> bool:
        """A transition that people may have to agree to: of the last days it waits for them, before it was agreed to.
        Answers whether it happened."""
        if (self.diary.today - self.diary.day).days >= WAITING_DAYS:
            self.act(who, entity, record, key, **asked)
            return True
        self._count()
        state = self.unit.registry.entities[entity].workflow["field"]
        before = self.value(entity, record, state)
        confirm = self.unit.registry.entities[entity].checks
        after = perform(self.unit, self.people[who], entity, record, key, asked, confirm=list(confirm))
        return bool(after.values.get(state) != before)

    def become(self, who: str, entity: str, record: int, key: str, **more: Any) -> list[int]:
        """Make the next documents of a record; their ids."""
        self._count()
        return [one.id for one in make(self.unit, self.people[who], entity, record, key, more)]

    def value(self, entity: str, record: int, field: str) -> Any:
        return self.door.get(entity, record, fields=(field,)).values[field]

    def related(self, entity: str, record: int, name: str, *fields: str) -> list[Mapping[str, Any]]:
        """What hangs on a record, with its ids, oldest first."""
        page = self.door.related(entity, record, name, Query(fields=fields, sort=("id",), limit=50))
        return [{**one.values, "id": one.id} for one in page.records]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def days_ago(self, day: date) -> int:
        return (clock.today() - day).days

    def _count(self) -> None:
        self.deeds += 1
        if self.deeds % EVERY == 0:
            self.said(f"{self.diary.day}: {self.deeds}")
