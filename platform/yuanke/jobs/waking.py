"""Telling the runners of this process that an enterprise has work. A hint only: a runner that misses it finds out by
itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from yuanke.storage import Installation


class Wakeable(Protocol):
    installation: Installation

    def wake(self, slug: str) -> None: ...


runners: WeakSet[Wakeable] = WeakSet()


def wake(installation: Installation, slug: str) -> None:
    for runner in list(runners):
        if runner.installation is installation:
            runner.wake(slug)
