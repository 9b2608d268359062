"""``at:``: kept beside the record, moved with its sources, fired once; a worker that was away catches up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from yuanke.kernel import clock
from yuanke.workflow.automations import moments, upkeep
from yuanke.workflow.automations.declared import find
from yuanke.workflow.automations.tables import MOMENT

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)  # noon in Shanghai


def midnight(text: str) -> datetime:
    """When that day begins in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=8)


def test_a_moment_is_kept_in_the_zone_of_the_enterprise_and_moves_with_its_source(desk):
    with clock.stopped(NOON):
        contract = desk.make("contract", name="甲", ends_on="2026-07-10")
        assert desk.waiting("contract.warn") == {contract: midnight("2026-07-07")}
        desk.change("contract", contract, ends_on="2026-07-20")
        assert desk.waiting("contract.warn") == {contract: midnight("2026-07-17")}
        desk.change("contract", contract, ends_on=None)
        assert desk.waiting("contract.warn") == {}


def test_it_fires_once_and_asks_its_condition_then(desk):
    with clock.stopped(NOON):
        one = desk.make("contract", name="甲", ends_on="2026-06-10")
        two = desk.make("contract", name="乙", ends_on="2026-06-10")
        desk.change("contract", two, open=False)
        assert desk.run() == 0
    with clock.stopped(midnight("2026-06-07") - timedelta(seconds=1)):
        assert desk.run() == 0
    with clock.stopped(midnight("2026-06-07")):
        desk.run()
        assert desk.entries() == ["warn 甲"]
        assert desk.run() == 0
    assert [line.record for line in desk.log("contract.warn")] == [one]


def test_two_moments_that_passed_while_the_worker_was_down_both_fire_once(desk):
    with clock.stopped(NOON):
        desk.make("contract", name="甲", ends_on="2026-06-10")
        desk.make("contract", name="乙", ends_on="2026-06-12", call_at="2026-06-08T08:00:00Z")
    with clock.stopped(NOON + timedelta(days=30)):
        desk.run()
        assert sorted(desk.entries()) == ["call 乙", "warn 乙", "warn 甲"]
        assert desk.run() == 0


def test_each_moment_of_a_day_reminds_and_none_twice(desk):
    """Nothing says when it is due: the moment itself tells two of one day apart."""
    from yuanke.messages import reminders_of
    from yuanke.workflow.automations.running import run_on
    from yuanke.workflow.automations.told import Told

    def lines():
        with desk.as_("chief") as door:
            return len([one for one in reminders_of(door.unit, door.actor) if one.text == "ring 该回电"])

    with clock.stopped(NOON):
        contract = desk.make("contract", "chief", name="ring", call_at=NOON + timedelta(hours=1))
    for hour in (1, 3):
        with clock.stopped(NOON + timedelta(hours=hour)):
            desk.change("contract", contract, call_at=NOON + timedelta(hours=hour))
            desk.run()
    assert lines() == 2
    with clock.stopped(NOON + timedelta(hours=4)), desk.as_("root") as door:  # a run that is asked for once more
        one = find(door.unit.registry, "contract.ring")
        run_on(door.unit, Told(one, contract, "at", more={"at": NOON + timedelta(hours=3)}))
    assert lines() == 2


def test_a_source_that_moved_before_firing_leaves_only_the_new_moment(desk):
    with clock.stopped(NOON):
        contract = desk.make("contract", name="甲", ends_on="2026-06-10")
    with clock.stopped(NOON + timedelta(days=8)):  # the old moment has passed, nobody was there to fire it
        desk.change("contract", contract, ends_on="2026-06-20")
        desk.run()
        assert desk.entries() == []
    with clock.stopped(NOON + timedelta(days=30)):
        desk.run()
        assert desk.entries() == ["warn 甲"]


def test_a_moment_that_fired_does_not_fire_again_when_its_source_comes_back(desk):
    with clock.stopped(NOON):
        contract = desk.make("contract", name="甲", ends_on="2026-06-10")
    with clock.stopped(midnight("2026-06-07")):
        desk.run()
        desk.change("contract", contract, ends_on="2026-07-10")
        desk.change("contract", contract, ends_on="2026-06-10")
        desk.run()
        assert desk.entries() == ["warn 甲"]
        assert desk.waiting("contract.warn") == {}


def test_a_new_moment_of_the_same_record_fires_anew(desk):
    with clock.stopped(NOON):
        contract = desk.make("contract", name="甲", ends_on="2026-06-10")
    with clock.stopped(midnight("2026-06-07")):
        desk.run()
        desk.change("contract", contract, ends_on="2026-07-10")
    with clock.stopped(midnight("2026-07-07")):
        desk.run()
    assert desk.entries() == ["warn 甲", "warn 甲"]


