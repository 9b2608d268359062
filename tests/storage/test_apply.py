"""A change of definitions is all or nothing, one at a time, and loses nothing."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time

import pytest
import sqlalchemy as sa
from yuanke.kernel.errors import Refused
from yuanke.storage import Installation, apply, change, layers_of
from yuanke.storage.live import live_shape

from tests.storage.changes import changed, crm, in_process, kinds, planned, settled, with_field

HEAD = "entities:\n  firm:\n    label: 公司\n    fields:\n      name: {type: text, label: 名称}\n"
FAX = HEAD + "      fax: {type: text, label: 传真, unique: true}\n"


def columns(unit, table: str = "firm") -> set[str]:
    return set(live_shape(unit.connection, unit.enterprise.place)[table].columns)


def test_an_applied_field_is_there_at_the_next_unit(installation, enterprise, writing, reading):
    at = enterprise(crm(HEAD))
    done = changed(installation, at, FAX)
    assert done.version == 2
    with writing(at) as unit:
        assert (unit.head.meta_version, unit.head.perm_version > 1) == (2, True)
        unit.execute(unit.tables["firm"].insert().values(fax="1"))
    with pytest.raises(sa.exc.IntegrityError), writing(at) as unit:
        unit.execute(unit.tables["firm"].insert().values(fax="1"))


def test_a_plan_is_applied_once_and_refused_the_second_time(installation, enterprise, reading):
    at = enterprise(crm(HEAD))
    with reading(at) as unit:
        made = planned(unit, FAX)
    apply.apply(installation, at, made, digest=made.digest)
    with pytest.raises(Refused) as refused:
        apply.apply(installation, at, made)
    assert refused.value.status == 409


def test_a_plan_is_refused_when_the_database_moved_meanwhile(installation, enterprise, reading, writing):
    at = enterprise(crm(HEAD))
    with reading(at) as unit:
        made = planned(unit, FAX)
    with writing(at) as unit:
        unit.connection.exec_driver_sql("ALTER TABLE firm ADD COLUMN fax text")
    with pytest.raises(Refused):
        apply.apply(installation, at, made)


def test_a_retired_field_comes_back_with_its_values(installation, enterprise, writing, reading):
    at = enterprise(crm(FAX))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert(), [{"fax": "1"}, {"fax": "2"}])
    changed(installation, at, HEAD)
    with reading(at) as unit:
        assert "fax" not in unit.registry.entities["firm"].fields
        assert "fax" in columns(unit)
        assert kinds(planned(unit, FAX))[0] == "bring_back"
    with pytest.raises(Refused, match="restore"):
        changed(installation, at, FAX)
    changed(installation, at, FAX, {"firm.fax": "restore"})
    with reading(at) as unit:
        assert sorted(unit.execute(sa.select(unit.tables["firm"].c.fax)).scalars()) == ["1", "2"]
        assert settled(unit) == []


def test_a_retired_field_can_start_afresh_and_shows_nothing_of_the_old_one(installation, enterprise, writing, reading):
    at = enterprise(crm(FAX))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert().values(fax="1"))
    changed(installation, at, HEAD)
    changed(installation, at, FAX, {"firm.fax": "fresh"})
    with writing(at) as unit:
        assert unit.execute(sa.select(unit.tables["firm"].c.fax)).scalars().all() == [None]
        unit.execute(unit.tables["firm"].insert(), [{"fax": "1"}])
        assert settled(unit) == []
    with pytest.raises(sa.exc.IntegrityError), writing(at) as unit:
        unit.execute(unit.tables["firm"].insert().values(fax="1"))


def test_a_retired_entity_comes_back_with_its_records(installation, enterprise, writing, reading):
    two = HEAD + "  lead: {label: 线索, fields: {title: {type: text, label: 标题}}}\n"
    at = enterprise(crm(two))
    with writing(at) as unit:
        unit.execute(unit.tables["lead"].insert().values(title="一"))
    changed(installation, at, HEAD)
    with pytest.raises(Refused, match="restore"):
        changed(installation, at, two)
    changed(installation, at, two, {"lead": "restore"})
    with reading(at) as unit:
        assert unit.execute(sa.select(unit.tables["lead"].c.title)).scalars().all() == ["一"]
    changed(installation, at, HEAD)
    changed(installation, at, two, {"lead": "fresh"})
    with reading(at) as unit:
        assert unit.execute(sa.select(unit.tables["lead"].c.title)).scalars().all() == []
        assert settled(unit) == []


def test_a_renamed_field_takes_its_values_along(installation, enterprise, writing, reading):
    at = enterprise(crm(FAX))
    with writing(at) as unit:
        unit.execute(unit.tables["firm"].insert().values(fax="1"))
    changed(installation, at, HEAD + "      facsimile: {type: text, label: 传真, unique: true, formerly: fax}\n")
    with reading(at) as unit:
        assert unit.execute(sa.select(unit.tables["firm"].c.facsimile)).scalars().all() == ["1"]
        assert "fax" not in columns(unit)
        assert settled(unit) == []


def test_killed_at_any_point_it_is_the_old_or_the_new(installation, enterprise, database_url, reading):
    at = enterprise(crm(HEAD))
    more = FAX + "  lead: {label: 线索, fields: {firm: {link: firm, label: 公司}}}\n"
    for point in range(1, 7):
        code = in_process(
            installation.home,
            database_url,
            lambda mine: changed(mine, mine.enterprise("acme"), more),
            YUANKE_FAIL_AT=f"apply.{point}",
        )
        assert code == 137
        with reading(at) as unit:
            assert unit.head.meta_version == 1
            assert settled(unit) == []
            assert "fax" not in columns(unit)
    changed(installation, at, more)
    with reading(at) as unit:
        assert settled(unit) == []
        assert "fax" in columns(unit)


def test_twenty_at_once_add_twenty_fields(installation, enterprise, database_url, reading):
    at = enterprise(crm(HEAD))

    def add(worker: int) -> None:
        mine = Installation(installation.home, database_url)
        for number in range(5):
            key = f"f{worker}_{number}"
            change(mine, mine.enterprise("acme"), lambda unit, key=key: with_field(unit, "firm", key, "text"))
        mine.close()

    workers = [multiprocessing.get_context("fork").Process(target=add, args=(n,)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 4
    with reading(at) as unit:
        wanted = {f"f{w}_{n}" for w in range(4) for n in range(5)}
        assert wanted <= unit.registry.entities["firm"].fields.keys()
        assert wanted <= columns(unit)
        assert unit.head.meta_version == 21
        assert settled(unit) == []


def test_of_two_plans_made_on_one_state_one_wins(installation, enterprise, reading):
    at = enterprise(crm(HEAD))
    with reading(at) as unit:
        plans = [planned(unit, FAX), planned(unit, HEAD + "      tel: {type: text, label: 电话}\n")]
    ends: list[str] = []

    def run(made) -> None:
        try:
            apply.apply(installation, at, made)
            ends.append("done")
        except Refused:
            ends.append("refused")

    threads = [threading.Thread(target=run, args=(made,)) for made in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(ends) == ["done", "refused"]


def test_a_reader_in_another_process_sees_the_new_shape_at_its_next_unit(installation, enterprise, database_url):
    at = enterprise(crm(HEAD))
    here, there = multiprocessing.Pipe()

    def read() -> None:
        mine = Installation(installation.home, database_url)
        while there.recv() == "look":
            with mine.unit("acme") as unit:
                firm = unit.tables["firm"]
                there.send((sorted(firm.c.keys()), unit.execute(firm.select()).all() == []))
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=read)
    process.start()
    try:
        here.send("look")
        assert "fax" not in here.recv()[0]
        changed(installation, at, FAX)
        here.send("look")
        assert "fax" in here.recv()[0]
    finally:
        here.send("stop")
        process.join(10)


def test_a_column_is_added_under_load_without_an_error_or_a_long_wait(installation, enterprise):
    at = enterprise(crm(HEAD))
    stop, faults, waits, written = threading.Event(), [], [], [0]

    def work(write: bool) -> None:
        while not stop.is_set():
            began = time.monotonic()
            try:
                with installation.unit(at, write=write) as unit:
                    firm = unit.tables["firm"]
                    if write:
                        unit.execute(firm.insert().values(name="x"))
                        written[0] += 1
                    else:
                        unit.execute(firm.select().limit(20)).all()
            except Exception as error:
                faults.append(repr(error))
            waits.append(time.monotonic() - began)
            time.sleep(0.002)

    threads = [threading.Thread(target=work, args=(write,)) for write in (True, False, False)]
    for thread in threads:
        thread.start()
    for number in range(5):
        time.sleep(0.05)
        change(installation, at, lambda unit, number=number: with_field(unit, "firm", f"f{number}", "text"))
    stop.set()
    for thread in threads:
        thread.join(10)
    assert faults == []
    assert written[0] > 5 and len(waits) > 20
    assert max(waits) < 2.0


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_readers_do_not_queue_behind_an_alter_that_waits(installation, enterprise):
    at = enterprise(crm(HEAD))
    holder = installation.engines.connect(at.place, writing=True)
    holding = holder.begin()
    holder.exec_driver_sql("INSERT INTO firm (name) VALUES ('held')")
    thread = threading.Thread(target=changed, args=(installation, at, FAX))
    thread.start()
    worst, until = 0.0, time.monotonic() + 1.0
    while time.monotonic() < until:
        began = time.monotonic()
        with installation.unit(at) as unit:
            unit.execute(unit.tables["firm"].select()).all()
        worst = max(worst, time.monotonic() - began)
        time.sleep(0.005)
    holding.commit()
    holder.close()
    thread.join(30)
    assert not thread.is_alive()
    assert worst < 0.5, f"a reader waited {worst:.3f} s"
    with installation.unit(at) as unit:
        assert "fax" in columns(unit)


def test_an_overlay_of_the_enterprise_is_kept_apart_from_its_modules(installation, enterprise, reading):
    at = enterprise(crm(HEAD))
    change(installation, at, lambda unit: with_field(unit, "firm", "fax", {"type": "text", "label": "传真"}))
    with reading(at) as unit:
        assert [layer.rank for layer in layers_of(unit)][-2:] == ["module", "enterprise"]
        assert unit.registry.entities["firm"].fields["fax"].custom
