"""The query string of a list, read strictly: a name that is not known is told, never ignored.

The one rule: faults here are 400 and name the parameter; what a field name means is decided below, under the reader's
rights.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import request

from yuanke.kernel.diagnostics import nearest
from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import message
from yuanke.records import Query
from yuanke.web import drafts

LIST = ("filter", "q", "sort", "fields", "view", "limit", "after", "count", "binned")
COUNTS = ("exact", "capped", "none")
LONGEST_FILTER = 4_000
LONGEST_TEXT = 200
MOST = 500
MOST_RELATED = 8


def only(known: Iterable[str]) -> None:
    """Refuse parameters that are not ``known`` and those given twice; ``draft`` is read by `yuanke.web.drafts`."""
    names = tuple(known)
    for name, values in request.args.lists():
        if name not in names and name != drafts.PARAMETER:
            said = message("没有参数 {name}，可用的有：{known}", name=name, known=names or "-")
            if near := nearest(name, names):
                said = message("{said}，是否想写“{near}”", said=said, near=near)
            raise QueryFault(said, parameter=name)
        if len(values) > 1:
            raise QueryFault(message("参数 {name} 出现了 {count} 次", name=name, count=len(values)), parameter=name)


_read: dict[bytes, Query] = {}  # a program asks for the same few lists again and again
MOST_READ, LONGEST_READ = 1_000, 500


def query() -> Query:
    """The `Query` of a list request."""
    asked = request.query_string
    found = _read.get(asked)
    if found is None:
        found = _query()
        if len(asked) <= LONGEST_READ:
            if len(_read) >= MOST_READ:
                _read.clear()
            _read[asked] = found
    return found


def _query() -> Query:
    only(LIST)
    return Query(
        filter=text("filter", LONGEST_FILTER),
        q=text("q", LONGEST_TEXT),
        sort=tuple(names("sort") or ()),
        fields=None if (fields := names("fields")) is None else tuple(fields),
        view=text("view", LONGEST_TEXT),
        limit=number("limit", 50, MOST),
        after=text("after", LONGEST_FILTER),
        count=choice("count", COUNTS, "capped"),
        binned=choice("binned", ("0", "1"), "0") == "1",
    )


def text(name: str, longest: int = LONGEST_TEXT) -> str | None:
    given = request.args.get(name)
    if given is not None and len(given) > longest:
        raise QueryFault(message("参数 {name} 最多 {longest} 个字符", name=name, longest=longest), parameter=name)
    if given is not None and "\0" in given:
        raise QueryFault(message("参数 {name} 含有不允许的字符", name=name), parameter=name)
    return given or None


def names(name: str) -> list[str] | None:
    """Names separated by commas; None when the parameter is absent, a fault when one of them is empty."""
    if name not in request.args:
        return None
    given = text(name, 2_000) or ""
    parts = [part.strip() for part in given.split(",")]
    if not all(parts):
        raise QueryFault(
            message("参数 {name} 是用逗号分开的字段名，收到 {given}", name=name, given=given), parameter=name
        )
    return parts


def related() -> dict[str, Query]:
    """``related=guests,orders:20``: first pages of what hangs on a record, 50 or so many each, at most eight of them."""
    found: dict[str, Query] = {}
    for part in names("related") or ():
        name, _, limit = part.partition(":")
        if limit and not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= MOST):
            said = message(
                "参数 related 里 {name} 的条数须为 1 到 {most} 的整数，收到 {given}",
                name=name,
                most=MOST,
                given=limit[:40],
            )
            raise QueryFault(said, parameter="related")
        found[name] = Query(limit=int(limit or 50), count="none")
    if len(found) > MOST_RELATED:
        raise QueryFault(message("参数 related 最多 {most} 个", most=MOST_RELATED), parameter="related")
    return found


def number(name: str, default: int, most: int) -> int:
    given = request.args.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) < 10 and 1 <= int(given) <= most):
        said = message("参数 {name} 须为 1 到 {most} 的整数，收到 {given}", name=name, most=most, given=given[:40])
        raise QueryFault(said, parameter=name)
    return int(given)


def choice(name: str, known: tuple[str, ...], default: str) -> str:
    given = request.args.get(name, default)
    if given not in known:
        said = message("参数 {name} 须为 {known} 之一，收到 {given}", name=name, known=known, given=given[:40])
        raise QueryFault(said, parameter=name)
    return given
