"""The door to data as import and export use it; `yuanke.records.Records` is one. Declared here so that what is
needed is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from yuanke.kernel.actor import Actor
from yuanke.records.values import Batch, Page, Query
from yuanke.storage import Unit


class Door(Protocol):
    """One actor's way to the records of one unit."""

    def list(self, entity: str, query: Query) -> Page: ...

    def batch(
        self,
        entity: str,
        create: Sequence[Mapping[str, Any]] = (),
        update: Sequence[Mapping[str, Any]] = (),
        delete: Sequence[int] = (),
        atomic: bool = True,
    ) -> Batch: ...


class OpenDoor(Protocol):
    """Makes a door: ``Records`` itself."""

    def __call__(self, unit: Unit, actor: Actor) -> Door: ...
