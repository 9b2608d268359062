"""Buttons of a workflow and of actions: on the page of a record, for the chosen ones of a list, and by drag on a board.

The one rule: what a dialog was asked stays typed when the act is refused, with the reason beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, flash, redirect, request
from flask_babel import gettext as _

from yuanke.expressions import Expression
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal, Refused, ValidationFailed, VersionConflict
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field
from yuanke.records import LinkValue, Outcome, Record
from yuanke.screens import urls
from yuanke.screens.controls import bare, control
from yuanke.screens.dialogs import dialog, lead_on
from yuanke.screens.incoming import incoming, is_held, raw_of
from yuanke.screens.pages.bulk import chosen_ids
from yuanke.screens.pages.removal import back_to_list, said_reasons
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.reader import reader as fresh
from yuanke.screens.typed import typed
from yuanke.web.language import say, told
from yuanke.web.requests import give_up
from yuanke.workflow import Act, Offer, act, offers, perform
from yuanke.workflow.answers import asked_fields
from yuanke.workflow.names import ActNames
from yuanke.workflow.offers import acts_for

MOST_BUTTONS = 5
REASON = "reason"


# -- on the page of a record --------------------------------------------------------------------------------------


def buttons(reader: Reader, entity: Entity, record: Record) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(moves of the workflow, other actions) that the reader may take on this record now."""
    if not (entity.workflow or entity.more.get("actions")):
        return [], []
    found = offers(reader.unit, reader.actor, entity, record.id)
    moves = [_button(reader, entity, record, one) for one in found if one.kind == "transition"]
    for first in moves[:1]:
        first["primary"] = True
    return moves, [_button(reader, entity, record, one) for one in found if one.kind == "action"]


def _button(reader: Reader, entity: Entity, record: Record, offer: Offer) -> dict[str, Any]:
    at = f"{urls.record(entity.key, record.id)}/acts/{offer.key}"
    plain = not offer.ask and offer.act.text("confirm") is None
    made = {
        "label": reader.say(offer.label), "icon": offer.icon, "url": at, "method": "post" if plain else "dialog",
        "primary": False, "danger": offer.color == "red", "blocked": None,
    }  # fmt: skip
    if not offer.ask and offer.confirm is not None:
        made |= {"method": "post", "confirm": reader.say(offer.confirm), "yes": reader.say(offer.label)}
    return made


def ask(reader: Reader, entity: Entity, record_id: int, key: str) -> Response:
    """GET: what the act asks."""
    record, found = reader.records.get(entity.key, record_id), _act(entity, key)
    return _dialog(reader, found, _at(entity, record_id, key), record, {}, [])


def do(reader: Reader, entity: Entity, record_id: int, key: str) -> Response:
    """POST: the act happens, or its dialog comes back with what stands in the way."""
    found, at = _act(entity, key), _at(entity, record_id, key)
    record = reader.records.get(entity.key, record_id)
    asked = _answers(reader, found, record)
    try:
        done = perform(
            reader.unit, reader.actor, entity.key, record_id, key, asked, confirm=request.form.getlist("confirm")
        )
    except (AccessDenied, RecordNotFound):
        raise
    except Refusal as refusal:
        give_up()
        return _refused(fresh(), found, at, record_id, refusal)
    flash(str(_("%(act)s：已完成", act=reader.say(found.label))), "success")
    gone = not done.values and done.version == 0
    return lead_on(urls.entity(entity.key) if gone else urls.record(entity.key, record_id))


def _refused(reader: Reader, found: Act, at: str, record_id: int, refusal: Refusal) -> Response:
    record = reader.records.get(found.entity.key, record_id)
    errors = refusal.errors if isinstance(refusal, ValidationFailed) else {}
    names = asked_fields(found)
    own = {key: [say(m) for m in said] for key, said in errors.items() if key in names}
    rest = [say(m) for key, said in errors.items() if key not in names for m in said] or (
        [] if own else [say(refusal.said)]
    )
    if not wants_part() and not names and "confirm" not in refusal.extra and not refusal.extra.get("reason_needed"):
        flash(told(rest), "danger")
        return redirect(urls.record(found.entity.key, record_id), 303)  # type: ignore[return-value]
    return _dialog(reader, found, at, record, own, rest, refusal)


