"""The enterprise's own picture: given by an administrator, shown to everybody who works here.

The one rule: it is a plain picture by its content, whatever it was called; its address changes with it.
"""

from __future__ import annotations

from flask import Response, flash, request, send_file
from flask_babel import gettext as _

from yuanke.fieldtypes import catalogue
from yuanke.kernel.errors import AccessDenied, RecordNotFound
from yuanke.kernel.text import Label, message
from yuanke.metadata.registry import Entity, Field
from yuanke.screens.controls import control
from yuanke.screens.dialogs import dialog, lead_on
from yuanke.screens.reader import Reader
from yuanke.storage.files import FileInfo

HERE = "/settings/logo"
LARGEST = 512 * 1024
LABEL = Label("企业Logo", "Company logo")


def ask_logo(reader: Reader, errors: list[str] | None = None) -> Response:
    _admin(reader)
    field = Field("enterprise", "logo", catalogue()["image"], LABEL)
    entity = Entity("enterprise", "platform", LABEL, LABEL, {"logo": field})
    made = {**control(reader, entity, field, None, writable=True, errors=errors or []), "formula": False}
    said = str(_("PNG、JPEG 或 WebP，不超过 512 KB；留空就恢复成文字"))
    return dialog(reader, str(_("更换企业Logo")), HERE, [made], str(_("保存")), said=said)


def save_logo(reader: Reader) -> Response:
    _admin(reader)
    chosen = request.form.get("logo", "")
    logo = None
    if chosen:
        info = reader.unit.files.info(int(chosen)) if chosen.isdigit() and len(chosen) < 19 else None
        if info is None or not fits(reader, info):
            return ask_logo(reader, [str(_("请上传不超过 512 KB 的图片"))])
        logo = f"/logo/{info.sha256}"
    slug, directory = reader.unit.enterprise.slug, reader.unit.installation.directory
    reader.unit.after_commit(lambda: directory.change(slug, logo=logo))
    flash(str(_("企业Logo已更换")), "success")
    return lead_on("/settings")


def fits(reader: Reader, info: FileInfo) -> bool:
    return info.inline and info.size <= LARGEST and info.created_by == reader.actor.user_id


def logo(reader: Reader, digest: str) -> Response:
    """The picture itself; any other digest than the one that stands is not there."""
    if reader.unit.enterprise.logo != f"/logo/{digest}":
        raise RecordNotFound()
    path = reader.unit.files.path(digest)
    with path.open("rb") as file:
        begin = file.read(16)
    from yuanke.storage.files import type_of

    response = send_file(path, type_of(begin, "logo"), max_age=86_400)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _admin(reader: Reader) -> None:
    if not reader.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以打开设置"))
