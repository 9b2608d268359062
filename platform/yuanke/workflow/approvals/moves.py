"""What moves an approval: submitting, deciding, sending back, passing on, adding signers. Pure functions over a Course.

The one rule: after every move either the approval has ended or somebody who can act has an open seat. Who may make a
move, and who is asked at a step, is for the caller to say (`World`); a move that has no sense is a `Refused`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from yuanke.kernel.errors import Refused
from yuanke.kernel.text import message
from yuanke.workflow.approvals.course import HELD, OVER, Course, Seat, Stop
from yuanke.workflow.approvals.flow import Flow, Step


@dataclass(frozen=True)
class Asked:
    """Who is asked at a step. Nobody: ``refused`` ends the approval with a no, else the step is passed over. ``why``
    is told: missing, unreadable, same_person; ``mode`` replaces that of the step (one administrator is enough)."""

    people: tuple[int, ...] = ()
    why: str | None = None
    mode: str | None = None
    refused: bool = False


class World(Protocol):
    """What a course cannot know by itself."""

    def applies(self, step: Step) -> bool:
        """Whether the step's ``when`` holds as the record stands now."""

    def people(self, step: Step) -> Asked:
        """Who approves there: able to act, without repetition."""


def submit(course: Course, flow: Flow, world: World) -> None:
    """The first submission."""
    _advance(course, flow, world)


def submit_again(course: Course, flow: Flow, world: World, same: bool = False) -> None:
    """After a return: from the start, or (``resubmit: continue``) from the steps that were not over. What was held back
    with everybody's yes needs none again while it is the ``same`` that they agreed to."""
    _must(course, "returned")
    goes_on = flow.resubmit == "continue" or (same and course.returned == HELD)
    for key, stop in course.stops.items():
        if not goes_on or stop.state not in OVER:
            _begin_anew(stop, again=key == course.returned)
    course.state, course.returned = "pending", None
    course.round += 1
    _advance(course, flow, world)


def agree(course: Course, seat: Seat, flow: Flow, world: World, why: str | None = None) -> None:
    _must_be_open(course, seat)
    _decide(seat, "agreed", why)
    _advance(course, flow, world)


def refuse(course: Course, seat: Seat, flow: Flow, world: World, why: str | None = None) -> None:
    """A no. ``reject_to: previous`` makes it a return to the steps before, as long as there are any."""
    _must_be_open(course, seat)
    _decide(seat, "refused", why)
    before = _gone_through(course, flow, seat.step)
    if flow.reject_to == "previous" and before and _lost(course, course.stops[seat.step]):
        _go_back_to(course, flow, before)
    _advance(course, flow, world)


def send_back(course: Course, seat: Seat, to: str | None, flow: Flow, world: World) -> None:
    """退回: to an earlier step, which is asked again with all behind it, or (None) to the one who submitted."""
    _must_be_open(course, seat)
    if to is not None and (to not in flow.before(seat.step) or course.stops[to].state != "passed"):
        raise Refused(message("只能退回到前面已经审批过的步骤"))
    seat.state, seat.verdict = "gone", "returned"
    if to is None:
        _close(course, "returned")
        course.returned = seat.step
        return
    _go_back_to(course, flow, (to,))
    _advance(course, flow, world)


def pass_on(course: Course, seat: Seat, person: int, flow: Flow, world: World, why: str | None = None) -> None:
    """转审: somebody else sits in the seat. Without a person's doing (``why``) he may sit there already: then the two
    seats become one."""
    if why is None or course.state != "pending" or seat.state != "waiting":
        _must_be_open(course, seat)
    sitting = next((one for one in course.standing(seat.step) if one.person == person), None)
    if sitting is not None and (why is None or sitting is seat):
        raise Refused(message("他已在这一步的审批人之中"))
    heir = sitting or course.new_seat(
        seat.step, person, state=seat.state, added=seat.added, behind=seat.behind, place=seat.place
    )
    if sitting is not None and seat.added is None:
        _take_over(course.stops[seat.step], seat, heir)
    for other in course.at(seat.step):
        if seat.id in other.behind:
            rest = [one for one in other.behind if one not in (seat.id, heir.id)]
            other.behind = tuple(rest if other is heir else [*rest, heir.id])
    seat.state, seat.verdict, seat.why = "gone", "passed_on", why
    _advance(course, flow, world)


