"""Controls of dialogs for what is no field of an entity: to whom, for how long, what goes along.

The one rule: they are drawn by the same widgets as fields, so that they look and answer the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from yuanke.metadata.registry import Entity
from yuanke.records.carried import titles_of
from yuanke.records.followers import Following
from yuanke.screens import urls
from yuanke.screens.controls import bare
from yuanke.screens.reader import Reader

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
