"""The filter bar of a list: which fields may be clicked, what is set, and how it is said.

The one rule: what is the same for every request is made once; a request adds only what it asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from yuanke.metadata.registry import Entity, Field
from yuanke.records.carried import titles_of
from yuanke.screens import urls
from yuanke.screens.asked import AMONG, EMPTY, SPANS, Asked
from yuanke.screens.controls import options_of, words_url
from yuanke.screens.reader import Reader
from yuanke.web.language import enumerated

MOST_FIRST = 4
MOST = 24
KEPT = 20_000
TEXTS = frozenset({"text", "phone", "email", "url", "address", "barcode", "color", "long_text"})
OTHERS = frozenset({"bool", "file", "image"})
_made: dict[tuple[Any, ...], dict[str, Any]] = {}


def filters(reader: Reader, entity: Entity, asked: Asked, shown: list[Field]) -> list[dict[str, Any]]:
    """Choices, people and dates of the columns first, then other choices; the rest waits behind 更多筛选."""
    readable = reader.records.grant(entity.key).readable
    fields = [f for k, f in entity.fields.items() if k in readable and not f.retired and _clickable(f)]
    columns = {f.key for f in shown}
    fields.sort(key=lambda f: (f.key not in columns, f.options is None, f.source == "system" and f.key != "owner"))
    first = [
        f.key for f in fields if f.key in columns and (f.options or f.targets == ("user",) or f.type.name == "date")
    ]
    first += [f.key for f in fields if f.key not in columns and f.options and f.source == "typed"]
    wanted = asked.args.get("with", "").removeprefix("f.")
    named = {name.split(".")[1] for name in asked.args if name.startswith("f.")}
    kept = fields[:MOST] + [f for f in fields[MOST:] if f.key in named or f.key == wanted]
    return [
        _filter(reader, entity, f, asked, f.key in first[:MOST_FIRST] or f.key == wanted, f.key in named) for f in kept
    ]


def _clickable(field: Field) -> bool:
    if field.rows or field.pairs or not field.has_column or field.key in ("id", "version", "deleted_at"):
        return False
    return bool(field.options) or len(field.targets) == 1 or field.type.name in (TEXTS | SPANS | AMONG | OTHERS)


def _filter(reader: Reader, entity: Entity, field: Field, asked: Asked, first: bool, named: bool) -> dict[str, Any]:
    """``cache``: what the drawing of an unset filter hangs on; it is the same for everybody who sees the field."""
    name = f"f.{field.key}"
    still = {"name": name, "widget": field.type.widget, "first": first, "field": _field(reader, entity, field),
             "cache": (entity.digest, entity.key, field.key) if entity.digest else None}  # fmt: skip
    if not named:
        return {**still, "value": _NOTHING.get(field.type.name, []), "said": None, "clear_url": None}
    value, said = _value(reader, field, asked, name)
    parts = (name, f"{name}.from", f"{name}.to", f"{name}.within")
    return {**still, "value": value, "said": said, "clear_url": asked.url(**dict.fromkeys(parts))}


def _field(reader: Reader, entity: Entity, field: Field) -> dict[str, Any]:
    mark = (entity.digest, entity.key, field.key, reader.locale, id(field))
    found = _made.get(mark)
    if found is None:
        if len(_made) > KEPT:
            _made.clear()
        found = _made[mark] = {
            "key": field.key, "name": f"f.{field.key}", "id": f"q-{field.key}", "label": reader.say(field.label),
            "options": options_of(reader, field), "widget": field.type.widget, "max": int(field.max or 5) if field.type.name == "rating" else None,
            "lookup_url": urls.lookup(field.targets[0]) if field.targets else words_url(entity, field), "targets": [],
        }  # fmt: skip
    return found


_NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(TEXTS | OTHERS, ""),
    **{key: {"from": "", "to": "", "within": ""} for key in SPANS},
}


def _value(reader: Reader, field: Field, asked: Asked, name: str) -> tuple[Any, str | None]:
    given = [one for one in asked.args.getlist(name) if one]
    if field.type.name in SPANS:
        return _range(asked, name)
    if field.type.name in OTHERS:
        words = {"1": _("是"), "0": _("否")} if field.type.name == "bool" else {"1": _("有"), "0": _("没有")}
        return (given[0] if given else ""), str(words[given[0]]) if given and given[0] in words else None
    if field.options:
        labels = {o["key"]: o["label"] for o in options_of(reader, field, given)}
        return given, enumerated(labels.get(v, _said_empty()) for v in given) or None
    if field.targets:
        chosen = _chosen(reader, field, given)
    elif field.type.name in AMONG:
        chosen = [{"id": v, "title": v.replace("/", " ") if v != EMPTY else _said_empty()} for v in given]
    else:
        return (given[0] if given else ""), given[0] if given else None
    said = enumerated(item["title"] for item in chosen) or None
    return [item["id"] if item["id"] == "me" else item for item in chosen], said


def _said_empty() -> str:
    return str(_("（空）"))


def _chosen(reader: Reader, field: Field, given: list[str]) -> list[Any]:
    ids = [int(v) for v in given if v.isdigit() and len(v) < 19]
    titles = titles_of(reader.unit, reader.actor, reader.registry.entities[field.targets[0]], ids)
    found: list[Any] = [{"id": one, "title": titles.get(one, f"#{one}")} for one in ids]
    if "me" in given:
        found.insert(0, {"id": "me", "title": str(_("我"))})
    if EMPTY in given:
        found.append({"id": EMPTY, "title": _said_empty()})
    return found


def _range(asked: Asked, name: str) -> tuple[Any, str | None]:
    low, high, within = (asked.args.get(f"{name}.{part}", "") for part in ("from", "to", "within"))
    words = {
        "today": _("今天"), "yesterday": _("昨天"), "this_week": _("本周"), "last_week": _("上周"), "this_month": _("本月"),
        "last_month": _("上月"), "this_quarter": _("本季"), "this_year": _("今年"), "last_30": _("近 30 天"),
        "next_7": _("未来 7 天"), "next_30": _("未来 30 天"), "past": _("已过"), "none": _("未填"),
    }  # fmt: skip
    parts = [str(words[within])] if within in words else []
    parts += [f"{low} – {high}".strip()] if low or high else []
    return {"from": low, "to": high, "within": within}, enumerated(parts) or None
