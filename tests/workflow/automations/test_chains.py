"""Automations that set off automations: never themselves on the same record, never more than five deep, always told."""

from __future__ import annotations

from yuanke.workflow.automations.causes import DEEPEST


def test_one_that_triggers_itself_is_stopped_with_a_line_that_names_the_chain(desk):
    ring = desk.make("ring", name="a")
    desk.change("ring", ring, name="again")
    desk.run()
    assert desk.row("ring", ring).count == 1
    assert [line.state for line in desk.log("ring.again")] == ["done"]
    desk.change("ring", ring, name="b")
    desk.change("ring", ring, name="again")
    desk.run()
    assert desk.row("ring", ring).count == 2


def test_two_that_trigger_each_other_are_stopped(desk):
    one = desk.make("ring", name="a")
    two = desk.make("ring", name="b", other=one)
    desk.change("ring", one, other=two)
    desk.change("ring", one, count=1)
    assert desk.run() == 2
    assert (desk.row("ring", one).count, desk.row("ring", two).count) == (3, 2)
    lines = desk.log("ring.ping")
    assert sorted(line.state for line in lines) == ["done", "done", "stopped"]
    stopped = next(line for line in lines if line.state == "stopped")
    assert f"ring.ping#{one} → ring.ping#{two} → ring.ping#{one}" in stopped.said.say()


def test_a_chain_over_ever_new_records_ends_at_the_fifth_link(desk):
    desk.make("ring", name="grow")
    desk.run()
    with desk.installation.unit(desk.at) as unit:
        assert unit.execute(unit.tables["ring"].select()).all().__len__() == 1 + DEEPEST
    lines = desk.log("ring.grow")
    assert sorted(line.state for line in lines) == ["done"] * DEEPEST + ["stopped"]
    (stopped,) = [line for line in lines if line.state == "stopped"]
    assert stopped.said.say().count("→") == DEEPEST
