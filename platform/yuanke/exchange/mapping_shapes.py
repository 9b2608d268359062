"""The parts of a mapping, as import works with them; `mapping` reads and checks them.

The one rule: every part can be said as plain JSON and read back the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yuanke.kernel.errors import Refusal
from yuanke.kernel.text import Message, message


class MappingFault(Refusal):
    """A mapping that cannot be followed; ``faults`` are all of them, each with its place (``columns.name``)."""

    code, status = "bad_mapping", 422

    def __init__(self, faults: Mapping[str, Message]) -> None:
        self.faults = dict(faults)
        place, said = next(iter(faults.items()))
        super().__init__(
            message("对应关系有 {count} 处要改。{place}：{said}", count=len(faults), place=place, said=said)
        )


@dataclass(frozen=True)
class Source:
    """Where the value of a field comes from: a column, or an expression over columns.

    ``by`` names the field of a link's target that the cell holds, ``entity`` which one a link to one of several leads
    to, ``values`` what a text in the file stands for (``{"重点": "A"}``).
    """

    column: str | None = None
    expression: str | None = None
    by: str | None = None
    entity: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> Any:
        if self.expression is not None:
            return "=" + self.expression
        more = {k: v for k, v in (("by", self.by), ("entity", self.entity), ("values", dict(self.values))) if v}
        return {"column": self.column, **more} if more or (self.column or "").startswith("=") else self.column


@dataclass(frozen=True)
class RowsSource:
    """Owned rows: from ``file`` joined by ``match`` (a column there) with ``parent`` (a column here, of the same
    name unless
    given); without ``file`` from this file itself, where lines of one record stand below each other.

    ``key``: fields that tell which standing row a line updates; without it the lines take the standing rows' places
    in order.
    """

    columns: Mapping[str, Source]
    file: str | None = None
    sheet: str | None = None
    match: str | None = None
    parent: str | None = None
    key: tuple[str, ...] = ()
    constants: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        told = {
            "file": self.file,
            "sheet": self.sheet,
            "match": self.match,
            "parent": self.parent,
            "key": list(self.key),
            "columns": {k: s.plain() for k, s in self.columns.items()},
            "constants": dict(self.constants),
        }
        return {k: v for k, v in told.items() if v}


#: as ``key``: records are found by the duplicate rules of the entity
DUPLICATES = "@duplicates"


@dataclass(frozen=True)
class ImportMapping:
    """``columns`` holds links too. ``when_found``: update | fill (only what is empty) | skip; ``when_absent``:
    create | refuse;
    ``empties``: keep (an empty cell changes nothing) | clear. Both "when" speak of records found by ``key``: fields that
    are equal in their normal forms, or `DUPLICATES`."""

    entity: str
    columns: Mapping[str, Source]
    file: str | None = None
    sheet: str | None = None
    key: tuple[str, ...] = ()
    rows: Mapping[str, RowsSource] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    when_found: str = "update"
    when_absent: str = "create"
    empties: str = "keep"

    @property
    def by_rules(self) -> bool:
        """Whether the duplicate rules of the entity say which record a row means, and not fields of the mapping."""
        return self.key == (DUPLICATES,)

    @property
    def key_fields(self) -> tuple[str, ...]:
        return () if self.by_rules else self.key

    def plain(self) -> dict[str, Any]:
        """The JSON form that `from_plain` reads back."""
        told = {
            "entity": self.entity,
            "file": self.file,
            "sheet": self.sheet,
            "key": list(self.key),
            "columns": {k: s.plain() for k, s in self.columns.items()},
            "rows": {k: r.plain() for k, r in self.rows.items()},
            "constants": dict(self.constants),
            "when_found": self.when_found,
            "when_absent": self.when_absent,
            "empties": self.empties,
        }
        usual = {"when_found": "update", "when_absent": "create", "empties": "keep"}
        return {k: v for k, v in told.items() if v and usual.get(k) != v}
