"""The moves of an approval on plain data: every mode, every verb, and what random people do to random flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yuanke.kernel.errors import Refused
from yuanke.kernel.text import Label
from yuanke.workflow.approvals import flow as flows
from yuanke.workflow.approvals import moves
from yuanke.workflow.approvals.course import OVER, Course, Seat, dump, fresh, load
from yuanke.workflow.approvals.flow import Flow, Step
from yuanke.workflow.approvals.moves import Asked


class Company:
    """Who is asked at a step: ``people[key]``; steps in ``passed_over`` do not apply."""

    def __init__(self, people: Mapping[str, Sequence[int] | Asked], passed_over: Sequence[str] = ()) -> None:
        self.asked, self.passed_over = dict(people), set(passed_over)

    def applies(self, step: Step) -> bool:
        return step.key not in self.passed_over

    def people(self, step: Step) -> Asked:
        said = self.asked[step.key]
        return said if isinstance(said, Asked) else Asked(tuple(said))


def flow_of(steps: Mapping[str, Mapping[str, Any]], **rules: Any) -> Flow:
    said = {"steps": {key: {"by": "owner", **body} for key, body in steps.items()}, **rules}
    return flows.read(flows.settle(said, {key: Label(key, key) for key in steps}))


class Paper:
    """A submitted approval and the verbs on it, a person at a time."""

    def __init__(self, flow: Flow, world: Company) -> None:
        self.flow, self.world = flow, world
        self.course = fresh(step.key for step in flow.steps)
        moves.submit(self.course, flow, world)

    def seat(self, person: int) -> Seat:
        return next(seat for seat in self.course.open_seats() if seat.person == person)

    def asked(self) -> list[int]:
        return sorted(seat.person for seat in self.course.open_seats())

    def yes(self, *people: int) -> None:
        for person in people:
            moves.agree(self.course, self.seat(person), self.flow, self.world)

    def no(self, person: int) -> None:
        moves.refuse(self.course, self.seat(person), self.flow, self.world)

    def back(self, person: int, to: str | None = None) -> None:
        moves.send_back(self.course, self.seat(person), to, self.flow, self.world)

    def again(self) -> None:
        moves.submit_again(self.course, self.flow, self.world)

    def give(self, person: int, other: int, why: str | None = None) -> None:
        moves.pass_on(self.course, self.seat(person), other, self.flow, self.world, why)

    def add(self, person: int, *others: int, before: bool = True) -> None:
        moves.add_signers(self.course, self.seat(person), others, before, self.flow, self.world)


def test_steps_are_asked_one_after_the_other_and_the_last_yes_ends_it() -> None:
    paper = Paper(
        flow_of({"manager": {}, "finance": {}, "boss": {}}), Company({"manager": [1], "finance": [2], "boss": [3]})
    )
    assert paper.asked() == [1]
    paper.yes(1)
    assert paper.asked() == [2]
    paper.yes(2, 3)
    assert paper.course.state == "approved" and paper.asked() == []


def test_a_step_that_does_not_apply_is_passed_over() -> None:
    paper = Paper(flow_of({"a": {}, "b": {}, "c": {}}), Company({"a": [1], "b": [2], "c": [3]}, passed_over=["b"]))
    paper.yes(1)
    assert paper.asked() == [3] and paper.course.stops["b"].state == "skipped"


def test_of_any_the_first_decision_counts() -> None:
    company = Company({"a": [1, 2, 3]})
    paper = Paper(flow_of({"a": {"mode": "any"}}), company)
    paper.yes(2)
    assert paper.course.state == "approved" and [seat.state for seat in paper.course.seats] == [
        "gone",
        "agreed",
        "gone",
    ]
    paper = Paper(flow_of({"a": {"mode": "any"}}), company)
    paper.no(3)
    assert paper.course.state == "rejected"


def test_all_must_agree_and_one_no_ends_it() -> None:
    paper = Paper(flow_of({"a": {"mode": "all"}}), Company({"a": [1, 2, 3]}))
    paper.yes(3, 1)
    assert paper.asked() == [2]
    paper.no(2)
    assert paper.course.state == "rejected"


def test_in_a_sequence_one_is_asked_at_a_time_in_order() -> None:
    paper = Paper(flow_of({"a": {"mode": "sequence"}}), Company({"a": [3, 1, 2]}))
    for person in (3, 1, 2):
        assert paper.asked() == [person]
        paper.yes(person)
    assert paper.course.state == "approved"


@pytest.mark.parametrize(("needs", "people", "wanted"), [("2", 3, 2), ("60%", 5, 3), ("60%", 3, 2), ("100%", 4, 4), ("1%", 9, 1), ("5", 3, 3)])  # fmt: skip
def test_so_many_or_a_share_must_agree(needs: str, people: int, wanted: int) -> None:
    paper = Paper(flow_of({"a": {"needs": needs}}), Company({"a": list(range(people))}))
    for person in range(wanted):
        assert paper.course.state == "pending"
        paper.yes(person)
    assert paper.course.state == "approved"


def test_so_many_are_refused_when_they_cannot_come_together_any_more() -> None:
    paper = Paper(flow_of({"a": {"needs": "2"}}), Company({"a": [1, 2, 3]}))
    paper.no(1)
    assert paper.course.state == "pending" and paper.asked() == [2, 3]
    paper.no(3)
    assert paper.course.state == "rejected"


def test_branches_run_side_by_side_and_meet() -> None:
    flow = flow_of({"manager": {}, "legal": {"after": "manager"}, "finance": {"after": ["manager"]}, "boss": {"after": ["legal", "finance"]}})  # fmt: skip
    paper = Paper(flow, Company({"manager": [1], "legal": [2], "finance": [3], "boss": [4]}))
    paper.yes(1)
    assert paper.asked() == [2, 3]
    paper.yes(3)
    assert paper.asked() == [2]
    paper.yes(2)
    assert paper.asked() == [4]


def test_a_step_may_begin_with_the_submission() -> None:
    paper = Paper(flow_of({"a": {}, "b": {"after": "start"}}), Company({"a": [1], "b": [2]}))
    assert paper.asked() == [1, 2]


def test_sent_back_to_a_step_it_is_asked_again_with_all_behind_it() -> None:
    paper = Paper(flow_of({"a": {}, "b": {}, "c": {}}), Company({"a": [1], "b": [2], "c": [3]}))
    paper.yes(1, 2)
    paper.back(3, "a")
    assert paper.asked() == [1]
    paper.yes(1, 2, 3)
    assert paper.course.state == "approved"
    assert [seat.turn for seat in paper.course.seats if seat.step == "a"] == [1, 2]


def test_it_is_sent_back_only_to_steps_that_were_gone_through() -> None:
    paper = Paper(flow_of({"a": {}, "b": {}, "c": {}}), Company({"a": [1], "b": [2], "c": [3]}, passed_over=["b"]))
    paper.yes(1)
    for to in ("b", "c", "nowhere"):
        with pytest.raises(Refused):
            paper.back(3, to)
    assert paper.asked() == [3]


def test_returned_it_waits_for_the_applicant_and_begins_from_the_start() -> None:
    paper = Paper(flow_of({"a": {}, "b": {}}), Company({"a": [1], "b": [2]}))
    paper.yes(1)
    paper.back(2)
    assert paper.course.state == "returned" and paper.asked() == []
    paper.again()
    assert paper.asked() == [1] and paper.course.round == 2


def test_or_it_goes_on_where_it_was_returned() -> None:
    paper = Paper(flow_of({"a": {}, "b": {}}, resubmit="continue"), Company({"a": [1], "b": [2]}))
    paper.yes(1)
    paper.back(2)
    paper.again()
    assert paper.asked() == [2]


def test_a_no_may_mean_back_to_the_step_before() -> None:
    paper = Paper(flow_of({"a": {}, "b": {}, "c": {}}, reject_to="previous"), Company({"a": [1], "b": [2], "c": [3]}, passed_over=["b"]))  # fmt: skip
    paper.yes(1)
    paper.no(3)
    assert paper.course.state == "pending" and paper.asked() == [1]
    paper.no(1)
    assert paper.course.state == "rejected"


def test_who_agreed_before_is_not_asked_twice_unless_each_counts() -> None:
    company = Company({"a": [1], "b": [1], "c": [2]})
    paper = Paper(flow_of({"a": {}, "b": {}, "c": {}}), company)
    paper.yes(1)
    assert paper.asked() == [2] and [seat.why for seat in paper.course.seats] == [None, "repeat", None]
    paper = Paper(flow_of({"a": {}, "b": {}, "c": {}}, repeat="each"), company)
    paper.yes(1)
    assert paper.asked() == [1]


def test_sent_back_to_him_who_agreed_before_he_is_asked_again() -> None:
    paper = Paper(flow_of({"a": {}, "b": {}, "c": {}}), Company({"a": [1], "b": [1], "c": [2]}))
    paper.yes(1)
    with pytest.raises(Refused):
        paper.back(2, "c")
    paper.back(2, "b")
    assert paper.asked() == [1]


def test_an_added_signer_before_is_asked_first_then_the_one_who_added_him() -> None:
    paper = Paper(flow_of({"a": {}, "b": {}}), Company({"a": [1], "b": [2]}))
    paper.add(1, 7, 8)
    assert paper.asked() == [7, 8]
    paper.yes(8)
    assert paper.asked() == [7]
    paper.yes(7)
    assert paper.asked() == [1]
    paper.yes(1)
    assert paper.asked() == [2]


def test_an_added_signer_behind_is_asked_after_the_yes_of_the_one_who_added_him() -> None:
    paper = Paper(flow_of({"a": {"mode": "any"}, "b": {}}), Company({"a": [1, 5], "b": [2]}))
    paper.add(1, 7, before=False)
    assert paper.asked() == [7]
    paper.yes(7)
    assert paper.asked() == [2]


def test_the_no_of_an_added_signer_is_a_no() -> None:
    paper = Paper(flow_of({"a": {"mode": "any"}}), Company({"a": [1, 2]}))
    paper.add(1, 7)
    paper.no(7)
    assert paper.course.state == "rejected"


def test_an_added_signer_adds_one_himself() -> None:
    paper = Paper(flow_of({"a": {}}), Company({"a": [1]}))
    paper.add(1, 2, before=False)
    paper.add(2, 3)
    paper.yes(3)
    assert paper.asked() == [2]
    paper.yes(2)
    assert paper.course.state == "approved"


def test_passed_on_the_other_sits_in_the_seat() -> None:
    paper = Paper(flow_of({"a": {"mode": "sequence"}}), Company({"a": [1, 2]}))
    paper.give(1, 9)
    assert paper.asked() == [9]
    paper.yes(9)
    assert paper.asked() == [2]


def test_it_is_not_passed_on_to_somebody_who_is_asked_there_anyway() -> None:
    paper = Paper(flow_of({"a": {"mode": "all"}}), Company({"a": [1, 2]}))
    with pytest.raises(Refused):
        paper.give(1, 2)
    with pytest.raises(Refused):
        paper.add(1, 2)


def test_who_takes_the_seat_of_one_who_left_decides_for_both() -> None:
    paper = Paper(flow_of({"a": {"mode": "all"}}), Company({"a": [1, 2]}))
    paper.give(1, 2, why="left")
    paper.yes(2)
    assert paper.course.state == "approved"
    paper = Paper(flow_of({"a": {}}), Company({"a": [1]}))
    paper.add(1, 9)
    waiting = paper.course.seats[0]
    moves.pass_on(paper.course, waiting, 9, paper.flow, paper.world, "left")
    paper.yes(9)
    assert paper.course.state == "approved"


def test_what_nobody_can_approve_is_passed_over_or_refused() -> None:
    paper = Paper(flow_of({"a": {}, "b": {}}), Company({"a": Asked(why="missing"), "b": [2]}))
    assert paper.asked() == [2] and paper.course.stops["a"].reason == "missing"
    paper = Paper(flow_of({"a": {}}), Company({"a": Asked(why="missing", refused=True)}))
    assert paper.course.state == "rejected"


def test_it_is_withdrawn_before_the_first_decision_only_unless_the_flow_says_otherwise() -> None:
    steps, company = {"a": {}, "b": {}}, Company({"a": [1], "b": [2]})
    paper = Paper(flow_of(steps), company)
    moves.withdraw(paper.course, paper.flow)
    assert paper.course.state == "withdrawn" and paper.asked() == []
    paper = Paper(flow_of(steps), company)
    paper.yes(1)
    with pytest.raises(Refused):
        moves.withdraw(paper.course, paper.flow)
    paper = Paper(flow_of(steps, withdraw="any_time"), company)
    paper.yes(1)
    moves.withdraw(paper.course, paper.flow)
    assert paper.course.state == "withdrawn"
    paper = Paper(flow_of(steps, withdraw="never"), company)
    with pytest.raises(Refused):
        moves.withdraw(paper.course, paper.flow)


def test_a_seat_is_taken_once() -> None:
    paper = Paper(flow_of({"a": {"mode": "all"}, "b": {}}), Company({"a": [1, 2], "b": [3]}))
    seat = paper.seat(1)
    paper.yes(1)
    for move in (moves.agree, moves.refuse):
        with pytest.raises(Refused):
            move(paper.course, seat, paper.flow, paper.world)


# -- random people, random flows -----------------------------------------------------------------------------------

PEOPLE = st.integers(1, 6)


@st.composite
def papers(draw: st.DrawFn) -> tuple[Flow, Company]:
    keys = [f"s{n}" for n in range(draw(st.integers(1, 5)))]
    steps: dict[str, dict[str, Any]] = {}
    for at, key in enumerate(keys):
        step: dict[str, Any] = {"mode": draw(st.sampled_from(["any", "all", "sequence"]))}
        if draw(st.booleans()):
            step["needs"] = draw(st.sampled_from(["1", "2", "3", "50%", "67%", "100%"]))
        if draw(st.booleans()):
            step["after"] = draw(st.lists(st.sampled_from([*keys[:at], "start"]), min_size=1, max_size=3))
        steps[key] = step
    rules = {
        "repeat": draw(st.sampled_from(["once", "each"])),
        "reject_to": draw(st.sampled_from(["start", "previous"])),
        "resubmit": draw(st.sampled_from(["start", "continue"])),
        "withdraw": draw(st.sampled_from(["before_first", "any_time", "never"])),
    }
    nobody = st.builds(Asked, why=st.just("missing"), refused=st.booleans())
    somebody = st.lists(PEOPLE, min_size=1, max_size=4, unique=True)
    asked = {key: draw(st.one_of(somebody, somebody, somebody, nobody)) for key in keys}
    return flow_of(steps, **rules), Company(asked, draw(st.lists(st.sampled_from(keys), max_size=2)))


@settings(max_examples=150, deadline=None)
@given(papers(), st.data())
def test_whatever_people_do_it_ends_or_waits_for_somebody_who_can_act(made: tuple[Flow, Company], data: st.DataObject) -> None:  # fmt: skip
    flow, world = made
    course = fresh(step.key for step in flow.steps)
    moves.submit(course, flow, world)
    for _ in range(data.draw(st.integers(0, 14))):
        _sound(course, flow)
        if course.state == "returned":
            moves.submit_again(course, flow, world)
        elif course.state != "pending":
            break
        else:
            before = course.copy()
            try:
                _anything(course, flow, world, data)
            except Refused:
                course = before
        course = load(dump(course), course.state, course.seats, flow.by_key)
    _sound(course, flow)
    for _ in range(200):  # from wherever it stands a yes of everybody leads to the end
        if course.state == "returned":
            moves.submit_again(course, flow, world)
        if course.state != "pending":
            break
        moves.agree(course, course.open_seats()[0], flow, world)
    assert course.state in ("approved", "rejected", "withdrawn")


def _anything(course: Course, flow: Flow, world: Company, data: st.DataObject) -> None:
    seat = data.draw(st.sampled_from(course.open_seats()))
    match data.draw(st.sampled_from(["yes", "yes", "yes", "no", "back", "give", "left", "add", "withdraw"])):
        case "yes":
            moves.agree(course, seat, flow, world)
        case "no":
            moves.refuse(course, seat, flow, world)
        case "back":
            to = data.draw(st.sampled_from([None, *flow.before(seat.step)]))
            moves.send_back(course, seat, to, flow, world)
        case "give":
            moves.pass_on(course, seat, data.draw(PEOPLE), flow, world)
        case "left":
            held = [one for one in course.seats if one.state in ("open", "waiting")]
            moves.pass_on(course, data.draw(st.sampled_from(held)), data.draw(PEOPLE), flow, world, "left")
        case "add":
            others = data.draw(st.lists(PEOPLE, min_size=1, max_size=2, unique=True))
            moves.add_signers(course, seat, others, data.draw(st.booleans()), flow, world)
        case "withdraw":
            moves.withdraw(course, flow)


def _sound(course: Course, flow: Flow) -> None:
    """No stuck approval, no open seat where none may be, nobody asked twice at one step at one time."""
    opened = course.open_seats()
    assert bool(opened) == (course.state == "pending")
    for seat in opened:
        stop = course.stops[seat.step]
        assert stop.state == "open" and seat.turn == stop.turn
        assert all(course.stops[key].state in OVER for key in flow.by_key[seat.step].after)
        assert all(course.seat(one).state == "agreed" for one in seat.behind)
    for key in course.stops:
        people = [seat.person for seat in course.standing(key)]
        assert len(people) == len(set(people))
    if course.state == "approved":
        assert all(stop.state in OVER for stop in course.stops.values())
    assert all(seat.verdict is not None for seat in course.seats if seat.state in ("agreed", "refused"))
