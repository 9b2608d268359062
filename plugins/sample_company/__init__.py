"""The lively demo: people of a sample company, and what they did with sixty customers until today.

`PEOPLE` and `DEPARTMENTS` are for whoever sets the enterprise up; the hook tells the story to the one door to data,
holding the clock at the moment of each event, so that numbers, history and "created at" are those of that day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from yuanke.kernel import clock
from yuanke.kernel.hooks import impl
from yuanke.records import Query
from yuanke.records.samples import SampleCompany

from .people import DEPARTMENTS, PEOPLE
from .telling import Ref

__all__ = ["DEPARTMENTS", "PEOPLE", "sample_companies", "samples"]


@impl
def samples(door: Any) -> None:
    """Tell the story; owners that the enterprise does not have are left to the one who runs it."""
    from .story import events  # heavy, and a server that tells no story does without it

    made = _users(door)
    for event in events(clock.today()):
        values, ref = _resolved(event.values, made), Ref(event.entity, event.key)
        with clock.stopped(event.moment):
            if event.changes:
                door.update(event.entity, made[ref], values)
            else:
                made[ref] = door.create(event.entity, values).id


@impl
def sample_companies() -> list[SampleCompany]:
    return [SampleCompany("years", "北京某信息技术有限公司（两年）", _two_years, DEPARTMENTS, PEOPLE)]


def _two_years(door: Any, said: Callable[[str], None], share: float = 1) -> None:
    from .years import fill

    fill(door, said, share)


def _users(door: Any) -> dict[Ref, int]:
    page = door.list("user", Query(fields=("username",), limit=500))
    return {Ref("user", record.values["username"]): record.id for record in page.records}


def _resolved(value: Any, made: Mapping[Ref, int]) -> Any:
    """References as ids, to any depth; references to users that are not there go away with their keys."""
    if isinstance(value, Ref):
        return made.get(value) if value.entity == "user" else made[value]
    if isinstance(value, Mapping):
        pairs = ((key, _resolved(item, made)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not None}
    if isinstance(value, list):
        return [item for item in (_resolved(item, made) for item in value) if item is not None]
    return value