def _dialog(
    reader: Reader,
    found: Act,
    at: str,
    record: Record | None,
    errors: dict[str, list[str]],
    rest: Sequence[str],
    refusal: Refusal | None = None,
    ids: Sequence[int] = (),
) -> Response:
    """Of one record, or of the chosen ``ids`` at once."""
    controls = [
        _control(reader, found, field, record, errors.get(key, [])) for key, field in asked_fields(found).items()
    ]
    extra = refusal.extra if isinstance(refusal, Refused) else {}
    if extra.get("reason_needed"):
        controls.append(_reason())
    confirm, help_ = found.text("confirm"), found.text("help")
    label = reader.say(found.label)
    if record is not None:
        title = str(_("%(act)s：%(name)s", act=label, name=record.title))
    else:
        title = str(_("%(act)s %(n)s 条%(name)s", act=label, n=len(ids), name=reader.say(found.entity.label)))
    hidden = [*(("confirm", name) for name in extra.get("confirm", ())), *(("id", one) for one in ids)]
    return dialog(
        reader, title, at, controls, str(_("仍然%(act)s", act=label)) if extra.get("confirm") else label,
        said=reader.say(confirm or help_) or None, hidden=hidden, errors=rest, danger=found.said.get("color") == "red",
    )  # fmt: skip


def _control(reader: Reader, found: Act, field: Field, record: Record | None, errors: list[str]) -> dict[str, Any]:
    own = record is not None and found.entity.fields.get(field.key) is field
    value = record.values.get(field.key) if own and record is not None else _default(reader, found, field, record)
    made = {
        **control(reader, found.entity, field, value, writable=True, errors=errors, of=record if own else None),
        "formula": False,
        "visible": True,
    }
    made["id"] = f"d-{field.key}"
    if request.method == "POST" and is_held(field, field.key, request.form):
        made["value"] = typed(reader, field, made, field.key)
    made["required"] = made["required"] or field.required_when is not None
    return made


def _default(reader: Reader, found: Act, field: Field, record: Record | None) -> Any:
    """What the dialog begins with; a computed default is of this record, and of a link only what the reader may see."""
    if not isinstance(field.default, Expression):
        return field.default
    if record is None:
        return None
    value = ActNames(reader.unit, reader.actor, found.entity, record.id).run(field.default)
    return _seen(reader, field.targets[0], value) if field.targets and value is not None else value


def _seen(reader: Reader, entity: str, value: Any) -> LinkValue | None:
    try:
        there = reader.records.get(entity, int(value["id"] if isinstance(value, Mapping) else value))
    except (RecordNotFound, AccessDenied):
        return None
    return LinkValue(there.id, there.title)


def _reason() -> dict[str, Any]:
    return bare(REASON, str(_("理由")), "long_text", required=True, length=1000, rows=3)


def _answers(reader: Reader, found: Act, record: Record | None) -> dict[str, Any]:
    """What the dialog held, as it was typed."""
    fields = [field for field in asked_fields(found).values() if not field.rows]
    values = {f.key: raw_of(f, f.key, request.form) for f in fields if is_held(f, f.key, request.form)}
    with_rows = [field for field in asked_fields(found).values() if field.rows]
    if with_rows:
        values |= incoming(reader, with_rows, request.form, record, {}).values
    reason = request.form.get(REASON)
    if reason and REASON not in values:
        values[REASON] = reason
    return {key: value for key, value in values.items() if value not in ("", [])} | {
        key: None for key, value in values.items() if value in ("", []) and key in found.entity.fields
    }


def _act(entity: Entity, key: str) -> Act:
    found = act(entity, key)
    if found.internal:
        raise RecordNotFound()
    return found


