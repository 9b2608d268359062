"""Where an approval stands: its stops, and the seats of the people who are or were asked there. Plain data.

The one rule: nothing is ever taken away. A stop that is gone through again begins a new turn; the seats of the turns
before stay as what happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

#: seats that still count for the outcome of their stop
STANDING = ("waiting", "open", "agreed", "refused")
#: stops that hold nothing up
OVER = ("passed", "skipped")
#: no step: everybody had agreed, but a condition of the transition did not hold any more
HELD = "@held"


@dataclass
class Seat:
    """One person's place in one turn of a stop.

    ``state``: waiting | open | agreed | refused | gone (passed on, sent back or no longer needed); ``added``: before |
    after when a signer added it; ``behind``: seats that must agree before it opens; ``verdict`` is what the person did:
    agreed | rejected | returned | passed_on; ``why`` says what did it where no person did: repeat | late | left.
    ``place`` is the order in which a sequence asks: whoever takes a seat over takes its place.
    """

    id: int
    step: str
    turn: int
    person: int
    state: str = "waiting"
    added: str | None = None
    behind: tuple[int, ...] = ()
    verdict: str | None = None
    why: str | None = None
    round: int = 1
    place: int = 0


@dataclass
class Stop:
    """``state``: waiting | open | passed | skipped; ``reason`` says why it was skipped; ``again``: nobody's earlier yes
    counts for it."""

    key: str
    state: str = "waiting"
    turn: int = 0
    mode: str = "any"
    needed: int = 1
    reason: str | None = None
    again: bool = False


@dataclass
class Course:
    """``state``: pending | approved | rejected | returned | withdrawn; ``returned`` the step that sent it back, `HELD`
    where all had agreed and the transition could not happen."""

    stops: dict[str, Stop]
    seats: list[Seat] = field(default_factory=list)
    state: str = "pending"
    round: int = 1
    returned: str | None = None

    def seat(self, seat_id: int) -> Seat:
        return next(seat for seat in self.seats if seat.id == seat_id)

    def at(self, key: str) -> list[Seat]:
        """The seats of the turn that a stop is in, those that are gone included."""
        stop = self.stops[key]
        return [seat for seat in self.seats if seat.step == key and seat.turn == stop.turn]

    def standing(self, key: str) -> list[Seat]:
        found = [seat for seat in self.at(key) if seat.state in STANDING]
        return sorted(found, key=lambda seat: (seat.place, seat.id))

    def open_seats(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.state == "open"]

    def new_seat(self, step: str, person: int, **more: Any) -> Seat:
        number = max((seat.id for seat in self.seats), default=0) + 1
        made = Seat(number, step, self.stops[step].turn, person, round=self.round, **{"place": number, **more})
        self.seats.append(made)
        return made

    def agreed_already(self, person: int) -> bool:
        """Whether this person said yes, in his own place, at a stop that still counts."""
        return any(
            seat.person == person and seat.state == "agreed" and seat.why is None and seat.added is None
            for key, stop in self.stops.items()
            if stop.state in ("open", "passed")
            for seat in self.at(key)
        )

    def decided(self) -> bool:
        """Whether anybody has decided since the last submission."""
        return any(seat.round == self.round and seat.verdict is not None and seat.why is None for seat in self.seats)

    def copy(self) -> Course:
        return Course(
            {key: replace(stop) for key, stop in self.stops.items()},
            [replace(seat) for seat in self.seats],
            self.state,
            self.round,
            self.returned,
        )


def fresh(keys: Iterable[str]) -> Course:
    return Course({key: Stop(key) for key in keys})


def dump(course: Course) -> dict[str, Any]:
    """As JSON, without the seats: they are rows of their own."""
    stops = {key: vars(stop) for key, stop in course.stops.items()}
    return {"stops": stops, "round": course.round, "returned": course.returned}


def load(kept: dict[str, Any], state: str, seats: list[Seat], keys: Iterable[str]) -> Course:
    """``keys``: the steps in their order, which JSON may have lost."""
    stops = {key: Stop(**kept["stops"][key]) for key in keys}
    return Course(stops, seats, state, kept["round"], kept["returned"])
