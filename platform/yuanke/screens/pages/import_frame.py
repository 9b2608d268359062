"""What all steps of the import wizard have in common: the frame, and the file's ticket between the steps."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, render_template
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer

from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.screens import urls
from yuanke.screens.reader import Reader
from yuanke.screens.shell import shell


def frame(reader: Reader, entity: Entity, step: int, fault: str | None) -> dict[str, Any]:
    name = reader.say(entity.plural)
    return {
        "title": str(_("导入%(name)s", name=name)), "crumbs": [{"label": name, "url": urls.entity(entity.key)}], "step": step, "file": None,
        "cancel_url": urls.entity(entity.key), "back_url": None, "token": None, "fault": fault, "submit": "", "may_run": False, "table": None,
        "fixes": [], "sums": [], "progress": None,
    }  # fmt: skip


def draw(reader: Reader, model: dict[str, Any], status: int = 200) -> Response:
    context = {
        "imp": model,
        "shell": shell(reader),
        "seen": None,
        "ctx": {"cell": False, "locale": reader.locale},
        "locale": reader.locale,
    }
    return make_response(render_template("import.html", **context), status)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="import")


def give_token(file_id: int, name: str) -> str:
    return str(_serializer().dumps([file_id, name]))


def read_token(said: str) -> tuple[int, str]:
    try:
        file_id, name = _serializer().loads(said)
    except BadSignature as fault:
        raise RecordNotFound(message("这次导入已失效，请重新上传文件")) from fault
    return int(file_id), str(name)
