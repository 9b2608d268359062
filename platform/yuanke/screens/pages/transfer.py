"""转移: the chosen records to a new owner, with what follows them; taken back from the toast or the log.

The one rule: what is handed over leaves the sight of whoever gave it, so the page it was done from may be gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from yuanke.kernel.errors import Refusal
from yuanke.metadata.registry import Entity
from yuanke.records import Condition, Query
from yuanke.records.chosen import offered
from yuanke.records.followers import followings
from yuanke.records.transferring import Transferred, transfer
from yuanke.screens import urls
from yuanke.screens.asking import (
    along,
    chosen_records,
    ids_of,
    options,
    person,
    reason,
    refused,
    said_along,
    said_reason,
)
from yuanke.screens.controls import bare
from yuanke.screens.dialogs import dialog, lead_on
from yuanke.screens.pages import bulk
from yuanke.screens.pages.removal import lead_to_list, said_reasons
from yuanke.screens.reader import Reader
from yuanke.screens.reader import reader as fresh
from yuanke.screens.undoable import may_do, told
from yuanke.web.language import enumerated
from yuanke.web.language import told as joined
from yuanke.web.requests import give_up


def may_transfer(reader: Reader, entity: Entity) -> bool:
    """The right of its own where the entity has the feature, else the right to write the owner."""
    if "transfer" in entity.features:
        return may_do(reader, entity, "transfer")
    given = reader.records.grant(entity.key, "update")
    return given.allowed and "owner" in given.writable and entity.key != "user"


def ask(reader: Reader, entity: Entity) -> Response:
    """GET ``id`` repeated: to whom, and what goes along."""
    if "transfer" not in entity.features:
        return bulk.ask_transfer(reader, entity)
    return _dialog(reader, entity, bulk.chosen_ids(), {}, [])


def do(reader: Reader, entity: Entity) -> Response:
    """POST ``id`` repeated, ``owner``, ``with``, ``keep``, ``reason``."""
    if "transfer" not in entity.features:
        return bulk.transfer(reader, entity)
    ids, form = bulk.chosen_ids(), request.form
    owner = next(iter(ids_of([form.get("owner", "")])), 0)
    if not owner:
        give_up()
        return _dialog(fresh(), entity, ids, {"to": [str(_("请选择新的负责人"))]}, [])
    try:
        done = transfer(
            reader.unit,
            reader.actor,
            entity,
            ids,
            owner,
            said_along("with"),
            form.get("keep") or "none",
            said_reason(),
            gently=True,
        )
    except Refusal as refusal:
        errors, whole = refused(refusal)
        return _dialog(fresh(), entity, ids, errors, whole)
    return _finished(reader, entity, done)


def _finished(reader: Reader, entity: Entity, done: Transferred) -> Response:
    said = transferred_said(reader, entity, done.moved)
    if done.failed:
        why = said_reasons(reader, entity, done.failed)
        said = joined([said, _("%(n)s 条没有转移：%(reason)s", n=len(done.failed), reason=why)])
    one = next(iter(done.moved), None)
    if request.form.get("one") and one is not None:
        told(reader, said, done.change_set, "warning" if done.failed else "success")
        return lead_on(urls.record(entity.key, one) if _still_seen(reader, entity, one) else urls.entity(entity.key))
    told(reader, said, done.change_set, "warning" if done.failed else "success")
    return lead_to_list(entity)


def transferred_said(reader: Reader, entity: Entity, moved: Mapping[int, Mapping[str, int]]) -> str:
    """``已转移 3 条，随同联系人 5 条``."""
    sums: dict[str, int] = {}
    for counts in moved.values():
        for name, count in counts.items():
            sums[name] = sums.get(name, 0) + count
    known = followings(reader.unit, entity, entity.features["transfer"] or {})
    went = enumerated(
        _("%(name)s %(n)s 条", name=reader.say(known[name].label), n=n) for name, n in sums.items() if name in known
    )
    n = len(moved)
    return str(_("已转移 %(n)s 条，随同%(what)s", n=n, what=went) if went else _("已转移 %(n)s 条", n=n))


def _still_seen(reader: Reader, entity: Entity, record_id: int) -> bool:
    query = Query(conditions=(Condition("id", "eq", record_id),), fields=("id",), limit=1, count="none")
    return bool(reader.records.list(entity.key, query).records)


def _dialog(
    reader: Reader, entity: Entity, ids: Sequence[int], errors: Mapping[str, list[str]], whole: Sequence[str]
) -> Response:
    settings = offered(reader.unit, reader.actor, entity, "transfer")
    sent = request.form if request.method == "POST" else None
    chosen = chosen_records(reader, "user", ids_of([sent.get("owner", "")])) if sent is not None else []
    ticked = sent.getlist("with") if sent is not None else None
    known = followings(reader.unit, entity, settings)
    fields = [
        person("owner", str(_("新的负责人")), next(iter(chosen), None), required=True, errors=errors.get("to", []))
    ]
    fields += along(reader, "with", str(_("随同转移")), known, ticked)
    if fields[1:]:
        fields[-1]["help"] = str(_("只转移原负责人名下的和没有负责人的"))
    if "share" in entity.features:
        fields.append(_kept(sent.get("keep", "none") if sent is not None else "none"))
    fields.append(reason(sent.get("reason", "") if sent is not None else ""))
    hidden: list[tuple[str, Any]] = [("id", one) for one in ids]
    hidden += [("one", "1")] if request.values.get("one") else []
    name = reader.say(entity.label)
    return dialog(
        reader, str(_("转移 %(n)s 条%(name)s", n=len(ids), name=name)), f"/records/{entity.key}/transfer", fields,
        str(_("转移 %(n)s 条", n=len(ids))), said=str(_("部门随负责人改变；你可能不再看得到这些记录")), hidden=hidden,
        errors=whole,
    )  # fmt: skip


def _kept(now: str) -> dict[str, Any]:
    words = [("none", str(_("不保留"))), ("read", str(_("只读"))), ("write", str(_("读写")))]
    return bare("keep", str(_("原负责人保留")), "choice", value=now, style="pills", options=options(words))
