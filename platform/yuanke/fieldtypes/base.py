"""What a kind of field must be able to say. One subclass a file; instances hold no state.

Values inside the engine are Python values of the type (Decimal, date, aware UTC datetime, str, int id of a link ...);
None is "empty". `parse` is the only way in, `dump` and `text` the only ways out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import sqlalchemy as sa

from yuanke.expressions.scope import Kind
from yuanke.kernel.text import Label, Message, message

#: keys of the dialect: name -> JSON Schema of its value
Keys = Mapping[str, Mapping[str, Any]]


class FieldSpec(Protocol):
    """What a type may ask of the field it serves (`yuanke.metadata.Field` fulfils it)."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> Label: ...
    @property
    def required(self) -> bool: ...
    @property
    def multiple(self) -> bool: ...
    @property
    def length(self) -> int | None: ...
    @property
    def pattern(self) -> str | None: ...
    @property
    def scale(self) -> int | None: ...
    @property
    def min(self) -> Any: ...
    @property
    def max(self) -> Any: ...
    @property
    def options(self) -> Mapping[str, Any] | None: ...
    @property
    def targets(self) -> tuple[str, ...]: ...
    @property
    def more(self) -> Mapping[str, Any]:
        """The other declared keys, as written."""


class ValueFault(Exception):
    """A value that is not one of this type; ``said`` is shown at the field."""

    def __init__(self, said: Message) -> None:
        self.said = said
        super().__init__(said.say())


@dataclass(frozen=True)
class Place:
    """Where and for whom a value is read or shown: settings of the enterprise and the reader's language.

    Settings that types read: ``quantity_scale``, ``price_scale``, ``number_scale`` (decimals shown, 0-6), ``country``
    (two letters, for phone numbers written without one).
    """

    locale: str = "zh"
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def english(self) -> bool:
        return self.locale.startswith("en")


class FieldType:
    """Base of all field types."""

    name: str = ""
    label: Label
    help: Label
    #: value kind in expressions; `kind_of` may refine it by the field
    kind: str = "text"
    #: keys of the dialect that only this type knows: name -> JSON Schema of its value
    keys: ClassVar[Keys] = {}
    #: operators that a filter offers, in order; `yuanke.fieldtypes.operators.OPERATORS` says what each means
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
    #: value of a new record where the field declares no default
    default: Any = None
    #: the entity that is linked to where the field names none (user, department)
    target: str | None = None
    #: an example in a module file, one field's value
    example: str = ""
    #: an example of what `parse` reads
    sample: Any = None

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        """SQLAlchemy type of the column, equal in meaning on SQLite and PostgreSQL."""
        raise NotImplementedError

    def kind_of(self, field: FieldSpec) -> Kind:
        return Kind(self.kind)

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        """JSON Schema (draft 2020-12) of what `dump` gives for a value that is not empty."""
        return {"type": "string"}

    def input_schema(self, field: FieldSpec) -> dict[str, Any]:
        """JSON Schema of what a program should send; `parse` takes more than that."""
        return self.json_schema(field)

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        """JSON value or form text -> Python value; '' and None -> None. Raises ValueFault.

        Refuses wrong JSON types; reads text leniently (``１２``, ``1,234.50``, ``2026年3月5日``). Does not `check`.
        """
        raise NotImplementedError

    def settle(self, field: FieldSpec, value: Any, place: Place) -> Any:
        """What an expression gave -> Python value of this type, numbers half-up at its scale. Raises ValueFault."""
        return self.parse(field, value, place)

    def check(self, field: FieldSpec, value: Any) -> None:
        """Limits the field declares (length, min, max, pattern ...) on a parsed, non-empty value. Raises ValueFault."""

    def declared_faults(self, field: FieldSpec) -> dict[str, Message]:
        """What is wrong with the declaration: key of the dialect -> sentence (a pattern that does not compile ...)."""
        return {}

    def condition(
        self, field: FieldSpec, column: sa.ColumnElement[Any], operator: str, values: Sequence[Any], place: Place
    ) -> sa.ColumnElement[bool] | None:
        """``operator`` on ``values`` (as a filter gives them, not parsed) where this type has a meaning of its own.

        None: the operator means what `OPERATORS` says of all. Raises ValueFault for values that are none.
        """
        return None

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
        """A cell of CSV or XLSX (text, number, date) -> Python value; forgives more than `parse`. Raises ValueFault."""
        return self.parse(field, cell, place)

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        """Python value -> cell (str, int, Decimal, date, datetime, bool, None); `read_cell` reads it back unchanged."""
        return value

    def search_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        """What the search index keeps of a value."""
        return self.text(field, value, place)

    def same_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        """What two values that mean the same have in common (a phone number's digits): for finding duplicates."""
        return self.form_text(field, value, place)

    def mask(self, field: FieldSpec, value: Any, place: Place) -> str:
        """The value as one sees it who may know only that it is there."""
        return "" if value is None else "***"


class BoundedType(FieldType):
    """A type whose values have an order that ``min`` and ``max`` may limit."""

    def bound(self, field: FieldSpec, key: str) -> Any:
        """The constant under ``min`` or ``max`` as a value of this type; None when absent or an expression."""
        declared = getattr(field, key)
        if declared is None or not isinstance(declared, (str, int, float, *self.ordered)):
            return None
        return self.parse(field, declared, Place())

    #: Python classes of a declared constant, beside str, int and float
    ordered: tuple[type, ...] = ()

    def check(self, field: FieldSpec, value: Any) -> None:
        least, most = self.bound(field, "min"), self.bound(field, "max")
        if least is not None and value < least:
            raise ValueFault(
                message(
                    "不能小于 {least}，收到 {found}", least=self._told(field, least), found=self._told(field, value)
                )
            )
        if most is not None and value > most:
            raise ValueFault(
                message("不能大于 {most}，收到 {found}", most=self._told(field, most), found=self._told(field, value))
            )

    def _told(self, field: FieldSpec, value: Any) -> str:
        return self.form_text(field, value, Place())

    def declared_faults(self, field: FieldSpec) -> dict[str, Message]:
        faults: dict[str, Message] = {}
        for key in ("min", "max"):
            try:
                self.bound(field, key)
            except ValueFault as fault:
                faults[key] = fault.said
        if not faults:
            least, most = self.bound(field, "min"), self.bound(field, "max")
            if least is not None and most is not None and least > most:
                faults["max"] = message(
                    "最大值 {most} 小于最小值 {least}", most=self._told(field, most), least=self._told(field, least)
                )
        return faults
