"""Uploads in and downloads out, the same for both faces.

The one rule: a file is sent under a sandbox of its own, shown in place only when it is a plain picture.
"""

from __future__ import annotations

from flask import Response, request, send_file

from yuanke.kernel.errors import RecordNotFound, ValidationFailed
from yuanke.kernel.text import message
from yuanke.records.opening import may_open
from yuanke.storage.files import FileInfo
from yuanke.web.requests import current


def keep() -> FileInfo:
    """The part ``file`` of this multipart request, kept. Raises ValidationFailed when it is missing, empty or too large."""
    held, upload = current(), request.files.get("file")
    if upload is None:
        raise ValidationFailed({"file": [message("请以 multipart/form-data 上传，文件放在 file 部分")]})
    return held.unit.files.put(upload.stream, upload.filename or "", held.actor.user_id)


def send(file_id: int, entity: str | None = None, record: int | None = None) -> Response:
    """The content for this reader; ``entity`` and ``record`` name the record it hangs on. Raises RecordNotFound."""
    held = current()
    info = held.unit.files.info(file_id)
    if not may_open(held.records, info, entity, record):
        raise RecordNotFound(message("没有找到这个文件"))
    response = send_file(
        held.unit.files.path(info.sha256), info.type, as_attachment=not info.inline, download_name=info.name, conditional=False,
        etag=False,
    )  # fmt: skip
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
