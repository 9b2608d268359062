"""Web addresses. The one rule: only schemes that a browser opens without running anything."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from yuanke.fieldtypes.base import FieldSpec, Place, ValueFault
from yuanke.fieldtypes.faults import expected, found
from yuanke.fieldtypes.strings import TextType
from yuanke.kernel.text import Label, message

SCHEMES = ("https", "http", "ftp", "sftp")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_HOST = re.compile(r"[^\s/?#@:\\\"'<>]+(?:\.[^\s/?#@:\\\"'<>]+)+\.?(?::[0-9]{1,5})?(?=[/?#]|$)")


class Url(TextType):
    name = "url"
    label = Label("网址", "Web address")
    help = Label("网址；没写 https:// 时自动补上", "A web address; https:// is added when it is missing")
    operators = ("contains", "starts", "eq", "empty", "filled")
    widget = "url"
    longest = 2000
    wanted = message("网址（例如 https://www.example.com）")
    example = "{type: url}"
    sample = "https://www.example.com"

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return super().json_schema(field) | {"format": "uri"}

    def read(self, field: FieldSpec, tidy: str, place: Place) -> Any:
        if _HOST.match(tidy):
            tidy = "https://" + tidy
        scheme = _SCHEME.match(tidy)
        if scheme and scheme[1].lower() not in SCHEMES:
            raise ValueFault(
                message(
                    "不允许 {scheme}: 开头的网址，收到 {found}；请用 https://", scheme=scheme[1][:20], found=found(tidy)
                )
            )
        try:
            parts = urlsplit(tidy)
            sound = bool(scheme and parts.hostname) and (parts.port or 0) < 65536
        except ValueError:
            sound = False
        if not sound or any(letter.isspace() or letter in '"<>\\`{}|^' for letter in tidy):
            raise expected(self.wanted, tidy)
        return tidy
