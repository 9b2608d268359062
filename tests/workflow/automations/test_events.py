"""Automations after and before what people do: once, after the commit, with what the transaction knew."""

from __future__ import annotations

import pytest
from yuanke.records.trail import HISTORY


def test_after_create_runs_once_behind_the_commit_when_its_condition_holds(desk):
    desk.make("visit", by="ann", name="甲", amount="150")
    desk.make("visit", by="ann", name="乙", amount="50")
    assert desk.entries() == []
    assert desk.run() == 1
    assert desk.run() == 0
    assert desk.entries() == ["甲"]
    (line,) = desk.log("visit.welcome")
    assert (line.state, line.event, line.by) == ("done", "create", desk.ids["ann"])
    assert line.did[0][0] == "create"


def test_what_is_rolled_back_sets_nothing_off(desk):
    with pytest.raises(RuntimeError), desk.as_("ann") as door:
        door.create("visit", {"name": "甲", "amount": "150"})
        raise RuntimeError
    assert desk.run() == 0


def test_an_update_of_other_fields_is_not_heard_and_one_that_changes_nothing_neither(desk):
    visit = desk.make("visit", name="甲", amount="50")
    desk.change("visit", visit, name="甲甲")
    desk.change("visit", visit, amount="50")
    assert desk.run() == 0
    desk.change("visit", visit, amount="60")
    desk.run()
    assert desk.entries() == ["moved 50"]


def test_rows_are_named_like_fields(desk):
    visit = desk.make("visit", name="甲", amount="50")
    desk.change("visit", visit, things=[{"what": "伞"}])
    desk.run()
    assert desk.entries() == ["moved 50"]


def test_a_record_that_changes_several_times_in_one_transaction_sets_off_one_run(desk):
    visit = desk.make("visit", name="甲", amount="50")
    with desk.as_("chief") as door:
        door.update("visit", visit, {"amount": "60"})
        door.update("visit", visit, {"amount": "70"})
    desk.run()
    assert desk.entries() == ["moved 50"]


def test_after_delete_still_knows_the_record(desk):
    visit = desk.make("visit", name="甲")
    with desk.as_("chief") as door:
        door.delete("visit", visit)
    desk.run()
    assert desk.entries() == ["gone 甲"]


def test_after_a_transition_the_person_is_kept_and_the_answers_are_known(desk):
    visit = desk.make("visit", by="ann", name="甲")
    desk.act("visit", visit, "win", by="ann", gift="茶")
    desk.run()
    assert desk.entries() == ["win 甲 by Ann", "gift 茶"]
    with desk.installation.unit(desk.at) as unit:
        made = unit.execute(HISTORY.select().where(HISTORY.c.entity == "entry")).all()
    assert {row.by for row in made} == {desk.ids["ann"]}


def test_a_run_happens_though_the_person_has_left(desk):
    desk.make("visit", by="ann", name="甲", amount="150")
    with desk.installation.unit(desk.at, write=True) as unit:
        users = unit.tables["user"]
        unit.execute(users.update().where(users.c.id == desk.ids["ann"]).values(status="left"))
    desk.run()
    assert desk.entries() == ["甲"]


def test_before_save_gives_values_in_the_same_save(desk):
    visit = desk.make("visit", name="甲", note="tidy")
    assert desk.row("visit", visit).note == "tidy 甲"
    assert desk.row("visit", visit).version == 1
    desk.change("visit", visit, note="was")
    assert desk.row("visit", visit).note == "was tidy 甲"


def test_a_refusal_fails_the_run_with_its_sentence_and_leaves_nothing(desk):
    visit = desk.make("visit", name="甲")
    desk.change("visit", visit, note="refuse")
    desk.run()
    assert desk.entries() == []
    (line,) = desk.log("visit.broken")
    assert line.state == "failed" and "需要修改" in line.said.say()
    assert [job.state for job in desk.jobs("automation")] == ["failed"]


def test_a_failed_run_is_put_back_and_its_line_is_replaced(desk):
    from yuanke import jobs

    visit = desk.make("visit", name="甲")
    desk.change("visit", visit, note="refuse")
    desk.run()
    (job,) = desk.jobs("automation")
    with desk.installation.unit(desk.at, write=True) as unit:
        jobs.retry(unit, desk.engine, job.id)
    desk.run()
    assert [line.state for line in desk.log("visit.broken")] == ["failed"]


def test_a_paused_automation_hears_nothing_and_passes_over_what_was_queued(desk):
    from yuanke.workflow.automations import switching

    desk.make("visit", name="甲", amount="150")
    with desk.as_("root") as door:
        switching.pause(door.unit, door.actor, "visit.welcome")
    desk.make("visit", name="乙", amount="150")
    desk.run()
    assert desk.entries() == []
    assert [line.state for line in desk.log("visit.welcome")] == ["skipped"]
    with desk.as_("root") as door:
        switching.resume(door.unit, door.actor, "visit.welcome")
    desk.make("visit", name="丙", amount="150")
    desk.run()
    assert desk.entries() == ["丙"]


def test_the_end_of_an_approval_is_heard_and_the_act_happens_at_the_last_yes(desk):
    from yuanke.workflow import approvals

    claim = desk.make("claim", by="ann", name="差旅")
    desk.act("claim", claim, "pay", by="ann")
    desk.run()
    assert desk.entries() == []  # it waits for the chief
    with desk.as_("chief") as door:
        (task,) = door.unit.execute(door.unit.tables["approval_task"].select()).all()
        approvals.approve(door.unit, door.actor, task.id)
    desk.run()
    assert sorted(desk.entries()) == ["approved 差旅", "paid 差旅"]
    with desk.installation.unit(desk.at) as unit:
        told = [row.text for row in unit.execute(unit.tables["message"].select()) if "已支付" in row.text]
    assert told == ["差旅 已支付"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_restored_copy_does_nothing_by_itself_until_somebody_says_so(installation, enterprise, tmp_path):
    from yuanke import jobs
    from yuanke.kernel.actor import Actor
    from yuanke.records import Records
    from yuanke.storage.backup import backup
    from yuanke.storage.restore import restore
    from yuanke.workflow.automations import switching

    at = enterprise(
        "entities: {note: {fields: {name: text!, seen: bool}, automations: {see: {after: create, do: [set: {seen: true}]}}}}"
    )
    backup(installation, at.slug, tmp_path / "copy")
    copy = restore(installation, tmp_path / "copy", "copy", "副本")

    def make_and_run(name):
        with installation.unit(copy, write=True) as unit:
            Records(unit, Actor("copy", None, engine=True)).create("note", {"name": name})
        jobs.run_pending(installation, copy)
        with installation.unit(copy) as unit:
            return [row.seen for row in unit.execute(unit.tables["note"].select())]

    assert make_and_run("one") == [None]
    with installation.unit(copy, write=True) as unit:
        switching.resume(unit, Actor("copy", None, engine=True), switching.ALL)
    assert make_and_run("two") == [None, True]
