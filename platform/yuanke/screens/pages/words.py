"""What look-ups of words offer: places by any part of their name or pinyin, tags that were used before.

The one rule: words are taken from what the reader may see, and he may always type his own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Response, jsonify, request

from yuanke.fieldtypes.region import SEPARATOR, divisions
from yuanke.kernel.errors import RecordNotFound
from yuanke.metadata.registry import Entity
from yuanke.records import Query
from yuanke.records.tokens import fold, initials
from yuanke.screens.reader import Reader

MOST = 20
LOOKED_AT = 200


def regions_json() -> Response:
    """``?q=深圳`` or ``?q=sz``: ``[{id: "广东省/深圳市", title: "广东省 深圳市"}]``, the wider places first."""
    words = [fold(word) for word in request.args.get("q", "")[:60].split()]
    found = [
        path
        for depth, path, keys in _places()
        if all(any(word in key for key in keys) for word in words) and (words or depth == 1)
    ]
    return jsonify(result=[{"id": path, "title": path.replace(SEPARATOR, " ")} for path in found[:MOST]])


@cache
def _places() -> list[tuple[int, str, tuple[str, ...]]]:
    """(depth, path, what it is found by: the whole path, and the initials of its last name and of all)."""
    paths = [path for path in divisions() if path]
    made = []
    for path in paths:
        names = path.split(SEPARATOR)
        made.append((len(names), path, (fold(path), initials(names[-1]), initials("".join(names)))))
    return sorted(made, key=lambda one: one[0])


def words_json(reader: Reader, entity: Entity, key: str) -> Response:
    """Tags of the newest records that the reader may see, most used first."""
    field = entity.fields.get(key)
    if field is None or field.type.name != "tags" or key not in reader.records.grant(entity.key).readable:
        raise RecordNotFound()
    counts: dict[str, int] = {}
    page = reader.records.list(entity.key, Query(fields=(key,), sort=("-id",), limit=LOOKED_AT, count="none"))
    for record in page.records:
        for word in record.values.get(key) or ():
            counts[word] = counts.get(word, 0) + 1
    q = fold(request.args.get("q", "")[:60])
    fit = [word for word in sorted(counts, key=lambda w: (-counts[w], w)) if q in fold(word) or q in initials(word)]
    return jsonify(result=[_item(word) for word in fit[:MOST]])


def _item(word: str) -> dict[str, Any]:
    return {"id": word, "title": word}
