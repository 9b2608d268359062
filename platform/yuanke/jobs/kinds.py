"""Which kinds of jobs there are: upper layers bring them through the hook `job_kinds`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yuanke.kernel.hooks import hooks
from yuanke.kernel.text import Label, Message

if TYPE_CHECKING:
    from yuanke.jobs.run import Run
    from yuanke.storage import Unit

MOST_ATTEMPTS = 5
FIRST_PAUSE = 10.0  # seconds; each further pause is four times as long

#: ``(unit, actor, arguments, progress) -> result``: one transaction, finished together with its job; under 50 ms
Work = Callable[[Any, Any, Mapping[str, Any], Callable[..., None]], Any]


@dataclass(frozen=True)
class Failure:
    """What a kind is told when a turn of its job went wrong, in the transaction that notes it. ``final``: it is not
    tried again by itself."""

    job: int
    arguments: Mapping[str, Any]
    said: Message
    attempts: int
    final: bool


@dataclass(frozen=True)
class ShortJob:
    """A kind of one transaction that says more than a plain callable: ``failed(unit, failure)`` is told of every turn
    that went wrong, ``attempts`` and ``first_pause`` (seconds, four times as long after each) say how it is tried again."""

    run: Work
    label: Label | None = None
    failed: Callable[[Unit, Failure], None] | None = None
    attempts: int = MOST_ATTEMPTS
    first_pause: float = FIRST_PAUSE


@dataclass(frozen=True)
class LongJob:
    """A kind whose work is many transactions: ``run(run)`` opens them itself with `Run.step` and may answer a result.

    ``quick``: it is over in some seconds (a letter, a call to another system), so it is not held back by long work of the
    same enterprise. Results are JSON.
    """

    run: Callable[[Run], Any]
    label: Label | None = None
    quick: bool = False
    failed: Callable[[Unit, Failure], None] | None = None
    attempts: int = MOST_ATTEMPTS
    first_pause: float = FIRST_PAUSE


Kind = LongJob | ShortJob | Work

#: asked now and then for every enterprise: queue what is due once a day (a ``dedupe`` key with the date makes it once)
daily: list[Callable[[Any], None]] = []


def kinds() -> dict[str, LongJob | ShortJob]:
    """Everything registered; two plugins with one kind is a fault of theirs and told."""
    brought: dict[str, Kind] = {}
    for answer in hooks().hook.job_kinds():
        for name, kind in answer.items():
            if name in brought and brought[name] is not kind:
                raise ValueError(f"two plugins bring the job kind {name!r}")
            brought[name] = kind
    return {name: k if isinstance(k, (LongJob, ShortJob)) else ShortJob(k) for name, k in brought.items()}


def is_long(kind: LongJob | ShortJob) -> bool:
    """Whether it may take minutes, so that at most one runs for an enterprise and short work has a thread left."""
    return isinstance(kind, LongJob) and not kind.quick


def label_of(name: str) -> Label:
    """What people call a kind; its key where it says nothing."""
    kind = kinds().get(name)
    return (kind.label if kind is not None else None) or Label(name, name)
