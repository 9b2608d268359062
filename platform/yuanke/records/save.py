"""A save on its way through the door: what stood before, what is to stand after, and what it carries.

The one rule: `before_save` hooks and formulas change ``values`` here, never the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refusal, ValidationFailed
from yuanke.kernel.text import Message
from yuanke.metadata.registry import Entity
from yuanke.storage import Unit


@dataclass
class Save:
    """``old`` is None at create. ``values`` holds typed values that change; ``given`` the keys somebody typed.

    ``rows``: field -> saves of owned rows (a removed row has verb delete); ``pairs``: field -> target ids as a whole set.
    """

    unit: Unit
    actor: Actor
    entity: Entity
    verb: str  # create | update | delete | restore
    id: int | None = None
    old: dict[str, Any] | None = None
    values: dict[str, Any] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    rows: dict[str, list[Save]] = field(default_factory=dict)
    pairs: dict[str, list[int]] = field(default_factory=dict)
    old_pairs: dict[str, list[int]] = field(default_factory=dict)
    parent: Save | None = None
    errors: dict[str, list[Message]] = field(default_factory=dict)
    row_changes: dict[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None
    act: str | None = None  # the transition or action whose save this is

    @property
    def record(self) -> dict[str, Any]:
        """The record as it will stand: what was, with what changes laid over it."""
        return {**self.old, **self.values} if self.old else dict(self.values)

    def get(self, key: str) -> Any:
        if key in self.values:
            return self.values[key]
        return self.old.get(key) if self.old else None

    def changed(self, key: str) -> bool:
        if self.old is None:
            return self.values.get(key) is not None
        return key in self.values and self.values[key] != self.old.get(key)

    def fault(self, key: str, said: Message) -> None:
        self.errors.setdefault(key, []).append(said)

    def all_errors(self) -> Mapping[str, list[Message]]:
        """Own faults and those of the rows, as ``lines.0.price`` (the position in what was sent)."""
        found = dict(self.errors)
        for name, rows in self.rows.items():
            for at, row in enumerate(rows):
                for key, said in row.all_errors().items():
                    found[f"{name}.{at}.{key}" if key else f"{name}.{at}"] = said
        return found

    def refuse_if_wrong(self) -> None:
        found = self.all_errors()
        if found:
            raise ValidationFailed(dict(found))
