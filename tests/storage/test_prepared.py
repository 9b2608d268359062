"""Statements that are kept written out: they are the ones that would be built now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.kernel import clock
from yuanke.kernel.watch import saw
from yuanke.storage import Installation
from yuanke.storage.prepared import Prepared, one_of, open_value, prepared, remembered

THINGS = "entities: {thing: {fields: {name: text!, price: money, at: datetime, tags: tags}, permissions: {clerk: {read: all}}}}\nroles: {clerk: 店员}"


@pytest.fixture
def at(enterprise: Callable[..., Any]) -> Any:
    return enterprise(THINGS)


def test_values_come_out_as_python_values_of_their_columns(installation: Installation, at: Any) -> None:
    now = datetime(2026, 3, 5, 6, 30, tzinfo=UTC)
    with installation.unit(at, write=True) as unit:
        table = unit.tables["thing"]
        unit.execute(table.insert().values(name="甲%", price="12.50", at=now, tags=["x"], version=1))
        asked = prepared(
            unit,
            sa.select(table.c.name, table.c.price, table.c.at, table.c.tags).where(table.c.name == open_value("n")),
        )
        for _ in range(2):
            assert asked.mappings(unit, n="甲%") == [
                {"name": "甲%", "price": unit.execute(sa.select(table.c.price)).scalar(), "at": now, "tags": ["x"]}
            ]
        assert asked.columns(unit, n="nobody") == []


def test_a_fault_is_told_as_the_toolkit_tells_it_and_undoes_the_unit(installation: Installation, at: Any) -> None:
    with pytest.raises(sa.exc.IntegrityError), installation.unit(at, write=True) as unit:
        table = unit.tables["thing"]
        insert = prepared(unit, table.insert().inline().values(id=open_value("id"), name=open_value("name"), version=1))
        insert.run(unit, id=7, name="a")
        insert.run(unit, id=7, name="b")
    with installation.unit(at) as unit:
        assert unit.execute(sa.select(sa.func.count()).select_from(unit.tables["thing"])).scalar() == 0


def test_each_enterprise_is_asked_for_its_own_rows(
    installation: Installation, at: Any, enterprise: Callable[..., Any]
) -> None:
    other = enterprise(THINGS, slug="other")
    texts = []
    for one, name in ((at, "一"), (other, "二"), (at, "一"), (other, "二")):
        with installation.unit(one, write=True) as unit:
            table = unit.tables["thing"]
            if one not in texts:
                texts.append(one)
                unit.execute(table.insert().values(name=name, version=1))
            asked = remembered(unit, "names", lambda of=table: prepared(unit, sa.select(of.c.name)))
            assert [row["name"] for row in asked.mappings(unit)] == [name]


def test_what_is_kept_is_made_once_and_again_after_a_change(installation: Installation, at: Any) -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    with installation.unit(at) as unit:
        assert remembered(unit, "k", make) == remembered(unit, "k", make) == 1
        assert remembered(unit, "other", make) == 2
    with installation.unit(at, write=True) as unit:
        from yuanke.storage.system import META

        unit.execute(META.update().values(perm_version=META.c.perm_version + 1))
    with installation.unit(at) as unit:
        assert remembered(unit, "k", make) == 3


def test_the_day_is_kept_for_the_day_and_the_time_not_at_all(installation: Installation, at: Any) -> None:
    with installation.unit(at) as unit:
        with clock.stopped(datetime(2026, 3, 5, 4, tzinfo=UTC)):
            assert remembered(unit, "today", lambda: clock.today().day) == 5
        with clock.stopped(datetime(2026, 3, 5, 20, tzinfo=UTC)):  # the next day in Shanghai
            assert remembered(unit, "today", lambda: clock.today().day) == 6
        with clock.stopped(datetime(2026, 3, 5, 20, tzinfo=UTC)):
            first = remembered(unit, "now", clock.now)
        with clock.stopped(datetime(2026, 3, 5, 20, 1, tzinfo=UTC)):
            assert remembered(unit, "now", clock.now) > first


def test_what_knows_the_organisation_is_made_anew_in_a_unit_that_writes(installation: Installation, at: Any) -> None:
    made: list[int] = []

    def make() -> int:
        saw("organisation")
        made.append(1)
        return len(made)

    with installation.unit(at) as unit:
        assert remembered(unit, "k", make) == remembered(unit, "k", make) == 1
    with installation.unit(at, write=True) as unit:
        assert remembered(unit, "k", make) == 2
        assert remembered(unit, "k", make) == 3


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_column_whose_type_changed_costs_one_passing_fault(installation: Installation, at: Any) -> None:
    from yuanke.web.retries import passes

    with installation.unit(at) as unit:
        table = unit.tables["thing"]
        asked: Prepared = prepared(unit, sa.select(table.c.name))
        asked.columns(unit)
    with installation.unit(at, write=True) as unit:
        unit.connection.exec_driver_sql(f'ALTER TABLE "{at.place}".thing ALTER name TYPE varchar(50)')
    with installation.unit(at) as unit:
        try:
            asked.columns(unit)
        except sa.exc.DBAPIError as fault:
            assert passes(fault)
    with installation.unit(at) as unit:
        assert asked.columns(unit) == []


def test_a_list_of_ids_of_any_length_runs_under_one_text(installation: Installation, at: Any) -> None:
    with installation.unit(at, write=True) as unit:
        table = unit.tables["thing"]
        unit.execute(table.insert(), [{"name": name, "version": 1} for name in "甲乙丙"])
        ids = dict(unit.execute(sa.select(table.c.name, table.c.id)).tuples().all())
        asked = prepared(unit, sa.select(table.c.name).where(one_of(unit, table.c.id)).order_by(table.c.id))
        for wanted in ("甲乙丙", "乙", "甲丙", ""):
            assert "".join(row["name"] for row in asked.mappings(unit, ids=[ids[name] for name in wanted])) == wanted
        assert [row["name"] for row in asked.mappings(unit, ids=(-1, ids["丙"]))] == ["丙"]
