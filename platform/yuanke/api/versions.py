"""The version a caller believes to change: ``If-Match``, or ``version`` in the body or query.

The one rule: ETag is the record's version in quotes; where both are given they must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from yuanke.api import asked
from yuanke.api.members import LARGEST_VERSION, misread
from yuanke.kernel.errors import QueryFault, ValidationFailed, VersionConflict
from yuanke.kernel.text import message


def etag(version: int) -> dict[str, str]:
    return {"ETag": f'"{version}"'}


def expected(body: Mapping[str, Any] | None = None) -> int | None:
    """The version that must still stand, or None when the caller does not care."""
    in_body = _in_body(body) if body else None
    if request.method == "DELETE" and "version" in request.args:
        in_body = asked.number("version", 0, LARGEST_VERSION)
    in_header = _in_header()
    if in_body is not None and in_header is not None and in_body != in_header:
        raise VersionConflict(in_body)
    return in_header if in_header is not None else in_body


def _in_body(body: Mapping[str, Any]) -> int | None:
    version = body.get("version")
    refused = misread(version)
    if refused is not None:
        raise ValidationFailed({"version": [refused]})
    return version


def _in_header() -> int | None:
    given = request.headers.get("If-Match", "").strip()
    if not given or given == "*":
        return None
    plain = given.removeprefix("W/").strip('"')
    if not (plain.isascii() and plain.isdigit() and len(plain) < 11):
        raise QueryFault(
            message('If-Match 应为 ETag 中的版本号，例如 "3"，收到 {given}', given=given[:40]), parameter="If-Match"
        )
    return int(plain)
