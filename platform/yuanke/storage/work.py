"""The steps of a plan that SQL alone cannot do, and the journal of those that go on after it.

The one rule: whatever is done here may be done again safely.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes import ValueFault
from yuanke.kernel import clock
from yuanke.metadata.registry import Field
from yuanke.storage.comparison import signature
from yuanke.storage.conversion import UNREADABLE, default_of, read_as, widening
from yuanke.storage.plan import Plan, Step
from yuanke.storage.system import RETIRED, STEP, own_metadata
from yuanke.storage.tables import bare, identity, physical
from yuanke.storage.unit import Unit

CHUNK = 1_000


def do(unit: Unit, made: Plan, step: Step) -> None:
    """Run ``step.work``, one of the functions below by its name."""
    assert step.work is not None
    DOERS[step.work["do"]](unit, made, step, step.work)


def own_table(unit: Unit, made: Plan, step: Step, how: Any) -> None:
    for metadata in own_metadata:
        for name in set(step.tables) & set(metadata.tables):
            metadata.tables[name].create(unit.connection, checkfirst=True)


def retire(unit: Unit, made: Plan, step: Step, how: Any) -> None:
    """Remember what a column or table was that no definition names any more."""
    there = sa.and_(RETIRED.c.entity == step.entity, RETIRED.c.column == how["column"])
    unit.execute(RETIRED.delete().where(there))
    unit.execute(
        RETIRED.insert().values(
            entity=step.entity,
            field=step.field,
            column=how["column"],
            type=how["type"],
            label=how["label"],
            retired_at=clock.now(),
        )
    )


def retire_entity(unit: Unit, made: Plan, step: Step, how: Any) -> None:
    """Remember what kinds of values each column of the table keeps."""
    unit.execute(RETIRED.delete().where(RETIRED.c.entity == step.entity, RETIRED.c.field == RETIRED.c.column))
    known = {"entity": step.entity, "label": how["label"], "retired_at": clock.now()}
    held = [f for f in made.before.entities[step.entity].fields.values() if f.has_column]
    unit.execute(RETIRED.insert(), [known | {"field": f.key, "column": f.key, "type": signature(f)} for f in held])


def bring_back_entity(unit: Unit, made: Plan, step: Step, how: Any) -> None:
    unit.execute(RETIRED.delete().where(RETIRED.c.entity == step.entity, RETIRED.c.field == RETIRED.c.column))


def bring_back(unit: Unit, made: Plan, step: Step, how: Any) -> None:
    unit.execute(RETIRED.delete().where(RETIRED.c.entity == step.entity, RETIRED.c.column == step.field))


def renamed(unit: Unit, made: Plan, step: Step, how: Any) -> None:
    """The rows that others keep about a field follow by `apply.followers`."""


def give_up(unit: Unit, made: Plan, step: Step, how: Any) -> None:
    """A step of the journal that nobody waits for any more; an index half-built of it goes with the next `plan`."""
    unit.execute(
        STEP.update()
        .where(STEP.c.id == how["step"], STEP.c.state == "pending")
        .values(state="dropped", ended_at=clock.now())
    )


def fill_default(unit: Unit, made: Plan, step: Step, how: Any) -> None:
    field = made.after.entities[step.entity].fields[step.field]
    table = _table(field)
    value = default_of(field, unit.place)
    unit.execute(table.update().where(table.c[field.key].is_(None)).values({field.key: value}))


def convert(unit: Unit, made: Plan, step: Step, how: Any) -> None:
    """Fill the new column with every old value that can be read as one of the new kind.

    ``earlier`` is the column of the time when the field was of the new kind already: a row that nobody changed since gets
    its value of then back, exactly.
    """
    field, old, earlier = made.after.entities[step.entity].fields[step.field], how["old"], how.get("earlier")
    readable = not {field.type.name, old.type.name} & UNREADABLE
    if not readable and earlier is None:
        return
    kept = field.type.column_type(field)
    then = {earlier: kept} if earlier else {}
    table = _table(field, **{how["from"]: old.type.column_type(old)}, **then)
    key, source = table.c.id, table.c[how["from"]]
    wider = widening(unit.dialect, table.name, how["from"], old, field)
    if wider is not None and earlier is None:
        unit.execute(wider.table.update().where(wider.fits).values({field.key: wider.value}))
        return
    before = table.c[earlier] if earlier else sa.null()
    write = (
        table.update()
        .where(key == sa.bindparam("at"))
        .values({field.key: sa.bindparam("value", type_=table.c[field.key].type)})
    )
    reached = 0
    while True:
        page = sa.select(key, source, before).where(key > reached, sa.or_(source.is_not(None), before.is_not(None)))
        rows = unit.execute(page.order_by(key).limit(CHUNK)).tuples().all()
        if not rows:
            return
        reached = rows[-1][0]
        fitting = []
        for id_, value, was in rows:
            if was is not None and (_converted(unit, was, field, old) if readable else None) == value:
                fitting.append({"at": id_, "value": was})
            elif readable and value is not None and (new := _converted(unit, value, old, field)) is not None:
                fitting.append({"at": id_, "value": new})
        if fitting:
            unit.execute(write, fitting)


def _converted(unit: Unit, value: Any, old: Field, field: Field) -> Any:
    try:
        return read_as(value, old, field, unit.place)
    except (ValueFault, ValueError, ArithmeticError):
        return None


def move_option(unit: Unit, made: Plan, step: Step, how: Any) -> None:
    """``formerly`` on an option: records that hold the old key get the new one."""
    field = made.after.entities[step.entity].fields[step.field]
    table = _table(field)
    column = table.c[field.key]
    if not field.multiple:
        unit.execute(table.update().where(column == how["old"]).values({field.key: how["new"]}))
        return
    for id_, held in unit.execute(sa.select(table.c.id, column).where(column.is_not(None))).tuples().all():
        if held and how["old"] in held:
            moved = [how["new"] if key == how["old"] else key for key in held]
            unit.execute(table.update().where(table.c.id == id_).values({field.key: moved}))


def _table(field: Field, /, **more: sa.types.TypeEngine[Any]) -> sa.Table:
    """The live table of a field, with its id and this column."""
    return bare(physical(field.entity), id=identity(), **{field.key: field.type.column_type(field)}, **more)


DOERS = {
    "own_table": own_table,
    "retire": retire,
    "bring_back": bring_back,
    "renamed": renamed,
    "fill_default": fill_default,
    "convert": convert,
    "move_option": move_option,
    "give_up": give_up,
    "retire_entity": retire_entity,
    "bring_back_entity": bring_back_entity,
}


def journal(unit: Unit, made: Plan) -> int:
    """Write the steps that go on after; waiting ones of the same thing give way. Gives how many wait now."""
    for step in made.steps:
        if not step.later or step.work is None:
            continue
        kind = step.work["do"]
        body = {"index": step.work.get("index"), "table": step.tables[0], "sql": list(step.sql)}
        body |= {name: step.work[name] for name in ("set", "where") if name in step.work}
        same = sa.and_(
            STEP.c.state == "pending", STEP.c.kind == kind, STEP.c.entity == step.entity, STEP.c.field == step.field
        )
        if kind == "fill":
            unit.execute(STEP.update().where(same).values(state="dropped", ended_at=clock.now()))
        unit.execute(
            STEP.insert().values(
                kind=kind,
                entity=step.entity,
                field=step.field,
                body=body,
                state="pending",
                total=step.rows,
                made_at=clock.now(),
            )
        )
    return unit.connection.scalar(sa.select(sa.func.count()).select_from(STEP).where(STEP.c.state == "pending")) or 0
