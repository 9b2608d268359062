"""Files named in a record: only those that the saver may open, described as they really are.

The one rule: a number is no right. A file that is new in a field was put in by the one who saves it; its name, size and
type are taken from the upload, never from the caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes import ValueFault
from yuanke.kernel.text import message
from yuanke.metadata.registry import Field
from yuanke.storage import Unit
from yuanke.storage.files import FILE

KINDS = ("file", "image")


def settle_files(save: Any) -> None:
    """Check and describe the files of a save and of its owned rows; faults stand at their fields."""
    for one in (save, *_rows(save)):
        for key, value in list(one.values.items()):
            field = one.entity.fields.get(key)
            if value is not None and field is not None and field.type.name in KINDS:
                one.values[key] = _settled(one, field, value)


def _rows(save: Any) -> Iterator[Any]:
    for rows in save.rows.values():
        for row in rows:
            yield row
            yield from _rows(row)


def _settled(save: Any, field: Field, value: Any) -> Any:
    files = value if isinstance(value, list) else [value]
    standing = _ids(save.old.get(field.key) if save.old else None)
    found = _uploads(save.unit, [file["id"] for file in files])
    for file in files:
        upload = found.get(file["id"])
        mine = save.actor.is_admin or (upload is not None and upload.created_by == save.actor.user_id)
        if upload is None or not (mine or file["id"] in standing):
            save.fault(field.key, message("没有找到文件 {id}，请先上传", id=file["id"]))
            return value
    said = [_described(found[file["id"]]) for file in files]
    settled = said if isinstance(value, list) else said[0]
    try:
        field.type.check(field, settled)
    except ValueFault as fault:
        save.fault(field.key, fault.said)
    return settled


def _ids(value: Any) -> set[int]:
    return {file["id"] for file in (value if isinstance(value, list) else [value]) if file}


def _uploads(unit: Unit, ids: list[int]) -> dict[int, Any]:
    return {row.id: row for row in unit.execute(sa.select(FILE).where(FILE.c.id.in_(ids)))}


def _described(upload: Any) -> dict[str, Any]:
    return {"id": upload.id, "name": upload.name, "size": upload.size, "type": upload.type}
