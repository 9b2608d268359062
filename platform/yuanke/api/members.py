"""The members of a body as marshmallow fields: each speaks for one field of the Registry and lets its type decide.

The one rule: nothing is checked here a second time. Values go in by `records.intake.typed_value` and out by the type's
`dump`; sentences and shapes are those of the door, so a body is told the same whoever looks at it. Runs on marshmallow
3 and 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from marshmallow import ValidationError, fields
from marshmallow.utils import missing

from yuanke.fieldtypes import Place, ValueFault
from yuanke.fieldtypes.link import LINK_SCHEMA
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Field
from yuanke.records.intake import MOST_OWNED_ROWS, closed, typed_value
from yuanke.records.owned import OF_THE_ROW, misshapen, no_row, not_among

Json = dict[str, Any]
LARGEST_VERSION = 2**31 - 1


class Body(dict[str, Any]):
    """What was sent, with the place in whose settings it is to be read (a schema has no context of its own)."""

    def __init__(self, values: Mapping[str, Any], place: Place) -> None:
        super().__init__(values)
        self.place = place


def place_of(data: Any) -> Place:
    return data.place if isinstance(data, Body) else Place()


#: stands for a sentence that names the key, which marshmallow does not say
UNKNOWN = object()


def by_path(told: Any, unknown: Callable[[str], Message]) -> dict[str, list[Message]]:
    """marshmallow's tree of messages as path (``lines.0.price``) -> sentences."""
    return {place: [unknown(key) if one is UNKNOWN else one for one in said] for place, key, said in _flat(told, ())}


def _flat(told: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str, Any]]:
    if isinstance(told, Mapping):
        for key, inner in told.items():
            yield from _flat(inner, path if key == "_schema" else (*path, str(key)))
    else:
        place = path[:-1] if len(path) > 1 and not path[-1] else path  # a row's own faults stand at the row
        yield ".".join(place), path[-1] if path else "", told


def refuse(said: Message) -> NoReturn:
    raise ValidationError([said])  # type: ignore[list-item]  # a sentence that is translated later


def _texts(declared: Field) -> dict[str, Any]:
    return {"required": [message("{field} 不能为空", field=declared.label)]}


class Member(fields.Field):
    """Base: ``declared`` is the field of the Registry it speaks for."""

    def __init__(self, declared: Field, **more: Any) -> None:
        self.declared = declared
        super().__init__(**more)

    def described(self, locale: str) -> Json | None:
        """JSON Schema of what stands here; None = nothing that a caller should send."""
        return None

    def _titled(self, schema: Json, locale: str) -> Json:
        return {**schema, "title": self.declared.label.say(locale)}


class Value(Member):
    """One value of a field type; empty is null."""

    def __init__(self, declared: Field, *, sent: bool, required: bool = False) -> None:
        self.sent = sent
        super().__init__(declared, allow_none=True, required=required, error_messages=_texts(declared))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        try:
            return typed_value(self.declared, value, place_of(data))
        except ValueFault as fault:
            refuse(fault.said)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        return None if value is None else self.declared.type.dump(self.declared, value)

    def described(self, locale: str) -> Json:
        kind, declared = self.declared.type, self.declared
        schema = _referring(kind.input_schema(declared) if self.sent else kind.json_schema(declared))
        return self._titled(schema if self.sent and self.required else or_null(schema), locale)


class Closed(Member):
    """Known to the caller, not to be written by him, whatever is sent."""

    def __init__(self, declared: Field) -> None:
        super().__init__(declared, allow_none=False, error_messages={"null": [closed(declared)]})  # type: ignore[dict-item]

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        refuse(closed(self.declared))


class Standing(Member):
    """Known, not to be written, but what is sent back as it stands changes nothing: only the door sees what stands."""

    def __init__(self, declared: Field) -> None:
        super().__init__(declared, allow_none=True)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        return value


class Version(fields.Field):
    """The version that was read, of a record that is changed."""

    def __init__(self, new: bool) -> None:
        self.new = new
        super().__init__(allow_none=not new, error_messages={"null": [NEW_HAS_NONE]})  # type: ignore[dict-item]

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        if self.new:
            refuse(NEW_HAS_NONE)
        refused = misread(value)
        if refused is not None:
            refuse(refused)
        return value

    def described(self, locale: str) -> Json | None:
        return None if self.new else {"type": ["integer", "null"], "minimum": 1, "maximum": LARGEST_VERSION}


