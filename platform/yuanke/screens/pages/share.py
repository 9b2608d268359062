"""共享: the chosen records to people, departments and roles; who has them already, and how that ends.

The one rule: whoever may not share a record does not learn who has a share of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from yuanke.kernel.errors import Refusal
from yuanke.metadata.registry import Entity
from yuanke.records.carried import titles_of
from yuanke.records.chosen import offered
from yuanke.records.followers import followings
from yuanke.records.sharing import FIELDS, LEVELS, share, shares_of, unshare
from yuanke.screens import urls
from yuanke.screens.asking import (
    along,
    chosen_records,
    ids_of,
    options,
    people,
    reason,
    refused,
    said_along,
    said_reason,
)
from yuanke.screens.controls import bare
from yuanke.screens.dialogs import dialog, lead_on
from yuanke.screens.pages.bulk import chosen_ids
from yuanke.screens.pages.removal import lead_to_list
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.undoable import told
from yuanke.web.requests import give_up


def ask(reader: Reader, entity: Entity) -> Response:
    """GET ``id`` repeated: with whom, how far, until when."""
    return _dialog(reader, entity, chosen_ids(), {}, [])


def do(reader: Reader, entity: Entity) -> Response:
    """POST ``id`` repeated, ``users``, ``departments``, ``roles``, ``level``, ``expires``, ``with``, ``reason``; or ``end``."""
    ids, form = chosen_ids(), request.form
    try:
        if form.get("end"):
            return _ended(reader, entity, ids, form["end"])
        expires, fault = _day(form.get("expires", ""))
        receivers = _receivers()
        if fault or not receivers:
            give_up()
            errors = {"expires": [fault]} if fault else {"to": [str(_("请选择共享给谁"))]}
            return _dialog(fresh(), entity, ids, errors, [])
        level = form.get("level") or "read"
        done = share(
            reader.unit, reader.actor, entity, ids, receivers, level, expires, said_along("with"), said_reason()
        )
    except Refusal as refusal:
        errors, whole = refused(refusal)
        return _dialog(fresh(), entity, ids, errors, whole)
    told(reader, str(_("已共享 %(n)s 条", n=done.records)), done.change_set)
    return lead_on(urls.record(entity.key, ids[0])) if form.get("one") else lead_to_list(entity)


def _ended(reader: Reader, entity: Entity, ids: Sequence[int], said: str) -> Response:
    """One share taken back; the dialog stays open with the others."""
    kind, _colon, key = said.partition(":")
    receiver = {kind: int(key) if kind != "role" and key.isdigit() else key}
    unshare(reader.unit, reader.actor, entity, ids, [receiver])
    return _dialog(reader, entity, ids, {}, [], again=True)


def _receivers() -> list[dict[str, Any]]:
    form = request.form
    found: list[dict[str, Any]] = [{"user": one} for one in ids_of(form.getlist("users"))]
    found += [{"department": one} for one in ids_of(form.getlist("departments"))]
    return found + [{"role": one} for one in form.getlist("roles") if one]


def _day(text: str) -> tuple[date | None, str | None]:
    try:
        return (date.fromisoformat(text) if text else None), None
    except ValueError:
        return None, str(_("请填写日期"))


def _dialog(
    reader: Reader, entity: Entity, ids: Sequence[int], errors: Mapping[str, list[str]], whole: Sequence[str],
    again: bool = False,
) -> Response:  # fmt: skip
    settings = offered(reader.unit, reader.actor, entity, "share")
    sent = request.form if request.method == "POST" and not again else None
    roles = options((key, reader.say(label)) for key, label in reader.registry.roles.items())
    users = chosen_records(reader, "user", ids_of(sent.getlist("users"))) if sent is not None else []
    departments = chosen_records(reader, "department", ids_of(sent.getlist("departments"))) if sent is not None else []
    wrong = [one for key, said in errors.items() if key == "to" or key.startswith("to.") for one in said]
    fields = [
        people("users", str(_("同事")), "user", users, errors=wrong),
        people("departments", str(_("部门")), "department", departments, help=str(_("部门和下级部门的人都看得到"))),
        bare("roles", str(_("角色")), "choices", value=sent.getlist("roles") if sent is not None else [], options=roles),
        *_level(settings, sent.get("level", "read") if sent is not None else "read", errors.get("level", [])),
        bare(
            "expires", str(_("到期日")), "date", value=sent.get("expires", "") if sent is not None else "",
            help=str(_("过了这一天就不再共享；不填长期有效")), errors=errors.get("expires", []),
        ),
        *along(reader, "with", str(_("随同共享")), followings(reader.unit, entity, settings),
               sent.getlist("with") if sent is not None else None),
        reason(sent.get("reason", "") if sent is not None else ""),
    ]  # fmt: skip
    hidden: list[tuple[str, Any]] = [("id", one) for one in ids]
    hidden += [("one", "1")] if request.values.get("one") else []
    name, n = reader.say(entity.label), len(ids)
    return dialog(
        reader, str(_("共享 %(n)s 条%(name)s", n=n, name=name)), f"/records/{entity.key}/share", fields,
        str(_("共享 %(n)s 条", n=n)), hidden=hidden, errors=whole,
        lines=_standing(reader, entity, ids[0]) if n == 1 else [],
    )  # fmt: skip


def _level(settings: Mapping[str, Any], now: str, errors: list[str]) -> list[dict[str, Any]]:
    """Read or write, where the entity offers both."""
    words = {"read": str(_("只读")), "write": str(_("读写"))}
    known = [key for key in LEVELS if key in (settings.get("levels") or LEVELS)]
    if known == ["read"]:
        return []
    pairs = options((key, words[key]) for key in known)
    return [bare("level", str(_("权限")), "choice", value=now, style="pills", options=pairs, errors=errors)]


def _standing(reader: Reader, entity: Entity, record_id: int) -> list[dict[str, str]]:
    """Who has a share of this record, each with the button that ends it."""
    rows = shares_of(reader.unit, reader.actor, entity, record_id)
    names: dict[str, Mapping[Any, str]] = {
        "user": _titles(reader, "user", rows, "user"),
        "department": _titles(reader, "department", rows, "to_department"),
        "role": {key: reader.say(label) for key, label in reader.registry.roles.items()},
    }
    found = []
    for row in rows:
        kind = next(kind for kind, field in FIELDS.items() if row[field] is not None)
        key = row[FIELDS[kind]]
        title = names[kind].get(key, f"#{key}")
        level = str(_("读写") if row["level"] == "write" else _("只读"))
        until = str(_("%(level)s，到 %(day)s", level=level, day=row["expires"])) if row["expires"] else level
        label = str(_("取消共享"))
        found.append({"title": title, "said": until, "name": "end", "value": f"{kind}:{key}", "label": label})
    return found


def _titles(reader: Reader, of: str, rows: Sequence[Mapping[str, Any]], field: str) -> dict[int, str]:
    ids = [row[field] for row in rows if row[field] is not None]
    return titles_of(reader.unit, reader.actor, reader.registry.entities[of], ids)
