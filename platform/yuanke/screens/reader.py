"""Who looks at a page: the request's door to data, the language, and where values are shown.

The one rule: a page asks the door and nothing else; what the door does not give, no template can show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from flask import request

from yuanke.fieldtypes import Place
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import Label
from yuanke.metadata.registry import Entity, Registry
from yuanke.records import Records
from yuanke.storage import Unit
from yuanke.web.language import locale
from yuanke.web.requests import current


@dataclass(frozen=True)
class Reader:
    """``reader()`` gives the one of the request."""

    records: Records
    locale: str

    @property
    def unit(self) -> Unit:
        return self.records.unit

    @property
    def actor(self) -> Actor:
        return self.records.actor

    @property
    def registry(self) -> Registry:
        return self.unit.registry

    @cached_property
    def speaking(self) -> Actor:
        """The actor in the language of the page: what a job writes for him is in it."""
        return replace(self.actor, locale=self.locale)

    @cached_property
    def place(self) -> Place:
        return replace(self.unit.place, locale=self.locale)

    def say(self, label: Label | None) -> str:
        return label.say(self.locale) if label is not None else ""

    def may(self, entity: Entity, verb: str) -> bool:
        return self.records.may(entity.key, verb)


def reader() -> Reader:
    return Reader(current().records, locale())


def reader_of(key: str) -> tuple[Reader, Entity]:
    """The reader, and the entity that the address names. Raises RecordNotFound when there is none of that name."""
    who = reader()
    of = who.registry.entities.get(key)
    if of is None or of.kind == "pair":
        raise RecordNotFound()
    return who, of


def wants_part() -> bool:
    """An htmx request that swaps a part of the page; going back in the history asks for the whole page."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"
