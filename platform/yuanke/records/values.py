"""What goes in and out of the door: queries, records, pages. Values are Python values of their field type."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from yuanke.metadata.registry import Entity


class Typed(dict[str, Any]):
    """Values for the door of which those named in ``typed`` are what `FieldType.parse` gave: they are not parsed again."""

    typed: Collection[str] = ()

    def over(self, below: Mapping[str, Any]) -> Typed:
        """These values laid over ``below``: each is typed, or not, as where it comes from."""
        made = Typed({**below, **self})
        under = below.typed if isinstance(below, Typed) else ()
        made.typed = {*(key for key in under if key not in self), *self.typed}
        return made


class LinkValue(NamedTuple):
    """A link as its reader sees it; ``hidden`` = it is there, but not for this reader (id and title are None then)."""

    id: int | None
    title: str | None
    hidden: bool = False
    entity: str | None = None  # said only where the link may lead to one of several entities


@dataclass(frozen=True)
class Condition:
    """One click on a filter: ``Condition("member.level", "in", ["A", "B"])``; operators as in `FieldType.operators`."""

    field: str
    operator: str
    value: Any = None


@dataclass(frozen=True)
class Query:
    """What a list is asked for. ``filter`` is an expression; ``view`` a list filter declared in the entity's list view.

    ``sort`` takes field keys, ``-`` before for descending; ``after`` is the cursor of the page before; ``fields`` None
    = the columns of the list view. ``count``: exact | capped | none. ``binned`` looks into the recycle bin.
    """

    filter: str | None = None
    q: str | None = None
    conditions: tuple[Condition, ...] = ()
    sort: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None
    view: str | None = None
    limit: int = 50
    after: str | None = None
    count: str = "capped"
    binned: bool = False


@dataclass
class Record:
    """One record as one reader sees it: only fields that he may read are in ``values``."""

    entity: Entity
    id: int
    version: int
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What names the record to people; the number or id where the title is empty."""
        value = self.values.get(self.entity.title)
        if isinstance(value, LinkValue):
            value = value.title
        return str(value or self.values.get("number") or f"#{self.id}")


@dataclass
class Page:
    """``next`` is the cursor of the next page or None; ``count`` is None when it was not asked for."""

    records: list[Record]
    next: str | None = None
    count: int | None = None
    count_capped: bool = False


@dataclass(frozen=True)
class HistoryEntry:
    """Who did what, when, through which door; ``changes``: field -> (before, after), only fields the reader may see.

    ``told`` is what an act says of itself beside changed values: a step, a note, in whose place.
    """

    id: int
    verb: str
    at: datetime
    by: LinkValue
    door: str
    changes: Mapping[str, tuple[Any, Any]]
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchHit:
    entity: str
    id: int
    title: str
    field: str
    snippet: str


@dataclass(frozen=True)
class Outcome:
    """What became of one item of a batch: ``status`` created | updated | deleted | failed."""

    index: int
    status: str
    id: int | None = None
    error: Exception | None = None


@dataclass
class Batch:
    created: Sequence[Outcome] = ()
    updated: Sequence[Outcome] = ()
    deleted: Sequence[Outcome] = ()

    @property
    def failed(self) -> list[Outcome]:
        return [o for part in (self.created, self.updated, self.deleted) for o in part if o.error is not None]