def _at(entity: Entity, record_id: int, key: str) -> str:
    return f"{urls.record(entity.key, record_id)}/acts/{key}"


def _at_many(entity: Entity, key: str) -> str:
    return f"/records/{entity.key}/acts/{key}"


# -- for the chosen ones of a list --------------------------------------------------------------------------------


def for_many(reader: Reader, entity: Entity) -> list[dict[str, Any]]:
    """Entries of the bar of chosen records: every act asks each record for itself."""
    return [
        {"label": reader.say(one.label), "icon": one.icon or "arrow-right", "url": _at_many(entity, one.key),
         "method": "dialog"}
        for one in acts_for(reader.unit, reader.actor, entity)
    ]  # fmt: skip


def ask_many(reader: Reader, entity: Entity, key: str) -> Response:
    """GET ``id`` repeated: what the act asks, once for all."""
    found = _act(entity, key)
    reader.records.grant(entity.key)
    return _dialog(reader, found, _at_many(entity, key), None, {}, [], ids=chosen_ids())


def do_many(reader: Reader, entity: Entity, key: str) -> Response:
    """Each record in a savepoint of its own; those that are refused stay as they were and are counted with the reason."""
    found, ids = _act(entity, key), chosen_ids()
    asked = _answers(reader, found, None)
    outcomes = [_one_of_many(reader, entity, at, one, key, asked) for at, one in enumerate(ids)]
    failed = [one for one in outcomes if one.error is not None]
    done = len(ids) - len(failed)
    label = reader.say(found.label)
    if (
        not done
        and failed
        and isinstance(failed[0].error, ValidationFailed)
        and set(failed[0].error.errors) & set(asked_fields(found))
    ):
        give_up()
        errors = {k: [say(m) for m in v] for k, v in failed[0].error.errors.items()}
        return _dialog(fresh(), found, _at_many(entity, key), None, errors, [], ids=ids)
    said = str(_("%(act)s：%(n)s 条已完成", act=label, n=done))
    if failed:
        kept = _("%(n)s 条没有完成：%(reason)s", n=len(failed), reason=said_reasons(reader, entity, failed))
        said = told([said, str(kept)])
    return back_to_list(entity, said, "warning" if failed else "success")


def _one_of_many(reader: Reader, entity: Entity, at: int, record_id: int, key: str, asked: dict[str, Any]) -> Outcome:
    try:
        with reader.unit.savepoint():
            perform(
                reader.unit, reader.actor, entity.key, record_id, key, asked, confirm=request.form.getlist("confirm")
            )
    except Refusal as refusal:
        return Outcome(at, "failed", record_id, refusal)
    return Outcome(at, "updated", record_id)


# -- by drag on a board -------------------------------------------------------------------------------------------


def move_to(reader: Reader, entity: Entity, record_id: int, state: str, version: int | None) -> Record | str:
    """The record moved by the one transition that leads to ``state``; the address of its dialog when it asks something."""
    standing = reader.records.get(entity.key, record_id, fields=())
    if version is not None and standing.version != version:
        raise VersionConflict(standing.version)
    leading = [
        one
        for one in offers(reader.unit, reader.actor, entity, record_id)
        if one.kind == "transition" and (one.to == state or state in one.act.targets)
    ]
    if not leading:
        raise Refused(_no_way(entity, state))
    chosen = leading[0]
    if chosen.confirm is not None or any(field.key != _state(entity) for field in chosen.ask.values()):
        return _at(entity, record_id, chosen.key)
    asked = {_state(entity): state} if chosen.act.targets else {}
    return perform(reader.unit, reader.actor, entity.key, record_id, chosen.key, asked, version)


def _state(entity: Entity) -> str:
    return str(entity.workflow["field"]) if entity.workflow else ""


def _no_way(entity: Entity, state: str) -> Message:
    option = (entity.fields[_state(entity)].options or {}).get(state)
    return message("现在不能直接到“{state}”", state=option.label if option is not None else state)
