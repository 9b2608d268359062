"""The step that gives a record to one of several people: one after the other, or to whoever has the fewest.

The one rule: two records that come at the same time go to different people; the turns are locked until the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from yuanke.access.grants import engine_of
from yuanke.access.scopes import Me, run_values
from yuanke.access.sessions import USER
from yuanke.records import Typed
from yuanke.records.environment import StoredValues
from yuanke.storage import Unit
from yuanke.storage.sqlscope import TableScope, live
from yuanke.storage.system import own_table
from yuanke.storage.tables import identity
from yuanke.workflow.names import ActNames
from yuanke.workflow.scope import expression
from yuanke.workflow.steps.kinds import Body, StepRun, step
from yuanke.workflow.writing import write

#: whose turn it is: ``served`` grows with each record a person was given by a rule; person 0 holds the rule's last number
TURN = own_table(
    "assign_turn",
    sa.Column("rule", sa.String(200), primary_key=True),
    sa.Column("person", identity(), primary_key=True, autoincrement=False),
    sa.Column("served", identity(), nullable=False),
)


@step("assign")
def assign(body: Body, names: ActNames, run: StepRun) -> Any:
    """Fills ``field`` with the next of the people; leaves it alone when nobody may have more. Answers the person's id."""
    field = str(body.get("field") or "owner")
    rule = f"{run.entity.key}.{run.act}.{field}"
    _lock(run.unit, rule)
    people = _in_service(run.unit, _people(body, names, run))
    held = _held(body, field, people, names, run) if body.get("by") == "load" or body.get("most") is not None else {}
    most = names.value(str(body["most"])) if body.get("most") is not None else None
    free = [one for one in people if most is None or held.get(one, 0) < most]
    if not free:
        run.tell("assign", {"to": None})
        return None
    served = _served(run.unit, rule)
    load = held if body.get("by") == "load" else {}
    chosen = min(free, key=lambda one: (load.get(one, 0), served.get(one, 0), people.index(one)))
    _serve(run.unit, rule, chosen, served.get(0, 0) + 1)
    values = Typed({field: chosen})
    values.typed = {field}
    write(run.unit, run.actor, run.entity, run.record_id, values, run.act)
    run.tell("assign", {"to": chosen, "field": field})
    names.refresh()
    return chosen


# -- who ---------------------------------------------------------------------------------------------------------------


def _people(body: Body, names: ActNames, run: StepRun) -> list[int]:
    """User ids in the order they are declared, each once."""
    if body.get("role") is not None:
        return _holders(run.unit, str(body["role"]))
    value = names.value(str(body["among"])) if body.get("among") is not None else None
    found = [_person(one, body.get("person")) for one in (value if isinstance(value, (list, tuple)) else [value])]
    return list(dict.fromkeys(one for one in found if one is not None))


def _person(one: Any, key: Any) -> int | None:
    if isinstance(one, StoredValues) and one.entity.key != "user":
        links = (f.key for f in one.entity.live_fields() if f.targets == ("user",) and f.source == "typed")
        one = one.get(str(key) if key else next(links, "owner"))
    if isinstance(one, (StoredValues, Me)):
        one = one.get("id")
    return one if isinstance(one, int) else None


def _holders(unit: Unit, role: str) -> list[int]:
    from yuanke.access.fab_tables import ROLE, USER_ROLE

    found = sa.select(USER_ROLE.c.user_id).join(ROLE, ROLE.c.id == USER_ROLE.c.role_id).where(ROLE.c.name == role)
    return sorted(set(unit.execute(found).scalars()))


def _in_service(unit: Unit, people: Sequence[int]) -> list[int]:
    """Those who still work here."""
    active = set(unit.execute(sa.select(USER.c.id).where(USER.c.id.in_(people), USER.c.status == "active")).scalars())
    return [one for one in people if one in active]


# -- how much ----------------------------------------------------------------------------------------------------------


def _held(body: Body, field: str, people: Sequence[int], names: ActNames, run: StepRun) -> Mapping[int, int]:
    """person -> how many live records of this entity he has, of those that ``counts``; this one not among them."""
    unit, entity = run.unit, run.entity
    table = unit.tables[entity.key]
    found = sa.select(table.c[field], sa.func.count()).where(live(entity, table), table.c[field].in_(people))
    if run.record_id is not None:
        found = found.where(table.c.id != run.record_id)
    if body.get("counts") is not None:
        actor = engine_of(run.actor)
        counted = expression(unit, actor, entity, str(body["counts"]), "bool")
        found = found.where(counted.sql(TableScope(entity, table, unit.tables, run_values(unit, actor))))
    return dict(unit.execute(found.group_by(table.c[field])).tuples().all())


# -- whose turn --------------------------------------------------------------------------------------------------------


def _lock(unit: Unit, rule: str) -> None:
    """One at a time for each rule, until the commit."""
    insert = (postgresql.insert if unit.dialect == "postgresql" else sqlite.insert)(TURN)
    unit.execute(insert.values(rule=rule, person=0, served=0).on_conflict_do_nothing())
    if unit.dialect == "postgresql":
        unit.execute(sa.select(TURN.c.served).where(TURN.c.rule == rule, TURN.c.person == 0).with_for_update())


def _served(unit: Unit, rule: str) -> dict[int, int]:
    return dict(unit.execute(sa.select(TURN.c.person, TURN.c.served).where(TURN.c.rule == rule)).tuples().all())


def _serve(unit: Unit, rule: str, person: int, number: int) -> None:
    insert = (postgresql.insert if unit.dialect == "postgresql" else sqlite.insert)(TURN)
    for one in (0, person):
        statement = insert.values(rule=rule, person=one, served=number)
        unit.execute(statement.on_conflict_do_update(index_elements=["rule", "person"], set_={"served": number}))