def _take_over(stop: Stop, seat: Seat, heir: Seat) -> None:
    """One who sits there as well decides for both: a signer who was added becomes one of those asked."""
    if heir.added is not None:
        heir.added = None
    else:
        stop.needed = max(1, stop.needed - 1)


def add_signers(
    course: Course, seat: Seat, people: Sequence[int], before: bool, flow: Flow, world: World
) -> list[Seat]:
    """加签: ``before`` = they sign first, then the seat opens again; else the seat agrees and they sign behind it."""
    _must_be_open(course, seat)
    sitting = {one.person for one in course.standing(seat.step)}
    taken = [person for person in people if person in sitting]
    if taken or not people or len(set(people)) != len(people):
        raise Refused(message("他已在这一步的审批人之中"))
    made = [
        course.new_seat(seat.step, person, state="open", added="before" if before else "after") for person in people
    ]
    if before:
        seat.state, seat.behind = "waiting", (*seat.behind, *(one.id for one in made))
    else:
        _decide(seat, "agreed", None)
    _advance(course, flow, world)
    return made


def withdraw(course: Course, flow: Flow) -> None:
    """撤回, by the one who submitted."""
    if course.state == "pending":
        if flow.withdraw == "never":
            raise Refused(message("这个流程不允许撤回"))
        if flow.withdraw == "before_first" and course.decided():
            raise Refused(message("已有人审批，不能撤回；请审批人退回"))
    elif course.state != "returned":
        raise over(course)
    _close(course, "withdrawn")


def hold_back(course: Course) -> None:
    """Everybody agreed and it cannot happen: it goes back to the one who submitted, with every yes that was said."""
    _must(course, "approved")
    course.state, course.returned = "returned", HELD


def call_off(course: Course) -> None:
    """An administrator takes it out of the way, whatever the flow allows the applicant."""
    if course.state not in ("pending", "returned"):
        raise over(course)
    _close(course, "withdrawn")


def over(course: Course) -> Refused:
    """What is said to whoever comes too late."""
    words = {
        "approved": message("这项审批已经通过"),
        "rejected": message("这项审批已经否决"),
        "returned": message("这项审批已退回给申请人"),
        "withdrawn": message("这项审批已经撤回"),
    }
    return Refused(words.get(course.state) or message("这项审批正在进行"))


# -- going forward ------------------------------------------------------------------------------------------------


def _advance(course: Course, flow: Flow, world: World) -> None:
    """Open what can be opened and close what is settled, until nothing moves any more."""
    moved = True
    while moved and course.state == "pending":
        moved = False
        for step in flow.steps:
            stop = course.stops[step.key]
            if stop.state == "waiting" and all(course.stops[key].state in OVER for key in step.after):
                _open(course, stop, step, flow, world)
                moved = True
            elif stop.state == "open":
                moved = _settle(course, stop) or moved
            if course.state != "pending":
                return
        if all(stop.state in OVER for stop in course.stops.values()):
            _close(course, "approved")


def _open(course: Course, stop: Stop, step: Step, flow: Flow, world: World) -> None:
    stop.turn += 1
    stop.reason = None
    if not world.applies(step):
        stop.state, stop.reason = "skipped", "when"
        return
    asked = world.people(step)
    if not asked.people:
        stop.state, stop.reason = "skipped", asked.why
        if asked.refused:
            _close(course, "rejected")
        return
    stop.state, stop.reason, stop.mode = "open", asked.why, asked.mode or step.mode
    stop.needed = 1 if asked.mode == "any" else step.needed(len(asked.people))
    once = flow.repeat == "once" and not stop.again and not step.edit  # who is to change something is asked anyway
    for person in asked.people:
        known = once and course.agreed_already(person)
        seat = course.new_seat(step.key, person)
        if known:
            _decide(seat, "agreed", "repeat")
    _open_seats(course, stop)


