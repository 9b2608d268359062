"""Controls of dialogs for what is no field of an entity: to whom, for how long, what goes along.

The one rule: they are drawn by the same widgets as fields, so that they look and answer the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import request
from flask_babel import gettext as _

from yuanke.kernel.errors import Refusal, ValidationFailed
from yuanke.metadata.registry import Entity
from yuanke.records.carried import titles_of
from yuanke.records.followers import Following
from yuanke.screens import urls
from yuanke.screens.controls import bare
from yuanke.screens.reader import Reader
from yuanke.web.language import say
from yuanke.web.requests import give_up

LONGEST = 18
LONGEST_REASON = 200


def people(name: str, label: str, of: str, chosen: Sequence[dict[str, Any]] = (), **more: Any) -> dict[str, Any]:
    """Several records of ``of`` (users, departments)."""
    return bare(name, label, "links", value=list(chosen), lookup_url=urls.lookup(of), **more)


def person(name: str, label: str, chosen: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return bare(name, label, "user", value=chosen, lookup_url=urls.lookup("user"), **more)


def reason(said: str) -> dict[str, Any]:
    """Why, in a few words; nobody has to say it."""
    return bare("reason", str(_("原因")), "text", value=said, length=LONGEST_REASON)


def said_reason() -> str | None:
    """What a dialog sent as the reason, None for nothing."""
    return request.form.get("reason", "").strip()[:LONGEST_REASON] or None


def said_along(name: str) -> list[str] | None:
    """What was ticked to go along; None where the dialog offered nothing."""
    return request.form.getlist(name) if f"{name}:given" in request.form else None


def refused(refusal: Refusal) -> tuple[dict[str, list[str]], list[str]]:
    """(sentences by field, sentences of the whole) for the dialog that comes back; the unit is given up, so ask for a
    fresh reader after it. What is not there stays a 404."""
    if refusal.status == 404:
        raise refusal
    give_up()
    if not isinstance(refusal, ValidationFailed):
        return {}, [say(refusal.said)]
    errors = {key: [say(m) for m in said] for key, said in refusal.errors.items()}
    return errors, errors.get("ids", [])


def options(pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"key": key, "label": label, "color": "gray", "retired": False} for key, label in pairs]


def along(reader: Reader, name: str, label: str, known: Mapping[str, Following], chosen: Any) -> list[dict[str, Any]]:
    """Ticks for what may go with the records; none where nothing is declared. ``chosen`` None = as declared."""
    if not known:
        return []
    ticked = [key for key, one in known.items() if one.default] if chosen is None else list(chosen)
    pairs = options((key, reader.say(one.label)) for key, one in known.items())
    return [bare(name, label, "choices", value=ticked, options=pairs)]


def ids_of(texts: Iterable[str]) -> list[int]:
    """Ids among what was sent, each once."""
    return list(dict.fromkeys(int(one) for one in texts if one.isascii() and one.isdigit() and len(one) <= LONGEST))


def chosen_records(reader: Reader, of: str, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Chosen records as a look-up shows them."""
    entity: Entity = reader.registry.entities[of]
    titles = titles_of(reader.unit, reader.actor, entity, ids)
    return [{"id": one, "title": titles[one]} for one in ids if one in titles]
