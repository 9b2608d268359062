"""Pictures: files that a browser may show; SVG is not among them, because it can carry scripts."""

from __future__ import annotations

from typing import Any

from yuanke.fieldtypes.base import FieldSpec, ValueFault
from yuanke.fieldtypes.faults import found
from yuanke.fieldtypes.file import File
from yuanke.kernel.text import Label, message

TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"}


class Image(File):
    name = "image"
    label = Label("图片", "Image")
    help = Label(
        "上传的图片（png、jpg、gif、webp、bmp）；multiple: true 时可多张",
        "An uploaded picture; several with `multiple: true`",
    )
    widget = "image"
    example = "{type: image}"
    sample = {"id": 8, "name": "门店.jpg", "size": 90211, "type": "image/jpeg"}
    wanted = message('上传后得到的图片（例如 {"id": 7}）')

    def check(self, field: FieldSpec, value: Any) -> None:
        super().check(field, value)
        for file in value if isinstance(value, list) else [value]:
            kind = file.get("type")
            if kind and kind.partition(";")[0].strip().lower() not in TYPES:
                raise ValueFault(message("应为图片（png、jpg、gif、webp、bmp），收到 {found}", found=found(kind)))
