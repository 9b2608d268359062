"""Telling runners that an enterprise has work: those of this process at once, those of other machines by a bell. A hint
only: a runner that misses it finds out by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary, WeakSet

if TYPE_CHECKING:
    from yuanke.jobs.bell import Bell
    from yuanke.storage import Installation


class Wakeable(Protocol):
    installation: Installation

    def wake(self, slug: str) -> None: ...


runners: WeakSet[Wakeable] = WeakSet()
#: what reaches the runners on other machines, where the installation has such a thing
bells: WeakKeyDictionary[Installation, Bell] = WeakKeyDictionary()


def wake(installation: Installation, slug: str) -> None:
    for runner in list(runners):
        if runner.installation is installation:
            runner.wake(slug)
    bell = bells.get(installation)
    if bell is not None:
        bell.ring(slug)


def use_redis(installation: Installation, url: str | None) -> None:
    """Wake runners on other machines through this Redis; nobody without a URL."""
    bells.pop(installation, None)
    if url:
        from yuanke.jobs.bell import Bell

        bells[installation] = Bell(url)
