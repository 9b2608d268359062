"""``every:``: over all records in pages, in the enterprise's zone; killed in between it does nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from yuanke.kernel import clock
from yuanke.workflow.automations import every, switching, upkeep

MONDAY = datetime(2026, 6, 1, 1, tzinfo=UTC)  # 09:00 in Shanghai
EIGHT = datetime(2026, 6, 2, 0, tzinfo=UTC)  # Tuesday, 08:00


def look_after(desk) -> None:
    with desk.installation.unit(desk.at, write=True) as unit:
        upkeep.look_after(unit)


def test_a_schedule_runs_each_record_that_fulfils_its_condition_once(desk):
    with clock.stopped(MONDAY):
        desk.make("chore", name="甲")
        desk.make("chore", name="乙", done=True)
        look_after(desk)
        look_after(desk)
        desk.run()
        assert desk.entries() == []
    with clock.stopped(EIGHT):
        desk.run()
        assert desk.entries() == ["chase 甲"]
        look_after(desk)
        desk.run()
        assert desk.entries() == ["chase 甲"]
    with clock.stopped(EIGHT + timedelta(days=1)):
        desk.run()
        assert desk.entries() == ["chase 甲", "chase 甲"]


def test_times_that_were_missed_are_one_run(desk):
    with clock.stopped(MONDAY):
        desk.make("chore", name="甲")
        look_after(desk)
    for days in (1, 2, 3):  # nobody works, but something looks after the schedules
        with clock.stopped(MONDAY + timedelta(days=days)):
            look_after(desk)
    with clock.stopped(MONDAY + timedelta(days=4)):
        desk.run()
    assert desk.entries() == ["chase 甲"]


def test_a_transition_is_tried_on_its_schedule(desk):
    with clock.stopped(MONDAY):
        one, two = desk.make("chore", name="甲", done=True), desk.make("chore", name="乙")
        look_after(desk)
    with clock.stopped(MONDAY + timedelta(days=1)):
        desk.run()
    assert (desk.row("chore", one).state, desk.row("chore", two).state) == ("old", "fresh")


def test_what_is_switched_off_is_not_planned_and_a_pause_is_not_made_up_for(desk):
    with clock.stopped(MONDAY):
        desk.make("chore", name="甲")
        look_after(desk)
        with desk.as_("root") as door:
            switching.pause(door.unit, door.actor, "chore.chase")
    assert {job.arguments["automation"] for job in desk.jobs(every.KIND)} == {
        "chore.chase",
        "chore.age",
        "chore.worked",
    }
    with clock.stopped(EIGHT):
        desk.run()
        with desk.as_("root") as door:
            switching.resume(door.unit, door.actor, "chore.chase")
        desk.run()
    assert desk.entries() == []


def test_workdays_are_those_of_the_working_calendar(desk):
    saturday = datetime(2026, 6, 6, 1, tzinfo=UTC)  # 09:00
    with clock.stopped(MONDAY):
        desk.make("chore", name="worked", done=True)
        desk.make("holiday", day="2026-06-02")
        desk.make("holiday", day="2026-06-06", works=True)
        look_after(desk)
    (first,) = [job for job in desk.jobs(every.KIND) if job.arguments["automation"] == "chore.worked"]
    assert first.run_at == datetime(2026, 6, 3, 1, tzinfo=UTC)  # not on Tuesday, which is a holiday
    for day in (3, 4, 5):
        with clock.stopped(datetime(2026, 6, day, 1, tzinfo=UTC)):
            desk.run()
    with clock.stopped(saturday):
        desk.run()
    assert desk.entries().count("worked") == 4


def test_expressions_count_by_the_working_calendar_and_its_hours(desk):
    """Friday 2026-06-05 17:00; worked on Saturday from 09:00 to 11:00, else from 08:30 to 17:30 as the settings say."""
    from yuanke.workflow.names import ActNames

    with clock.stopped(MONDAY):
        desk.make("holiday", day="2026-06-06", works=True, since="09:00", till="11:00")
        desk.make("holiday", day="2026-06-08")
    with clock.stopped(datetime(2026, 6, 5, 9, tzinfo=UTC)), desk.as_("root") as door:
        names = ActNames(door.unit, door.actor, door.unit.registry.entities["holiday"], None)
        said = [names.value(f"is_workday(date(2026, 6, {day}))") for day in (5, 6, 7, 8)]
        late = [names.value(f"add_work_time(now(), {hours})") for hours in (0.5, 2, 3)]
        days = [names.value(f"add_work_days(now(), {n})") for n in (1, 2)]
    assert said == [True, True, False, False]
    assert late == [
        datetime(2026, 6, 5, 9, 30, tzinfo=UTC),
        datetime(2026, 6, 6, 2, 30, tzinfo=UTC),
        datetime(2026, 6, 9, 1, tzinfo=UTC),
    ]
    assert days == [datetime(2026, 6, 6, 3, tzinfo=UTC), datetime(2026, 6, 9, 9, tzinfo=UTC)]


def test_a_run_that_dies_in_the_middle_goes_on_behind_the_last_record(desk, monkeypatch):
    with clock.stopped(MONDAY):
        records = [desk.make("chore", name=f"c{n}") for n in range(60)]
        look_after(desk)
    monkeypatch.setattr(every, "PAGE", 7)
    turns = []
    whole = every._some

    def dies(unit, run):
        turns.append(1)
        more = whole(unit, run)
        if len(turns) in (2, 5):
            raise KeyboardInterrupt  # nothing of this turn was committed
        return more

    monkeypatch.setattr(every, "_some", dies)
    for hours in range(4):
        with clock.stopped(EIGHT + timedelta(hours=hours)):
            try:
                desk.run()
            except KeyboardInterrupt:
                continue
    assert sorted(desk.entries()) == sorted(f"chase c{n}" for n in range(60))
    assert {desk.row("chore", record).touched for record in records} == {1}
