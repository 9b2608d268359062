"""What a plan leaves for later is finished once, resumed where it stopped, and never half seen."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa
from yuanke.storage import comparison, run_pending_steps, steps
from yuanke.storage.live import live_shape
from yuanke.storage.system import STEP

from tests.storage.changes import changed, crm, in_process, settled

HEAD = "entities:\n  firm:\n    label: 公司\n    fields:\n      name: {type: text, label: 名称}\n"
INDEXED = HEAD.replace("label: 名称", "label: 名称, index: true")
UNIQUE = HEAD.replace("label: 名称", "label: 名称, unique: true")


@pytest.fixture
def big(monkeypatch):
    monkeypatch.setattr(comparison, "BIG", 3)


def fill(at, writing, names) -> None:
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"name": name} for name in names])


def indexes(unit) -> set[str]:
    return {
        name
        for name, valid in live_shape(unit.connection, unit.enterprise.place)["firm"].indexes.items()
        if valid and "name" in name
    }


def test_an_index_on_a_big_table_is_built_after_the_apply(installation, enterprise, writing, reading, big):
    at = enterprise(crm(HEAD))
    fill(at, writing, "abcde")
    assert changed(installation, at, INDEXED).pending == 1
    with reading(at) as unit:
        assert indexes(unit) == set()
        assert settled(unit) == []
    assert run_pending_steps(installation, at) == 0
    with reading(at) as unit:
        assert len(indexes(unit)) == 1
        assert settled(unit) == []
    assert run_pending_steps(installation, at) == 0


@pytest.mark.parametrize("point", [8, 9])
def test_an_index_whose_builder_was_killed_is_built_by_the_next(
    installation, enterprise, database_url, writing, reading, big, point
):
    if database_url is None and point == 9:
        pytest.skip("SQLite builds and notes it in one transaction")
    at = enterprise(crm(HEAD))
    fill(at, writing, "abcde")
    changed(installation, at, INDEXED)
    code = in_process(
        installation.home,
        database_url,
        lambda mine: run_pending_steps(mine, "acme") and None,
        YUANKE_FAIL_AT=f"apply.{point}",
    )
    assert code == 137
    until = time.monotonic() + 20
    while run_pending_steps(installation, at):  # the server may need a moment to see that its client is dead
        assert time.monotonic() < until
        time.sleep(0.05)
    with reading(at) as unit:
        assert len(indexes(unit)) == 1
        assert settled(unit) == []


def test_a_unique_index_that_meets_a_new_duplicate_fails_and_says_so(installation, enterprise, writing, reading, big):
    at = enterprise(crm(HEAD))
    fill(at, writing, "abcde")
    changed(installation, at, UNIQUE)
    fill(at, writing, "a")
    run_pending_steps(installation, at)
    with reading(at) as unit:
        (step,) = unit.execute(sa.select(STEP)).all()
        assert step.state == "failed" and step.error
        assert indexes(unit) == set()


def test_an_index_nobody_wants_any_more_is_not_built(installation, enterprise, writing, reading, big):
    at = enterprise(crm(HEAD))
    fill(at, writing, "abcde")
    changed(installation, at, INDEXED)
    changed(installation, at, HEAD)
    assert run_pending_steps(installation, at) == 0
    with reading(at) as unit:
        assert indexes(unit) == set()
        assert settled(unit) == []


@pytest.fixture
def filler(monkeypatch):
    """Writes twice the size into the formula's column, as `records` would."""
    seen: list[int] = []

    def fill(unit, entity, field, ids) -> None:
        table = unit.tables[entity.key]
        seen.extend(ids)
        unit.execute(table.update().where(table.c.id.in_(ids)).values({field.key: table.c.size * 2}))

    monkeypatch.setattr(steps, "fillers", [fill])
    monkeypatch.setattr(steps, "CHUNK", 2)
    return seen


SIZE = HEAD + "      size: {type: integer, label: 规模}\n"
DOUBLE = SIZE + "      double: {type: integer, label: 两倍, formula: size * 2}\n"


def sized(enterprise, writing):
    at = enterprise(crm(SIZE))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"size": n} for n in range(1, 6)])
    return at


def test_a_new_stored_formula_is_filled_chunk_by_chunk(installation, enterprise, writing, reading, filler):
    at = sized(enterprise, writing)
    assert changed(installation, at, DOUBLE).pending == 1
    with reading(at) as unit:
        assert unit.unfilled == {("firm", "double")}
        version = unit.head.meta_version
    told = []
    assert run_pending_steps(installation, at, lambda name, done, total: told.append((name, done, total))) == 0
    assert told == [("firm.double", 2, 5), ("firm.double", 4, 5), ("firm.double", 5, 5)]
    with reading(at) as unit:
        assert unit.execute(sa.select(unit.tables["firm"].c.double)).scalars().all() == [2, 4, 6, 8, 10]
        assert unit.unfilled == frozenset()
        assert unit.head.meta_version > version


def test_a_killed_fill_goes_on_where_it_stopped(installation, enterprise, database_url, writing, reading, filler):
    at = sized(enterprise, writing)
    changed(installation, at, DOUBLE)
    ends = []

    def run_and_die(mine) -> None:
        import os

        def die(name, done, total) -> None:
            ends.append(done)
            if done == 4:
                os._exit(137)

        run_pending_steps(mine, "acme", die)

    assert in_process(installation.home, database_url, run_and_die) == 137
    with reading(at) as unit:
        assert unit.execute(sa.select(STEP.c.reached)).scalar_one() == 2
    run_pending_steps(installation, at)
    assert filler == [3, 4, 5]
    with reading(at) as unit:
        assert unit.execute(sa.select(unit.tables["firm"].c.double)).scalars().all() == [2, 4, 6, 8, 10]


def test_a_changed_formula_is_filled_again(installation, enterprise, writing, reading, filler):
    at = sized(enterprise, writing)
    changed(installation, at, DOUBLE)
    run_pending_steps(installation, at)
    assert changed(installation, at, DOUBLE.replace("size * 2", "size + size")).pending == 1


def test_without_a_filler_a_fill_keeps_waiting(installation, enterprise, writing, monkeypatch):
    monkeypatch.setattr(steps, "fillers", [])
    at = sized(enterprise, writing)
    changed(installation, at, DOUBLE)
    assert run_pending_steps(installation, at) == 1
