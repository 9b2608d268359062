"""Refusals at run time: an exception with a code, an HTTP status and a sentence that may be shown to anybody.

`api` turns them into problem details, `screens` into the same sentence; nothing else may leak into an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.kernel.text import Message, message


class Refusal(Exception):
    """Base of all refusals; ``code`` is stable and documented, ``said`` is for people."""

    code = "refused"
    status = 409

    def __init__(self, said: Message, **extra: Any) -> None:
        self.said = said
        self.extra = extra
        super().__init__(said.say())


class Unauthenticated(Refusal):
    """Nobody is logged in, or what was shown does not count (any more)."""

    code, status = "unauthenticated", 401


class AccessDenied(Refusal):
    """The actor may see that the thing exists but may not do this with it."""

    code, status = "access_denied", 403


class RecordNotFound(Refusal):
    """Absent, binned, or not visible to the actor: always the same answer."""

    code, status = "not_found", 404

    def __init__(self, said: Message | None = None, **extra: Any) -> None:
        super().__init__(said or message("没有找到这条记录，或你无权查看"), **extra)


class QueryFault(Refusal):
    """A fault in the query string; a hidden name reads exactly like an unknown one."""

    code, status = "bad_query", 400


class ValidationFailed(Refusal):
    """Wrong values; ``errors`` maps a field path (``amount``, ``lines.2.price``, ``""`` = the whole record) to sentences."""

    code, status = "validation_failed", 422

    def __init__(self, errors: Mapping[str, list[Message]]) -> None:
        self.errors = dict(errors)
        super().__init__(message("有 {count} 处需要修改", count=len(self.errors)))


class VersionConflict(Refusal):
    """Somebody saved in between; ``current`` is the version that stands now."""

    code, status = "version_conflict", 409

    def __init__(self, current: int) -> None:
        super().__init__(message("这条记录刚被别人修改过，请核对后再保存"), current=current)
        self.current = current


class Refused(Refusal):
    """A rule of the business says no (a lock, a guard, a referrer); ``extra`` may name what stands in the way."""

    code, status = "refused", 409


class TooManyRequests(Refusal):
    """``extra['retry_after']`` is in seconds."""

    code, status = "too_many_requests", 429


class Unavailable(Refusal):
    """Busy or under maintenance; ``extra['retry_after']`` is in seconds."""

    code, status = "unavailable", 503