def test_a_moment_moves_when_the_record_behind_a_link_does(desk):
    with clock.stopped(NOON):
        policy = desk.make("policy", name="三天", days=3)
        one = desk.make("contract", name="甲", ends_on="2026-06-10", policy=policy)
        desk.make("contract", name="乙", ends_on="2026-06-10")
        assert desk.waiting("contract.ruled") == {one: midnight("2026-06-13")}
        desk.change("policy", policy, days=5)
        assert desk.waiting("contract.ruled") == {one: midnight("2026-06-15")}


def test_a_deleted_record_has_no_moment_and_a_restored_one_has_it_again(desk):
    with clock.stopped(NOON):
        contract = desk.make("contract", name="甲", ends_on="2026-06-10")
        with desk.as_("chief") as door:
            door.delete("contract", contract)
        assert desk.waiting("contract.warn") == {}
        with desk.as_("chief") as door:
            door.restore("contract", contract)
        assert desk.waiting("contract.warn") == {contract: midnight("2026-06-07")}


def test_what_lies_far_back_when_it_is_planned_is_passed_over_unless_it_may_be_late(desk):
    with clock.stopped(NOON):
        desk.make("contract", name="旧", ends_on="2020-01-01", call_at="2020-01-01T00:00:00Z")
        desk.make("contract", name="昨", ends_on="2026-06-03")
        desk.run()
        assert sorted(desk.entries()) == ["call 旧", "warn 昨"]


def test_moments_of_what_was_there_before_are_planned_by_a_job(desk):
    with clock.stopped(NOON):
        contract = desk.make("contract", name="甲", ends_on="2026-06-10")
        with desk.installation.unit(desk.at, write=True) as unit:
            unit.execute(MOMENT.delete())
            upkeep.look_after(unit)
        desk.run()
        assert desk.waiting("contract.warn") == {contract: midnight("2026-06-07")}
        with desk.installation.unit(desk.at, write=True) as unit:
            upkeep.look_after(unit)
        assert [job.state for job in desk.jobs(moments.PLAN)] == ["done"]  # nothing moved: nothing is planned again


def test_a_clock_set_back_fires_nothing_twice(desk):
    with clock.stopped(NOON):
        desk.make("contract", name="甲", ends_on="2026-06-10")
    with clock.stopped(NOON + timedelta(days=10)):
        desk.run()
    for days in (0, 5, 11):
        with clock.stopped(NOON + timedelta(days=days)):
            desk.run()
    assert desk.entries() == ["warn 甲"]


def test_a_moment_moves_with_a_roll_up_that_other_records_move(desk):
    with clock.stopped(NOON):
        policy = desk.make("policy", name="三天")
        one = desk.make("contract", name="甲", ends_on="2026-06-10", policy=policy)
        desk.make("contract", name="乙", ends_on="2026-06-08", policy=policy)
        assert desk.waiting("policy.last_one") == {policy: midnight("2026-06-10")}
        desk.change("contract", one, ends_on="2026-06-05")
        assert desk.waiting("policy.last_one") == {policy: midnight("2026-06-08")}


def test_a_moment_moves_when_a_setting_it_reads_is_changed(desk):
    from yuanke.records.parameters.changing import change_settings

    with clock.stopped(NOON):
        contract = desk.make("contract", name="甲", ends_on="2026-06-10")
        assert desk.waiting("contract.stale") == {contract: midnight("2026-06-24")}
        with desk.as_("root") as door:
            change_settings(door.unit, door.actor, {"stale_days": 20})
        desk.run()
        assert desk.waiting("contract.stale") == {contract: midnight("2026-06-30")}
        with desk.as_("root") as door:
            change_settings(door.unit, door.actor, {"stale_days": None})
        desk.run()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_ten_thousand_moments_are_planned_in_a_few_seconds(desk):
    import time

    with desk.installation.unit(desk.at, write=True) as unit:
        table = unit.tables["contract"]
        now = clock.now()
        row = {"created_at": now, "updated_at": now, "version": 1, "open": True}
        days = [date(2027, 1, 1) + timedelta(days=n % 300) for n in range(10_000)]
        unit.execute(table.insert(), [{**row, "name": f"c{n}", "ends_on": day} for n, day in enumerate(days)])
        upkeep.look_after(unit)
    began = time.perf_counter()
    desk.run()
    spent = time.perf_counter() - began
    assert len(desk.waiting("contract.warn")) == 10_000
    assert spent < 20, f"{spent:.1f} s"
    with desk.installation.unit(desk.at) as unit:
        count = unit.execute(sa.select(sa.func.count()).select_from(MOMENT)).scalar()
    print(f"{count} moments in {spent:.2f} s")
