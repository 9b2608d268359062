"""Which kinds of jobs there are: upper layers bring them through the hook `job_kinds`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yuanke.kernel.hooks import hooks

if TYPE_CHECKING:
    from yuanke.jobs.run import Run


@dataclass(frozen=True)
class LongJob:
    """A kind whose work is many transactions: ``run(run)`` opens them itself with `Run.step` and may answer a result.

    A kind that is a plain callable ``(unit, actor, arguments, progress) -> result`` is one transaction, finished
    together with
    its job: keep it under 50 ms. Results are JSON.
    """

    run: Callable[[Run], Any]


Kind = LongJob | Callable[[Any, Any, Mapping[str, Any], Callable[..., None]], Any]


#: asked now and then for every enterprise: queue what is due once a day (a ``dedupe`` key with the date makes it once)
daily: list[Callable[[Any], None]] = []


def kinds() -> dict[str, Kind]:
    """Everything registered; two plugins with one kind is a fault of theirs and told."""
    found: dict[str, Kind] = {}
    for brought in hooks().hook.job_kinds():
        for name, kind in brought.items():
            if name in found and found[name] is not kind:
                raise ValueError(f"two plugins bring the job kind {name!r}")
            found[name] = kind
    return found