def _open_seats(course: Course, stop: Stop) -> bool:
    """Open the waiting seats whose turn it is; in a sequence one after the other."""
    moved, held = False, False
    for seat in course.standing(stop.key):
        ready = all(course.seat(one).state == "agreed" for one in seat.behind)
        if seat.state == "waiting" and ready and not (held and seat.added is None):
            seat.state, moved = "open", True
        if stop.mode == "sequence" and seat.added is None and seat.state in ("waiting", "open"):
            held = True
    return moved


def _settle(course: Course, stop: Stop) -> bool:
    """Close a stop that is decided; True when something moved."""
    if _lost(course, stop):
        _close(course, "rejected")
        return True
    if not _won(course, stop):
        return _open_seats(course, stop)
    moved = _let_go(seat for seat in course.standing(stop.key) if seat.added is None)
    if all(seat.state == "agreed" for seat in course.standing(stop.key) if seat.added is not None):
        _let_go(course.standing(stop.key))
        stop.state, stop.again = "passed", False
        return True
    return _open_seats(course, stop) or moved


def _main(course: Course, stop: Stop) -> list[Seat]:
    return [seat for seat in course.standing(stop.key) if seat.added is None]


def _won(course: Course, stop: Stop) -> bool:
    return sum(seat.state == "agreed" for seat in _main(course, stop)) >= stop.needed


def _lost(course: Course, stop: Stop) -> bool:
    """A no of an added signer, or so many that the yes needed cannot come together; 或签: the first one decides."""
    if any(seat.state == "refused" for seat in course.standing(stop.key) if seat.added is not None):
        return True
    main = _main(course, stop)
    refused = sum(seat.state == "refused" for seat in main)
    if stop.needed == 1 and stop.mode == "any":
        return refused > 0 and not _won(course, stop)
    return len(main) - refused < stop.needed


# -- going back and ending ----------------------------------------------------------------------------------------


def _go_back_to(course: Course, flow: Flow, steps: Sequence[str]) -> None:
    """These steps and all behind them begin anew."""
    anew = set(steps).union(*(flow.behind(key) for key in steps))
    for key in anew:
        _let_go(course.standing(key))
        if course.stops[key].state != "waiting":
            _begin_anew(course.stops[key], again=key in steps)


def _gone_through(course: Course, flow: Flow, key: str) -> tuple[str, ...]:
    """The nearest steps before ``key`` at which somebody was asked."""
    found: list[str] = []
    for one in flow.by_key[key].after:
        found += [one] if course.stops[one].state == "passed" else _gone_through(course, flow, one)
    return tuple(dict.fromkeys(found))


def _begin_anew(stop: Stop, again: bool) -> None:
    """What was decided there stands in its turn; a yes from before does not count for the steps asked again."""
    stop.state, stop.again = "waiting", again


def _close(course: Course, state: str) -> None:
    course.state = state
    _let_go(course.seats)


def _let_go(seats: Iterable[Seat]) -> bool:
    """Seats nobody has to take any more."""
    moved = False
    for seat in seats:
        if seat.state in ("waiting", "open"):
            seat.state, moved = "gone", True
    return moved


def _decide(seat: Seat, state: str, why: str | None) -> None:
    seat.state, seat.why = state, why
    seat.verdict = "agreed" if state == "agreed" else "rejected"


def _must(course: Course, state: str) -> None:
    if course.state != state:
        raise over(course)


def _must_be_open(course: Course, seat: Seat) -> None:
    _must(course, "pending")
    if seat.state != "open":
        raise Refused(message("这项审批已由别人处理，或不再需要你处理"))
