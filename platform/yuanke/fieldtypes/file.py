"""Uploaded files: references to attachments, with the name, size and type that they had when they were put in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes.base import FieldSpec, FieldType, Keys, Place, ValueFault
from yuanke.fieldtypes.columns import Json
from yuanke.fieldtypes.faults import expected, found
from yuanke.fieldtypes.strings import one_line, refuse_forbidden
from yuanke.kernel.text import Label, Message, message

MOST = 50
LONGEST_NAME = 255


class File(FieldType):
    """Python and JSON: ``{"id", "name", "size", "type"}``, with `multiple` a list of them; [] is None.

    In: what an upload answered, or the bare id; `records` fills in name, size (bytes) and type from the attachment.
    """

    name = "file"
    label = Label("文件", "File")
    help = Label("上传的文件；multiple: true 时可多个", "An uploaded file; several with `multiple: true`")
    kind = "json"
    keys: ClassVar[Keys] = {
        "multiple": {"type": "boolean"},
        "accept": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Endings that are taken, such as [pdf, docx]",
        },
        "largest": {"type": "integer", "minimum": 1, "description": "Megabytes a file may have"},
    }
    operators = ("empty", "filled")
    widget = "file"
    short = False
    example = "{type: file, multiple: true, accept: [pdf, docx]}"
    sample: Any = {"id": 7, "name": "合同.pdf", "size": 48213, "type": "application/pdf"}
    wanted: Message = message('上传后得到的文件（例如 {"id": 7}）')

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return Json()

    def kind_of(self, field: FieldSpec) -> Kind:
        return Kind("json")

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        one = {
            "type": "object",
            "properties": {
                "id": {"type": "integer", "minimum": 1},
                "name": {"type": "string"},
                "size": {"type": "integer", "description": "Bytes"},
                "type": {"type": "string"},
            },
            "required": ["id"],
        }
        return {"type": "array", "items": one, "maxItems": MOST} if field.multiple else one

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        items = list(raw) if isinstance(raw, (list, tuple)) else self._listed(raw)
        files = {file["id"]: file for file in (self._one(field, item) for item in items[: MOST + 1])}
        if len(files) > MOST:
            raise ValueFault(message("最多 {most} 个文件", most=MOST))
        if field.multiple:
            return list(files.values()) or None
        if len(files) > 1:
            raise ValueFault(message("只能放一个文件，收到 {found} 个", found=len(files)))
        return next(iter(files.values()), None)

    def _listed(self, raw: Any) -> list[Any]:
        """A form sends ids as text: ``7`` or ``7,9``."""
        if isinstance(raw, str):
            return [piece for piece in (part.strip() for part in raw.split(",")) if piece]
        return [raw]

    def _one(self, field: FieldSpec, raw: Any) -> dict[str, Any]:
        given: Mapping[Any, Any] = raw if isinstance(raw, Mapping) else {"id": raw}
        identity = given.get("id")
        if isinstance(identity, str) and identity.isascii() and identity.isdigit() and len(identity) < 19:
            identity = int(identity)
        if isinstance(identity, bool) or not isinstance(identity, int) or not 0 < identity < 2**63:
            raise expected(self.wanted, raw)
        file: dict[str, Any] = {"id": identity}
        for key, kind in (("name", str), ("size", int), ("type", str)):
            value = given.get(key)
            if value is None:
                continue
            if not isinstance(value, kind) or isinstance(value, bool):
                raise expected(self.wanted, raw)
            file[key] = self._name(value) if isinstance(value, str) else value
        return file

    def _name(self, text: str) -> str:
        refuse_forbidden(text)
        return one_line(text)[-LONGEST_NAME:]

    def check(self, field: FieldSpec, value: Any) -> None:
        accepted = [str(ending).lower().lstrip(".") for ending in field.more.get("accept") or ()]
        largest = field.more.get("largest")
        for file in value if isinstance(value, list) else [value]:
            name = str(file.get("name") or "")
            if accepted and name and name.rpartition(".")[2].lower() not in accepted:
                raise ValueFault(message("只接受 {endings} 文件，收到 {found}", endings=accepted, found=found(name)))
            if largest and file.get("size", 0) > largest * 1_000_000:
                raise ValueFault(message("文件 {found} 超过 {largest} MB", found=found(name), largest=largest))

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        files = value if isinstance(value, list) else [value] if value else []
        return (", " if place.english else "、").join(file.get("name") or f"#{file['id']}" for file in files)

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        files = value if isinstance(value, list) else [value] if value else []
        return ",".join(str(file["id"]) for file in files)

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return self.text(field, value, place) or None

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        """Files do not travel in cells: an export names them, an import leaves the field alone."""
        return None

    def search_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return ""
