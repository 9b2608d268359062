"""Uploads of the file widgets and downloads of what hangs on records, results of jobs included.

The one rule: the answer to an upload names the file for the form; what may be opened is decided where both faces ask.
"""

from __future__ import annotations

from flask import Response, jsonify, make_response, request

from yuanke.kernel.errors import ValidationFailed
from yuanke.screens.controls import file_item
from yuanke.web import files
from yuanke.web.language import told
from yuanke.web.requests import give_up


def upload() -> Response:
    """POST multipart ``file`` -> ``{id, name, size, url}``, or 422 ``{detail}`` in one sentence."""
    try:
        info = files.keep()
    except ValidationFailed as fault:
        give_up()
        return make_response(jsonify(detail=told(m for said in fault.errors.values() for m in said)), 422)
    return jsonify(file_item({"id": info.id, "name": info.name, "size": info.size}))


def download(file_id: int) -> Response:
    """``?entity=&record=`` name the record it hangs on; one's own files and results need neither."""
    record = request.args.get("record", "")
    number = int(record) if record.isdigit() and len(record) < 19 else None
    return files.send(file_id, request.args.get("entity"), number)