def misread(version: Any) -> Message | None:
    """What is wrong with a version in a body; null = the caller does not care."""
    whole = isinstance(version, int) and not isinstance(version, bool)
    if version is None or (whole and 0 < version <= LARGEST_VERSION):
        return None
    return message("version 应为读到的版本号（正整数）")


NEW_HAS_NONE = message("新建的记录没有版本号")


class Whole(fields.Field):
    """``id`` and ``version`` on their way out."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        return value

    def described(self, locale: str) -> Json:
        return {"type": "integer", "minimum": 1}


class Rows(fields.Nested):
    """Owned rows: an item with ``id`` changes that row, one without adds, ``{id, deleted: true}`` removes.

    ``standing`` is the contract of a row that is there; None where there can be none (the record is new).
    """

    def __init__(
        self, declared: Field, row: type[Any], standing: type[Any] | None = None, *, required: bool = False
    ) -> None:
        self.declared, self.row_there = declared, standing() if standing is not None else None
        texts = _texts(declared) | {"null": [misshapen(declared, None)]}
        super().__init__(row, many=True, allow_none=False, required=required, error_messages=texts)

    def _deserialize(self, value: Any, attr: str | None, data: Any, *_: Any, **__: Any) -> list[Any]:
        refused = misshapen(self.declared, value)
        if refused is not None:
            refuse(refused)
        faults: dict[int, Any] = {}
        taken: list[Json] = []
        named: set[int] = set()
        for at, item in enumerate(value):
            try:
                taken.append(self._row(item, place_of(data), named))
            except ValidationError as fault:
                faults[at] = fault.messages
        if faults:
            raise ValidationError(faults)  # type: ignore[arg-type]
        return taken

    def _row(self, item: Any, place: Place, named: set[int]) -> Json:
        if not isinstance(item, Mapping):
            refuse(no_row(self.declared))
        values = {key: value for key, value in item.items() if key not in OF_THE_ROW}
        row_id = item.get("id")
        if row_id is None:
            return self.schema.load(Body(values, place), many=False)  # type: ignore[no-any-return]
        if self.row_there is None or isinstance(row_id, bool) or not isinstance(row_id, int) or row_id in named:
            refuse(not_among(self.declared, row_id))
        named.add(row_id)
        if item.get("deleted") is True:
            return {"id": row_id, "deleted": True}
        return {"id": row_id, **self.row_there.load(Body(values, place))}

    def _serialize(self, nested_obj: Any, attr: str | None, obj: Any, **_: Any) -> Any:  # type: ignore[override]
        return None if nested_obj is None else [self.schema.dump(row, many=False) for row in nested_obj]

    def described(self, locale: str) -> Json:
        row: Json = self.schema.described(locale)  # type: ignore[attr-defined]
        if self.row_there is not None:
            known = {"id": {"type": "integer", "minimum": 1}, "deleted": {"type": "boolean"}}
            row["properties"] = {**known, **row["properties"], **self.row_there.described(locale)["properties"]}
            row["properties"].pop("version", None)
            row.pop("required", None)  # asked of a new row only
        title = self.declared.label.say(locale)
        return {"type": "array", "items": row, "maxItems": MOST_OWNED_ROWS, "title": title}


def given(obj: Any, key: str) -> Any:
    """What a `records.Record` (or a mapping) holds under ``key``; `missing` when it was not read."""
    if isinstance(obj, Mapping):
        return obj.get(key, missing)
    if key in ("id", "version") and key not in obj.values:
        return getattr(obj, key)
    return obj.values.get(key, missing)


def _referring(schema: Any) -> Any:
    """``schema`` with the shape of a link named, not spelled out each time."""
    if schema is LINK_SCHEMA:
        return {"$ref": "#/components/schemas/Link"}
    if isinstance(schema, dict):
        return {key: _referring(value) for key, value in schema.items()}
    return schema


def or_null(schema: Json) -> Json:
    """``schema``, or empty."""
    if not schema:
        return {}
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], None]}
    kind = schema.get("type")
    if kind is not None:
        return {**schema, "type": [*([kind] if isinstance(kind, str) else kind), "null"]}
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    return schema if "enum" in schema else {"anyOf": [schema, {"type": "null"}]}
