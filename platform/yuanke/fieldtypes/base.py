"""What a kind of field must be able to say. One subclass a file; instances hold no state.

Values inside the engine are Python values of the type (Decimal, date, aware UTC datetime, str, int id of a link ...);
None is "empty". `parse` is the only way in, `dump` and `text` the only ways out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from yuanke.expressions.scope import Kind
from yuanke.kernel.text import Label, Message


class FieldSpec(Protocol):
    """What a type may ask of the field it serves (`yuanke.metadata.Field` fulfils it)."""

    key: str
    label: Label
    required: bool
    multiple: bool
    length: int | None
    pattern: str | None
    scale: int | None
    min: Any
    max: Any
    options: Mapping[str, Any] | None
    targets: tuple[str, ...]
    more: Mapping[str, Any]  # the other declared keys, as written


class ValueFault(Exception):
    """A value that is not one of this type; ``said`` is shown at the field."""

    def __init__(self, said: Message) -> None:
        self.said = said
        super().__init__(said.say())


@dataclass(frozen=True)
class Place:
    """Where and for whom a value is read or shown: settings of the enterprise and the reader's language."""

    locale: str = "zh"
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    settings: Mapping[str, Any] = field(default_factory=dict)


class FieldType:
    """Base of all field types."""

    name: str = ""
    label: Label
    help: Label
    #: value kind in expressions; `kind_of` may refine it by the field
    kind: str = "text"
    #: keys of the dialect that only this type knows: name -> JSON Schema of its value
    keys: Mapping[str, Mapping[str, Any]] = {}
    #: operators that a filter offers, in order: eq ne lt le gt ge between in contains starts empty filled within
    operators: tuple[str, ...] = ("eq", "ne", "empty", "filled")
    #: macros show, edit, filter of ``screens/widgets/<widget>.html``
    widget: str = "text"
    #: right-aligned, tabular
    numeric: bool = False
    #: may stand among the default list columns
    short: bool = True
    #: may be searched by the full-text index by default
    searchable: bool = False
    #: has a column of its own (False: links, rows)
    stored: bool = True

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        """SQLAlchemy type of the column, equal in meaning on SQLite and PostgreSQL."""
        raise NotImplementedError

    def kind_of(self, field: FieldSpec) -> Kind:
        return Kind(self.kind)

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        """JSON value or form text -> Python value; '' and None -> None. Raises ValueFault."""
        raise NotImplementedError

    def check(self, field: FieldSpec, value: Any) -> None:
        """Limits the field declares (length, min, max, pattern ...) on a parsed, non-empty value. Raises ValueFault."""

    def dump(self, field: FieldSpec, value: Any) -> Any:
        """Python value -> JSON value (money and other exact numbers as strings, times RFC 3339 with Z)."""
        return value

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        """Python value -> what a person reads in a list, in the language and zone of ``place``; '' for None."""
        return "" if value is None else str(value)

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        """Python value -> what stands in an input; `parse` reads it back unchanged."""
        return "" if value is None else str(value)

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        """A cell of CSV or XLSX (text, number, date) -> Python value; more forgiving than `parse`. Raises ValueFault."""
        return self.parse(field, cell, place)

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        """Python value -> cell (str, int, Decimal, date, datetime, bool, None); `read_cell` reads it back unchanged."""
        return value

    def search_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        """What the search index keeps of a value."""
        return self.text(field, value, place)
