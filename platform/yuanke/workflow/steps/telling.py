"""Steps that tell people and other systems: notify, remind, mail, webhook.

The one rule: nothing leaves before the commit; a letter or a call is a job that the transaction leaves behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yuanke.access.scopes import Me
from yuanke.records.environment import StoredValues
from yuanke.workflow.names import ActNames, evaluate, is_expression
from yuanke.workflow.steps.kinds import Body, StepRun, step
from yuanke.workflow.text import fill


def people(said: Any, names: ActNames) -> list[int]:
    """User ids of what ``to`` names: ``=expression``, a path of names, or a list of them; each person once."""
    found: dict[int, None] = {}
    for one in said if isinstance(said, list) else [said]:
        value = evaluate(names, one) if is_expression(one) else names.value(str(one))
        for person in _each(value):
            if isinstance(person, (StoredValues, Me)) and person.get("id") is not None:
                found[int(person["id"])] = None
            elif isinstance(person, int):
                found[person] = None
    return list(found)


def _each(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, (list, tuple, set, frozenset)) else (value,)


@step("notify")
def notify(body: Body, names: ActNames, run: StepRun) -> Any:
    from yuanke import messages

    to, text = people(body["to"], names), fill(str(body["text"]), names)
    messages.notify(
        run.unit,
        to,
        text,
        entity=run.entity.key,
        record=run.record_id,
        kind=str(body.get("kind") or "notice"),
        actor=run.actor,
    )
    run.tell("notify", {"to": to, "text": text})
    return None


@step("remind")
def remind(body: Body, names: ActNames, run: StepRun) -> Any:
    from yuanke import messages

    to, text = people(body["to"], names), fill(str(body["text"]), names)
    due = evaluate(names, body["due"]) if body.get("due") is not None else None
    messages.remind(
        run.unit, to, text, entity=run.entity.key, record=run.record_id, key=f"{run.entity.key}.{run.act}", due=due,
        until=body.get("until"), moment=run.moment, kind=str(body.get("kind") or "reminder"),
    )  # fmt: skip
    run.tell("remind", {"to": to, "text": text, "due": str(due) if due is not None else None})
    return None


@step("mail")
def mail(body: Body, names: ActNames, run: StepRun) -> Any:
    from yuanke import messages

    value = evaluate(names, body["to"]) if is_expression(body["to"]) else body["to"]
    to = [str(one) for one in _each(value) if isinstance(one, str)] or people(body["to"], names)
    subject, text = fill(str(body.get("subject") or ""), names), fill(str(body.get("text") or ""), names)
    files = files_of(body.get("files"), names)
    messages.mail(run.unit, to, subject, text, entity=run.entity.key, record=run.record_id, files=files)
    run.tell("mail", {"to": to, "subject": subject, **({"files": [one["name"] for one in files]} if files else {})})
    return None


def files_of(said: Any, names: ActNames) -> list[Mapping[str, Any]]:
    """The files that the fields ``said`` hold now, each once."""
    found: dict[int, Mapping[str, Any]] = {}
    for path in said if isinstance(said, list) else [said] if said else []:
        for value in _each(names.value(str(path))):
            for one in _each(value):
                if isinstance(one, Mapping) and one.get("id"):
                    found[int(one["id"])] = one
    return list(found.values())


@step("webhook")
def webhook(body: Any, names: ActNames, run: StepRun) -> Any:
    from yuanke import messages

    said: Mapping[str, Any] = {"name": body} if isinstance(body, str) else body
    where = str(said.get("url") or said.get("name") or "")
    payload = {key: _plain(evaluate(names, value)) for key, value in (said.get("values") or {}).items()}
    messages.webhook(
        run.unit, where, f"{run.entity.key}.{run.act}", {"entity": run.entity.key, "id": run.record_id, **payload}
    )
    run.tell("webhook", {"to": where})
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, StoredValues):
        return {"id": value.get("id")}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (int, bool, type(None))) else str(value)
