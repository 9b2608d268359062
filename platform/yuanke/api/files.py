"""Files: put in by whoever may log in, taken out under the rights of the record they hang on.

The one rule: nothing is opened because somebody knows its number. A file not yet attached belongs to who put it in.
"""

from __future__ import annotations

from typing import Any

from flask import Response, request, send_file

from yuanke.access.grants import engine_of
from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.resource import Resource, expose
from yuanke.kernel.errors import AccessDenied, RecordNotFound, ValidationFailed
from yuanke.kernel.text import message
from yuanke.records import Condition, Query, Record, Records
from yuanke.storage.files import FileInfo
from yuanke.web.once import once
from yuanke.web.requests import Current, current


class FilesApi(Resource):
    route_base = "/api/v1/files"

    @expose("", methods=("POST",))
    @once
    def put(self) -> Response:
        """Multipart form with one part ``file`` -> 201 ``{id, name, size, type}``, to be named in a field of a record."""
        asked.only(())
        held, upload = current(), request.files.get("file")
        if upload is None:
            raise ValidationFailed({"file": [message("请以 multipart/form-data 上传，文件放在 file 部分")]})
        info = held.unit.files.put(upload.stream, upload.filename or "", held.actor.user_id)
        said = {"id": info.id, "name": info.name, "size": info.size, "type": info.type}
        return reply(said, 201, {"Location": f"/api/v1/files/{info.id}"})

    @expose("/<identity:file_id>", methods=("GET",))
    def get(self, file_id: int) -> Response:
        """The content. ``entity`` and ``record`` name the record it hangs on, for everybody but who put it in."""
        asked.only(("entity", "record"))
        held = current()
        info = held.unit.files.info(file_id)
        if not _may_open(held, info):
            raise RecordNotFound(message("没有找到这个文件"))
        response = send_file(
            held.unit.files.path(info.sha256), info.type, as_attachment=not info.inline, download_name=info.name, conditional=False,
            etag=False,
        )  # fmt: skip
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response


def _may_open(held: Current, info: FileInfo) -> bool:
    entity, record = request.args.get("entity"), asked.number("record", 0, 2**31 - 1)
    if entity and record:
        return holds(held.records.get(entity, record), info.id)
    if held.actor.is_admin or info.created_by == held.actor.user_id:
        return True
    return _hangs_on_something_readable(held, info)


def holds(record: Record, file_id: int) -> bool:
    """Whether one of the fields that the reader sees, in the record or its rows, names the file."""
    for value in record.values.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Record) and holds(one, file_id):
                return True
            if isinstance(one, dict) and one.get("id") == file_id and "name" in one:
                return True
    return False


def _hangs_on_something_readable(held: Current, info: FileInfo) -> bool:
    """Whether an attachment of this content hangs on a record that the reader may read."""
    if "attachment" not in held.unit.registry.entities:
        return False
    engine = Records(held.unit, engine_of(held.actor))
    query = Query(conditions=(Condition("digest", "eq", info.sha256),), fields=("entity", "record"), count="none")
    return any(_readable(held, found.values) for found in engine.list("attachment", query).records)


def _readable(held: Current, place: dict[str, Any]) -> bool:
    try:
        held.records.get(str(place["entity"]), int(place["record"] or 0), ())
    except (RecordNotFound, AccessDenied):
        return False
    return True
