"""Which names an expression may use, and of what kind their values are: the metadata's side of `expressions.Scope`.

Rule: nothing falls through a bracket. Inside ``orders[...]`` a bare word is a field of the order, ``this`` the record
outside, so a custom field can never capture a name that a formula used before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from yuanke.expressions.scope import Kind

ANY = Kind("any")
ME = Kind("link", of="user")
SETTINGS = Kind("link", of="@settings")
ASKED = Kind("link", of="@asked")
EVENT = Kind("link", of="@event")

EVENT_FIELDS = {
    "name": Kind("text"),
    "moved": Kind("json"),
    "reason": Kind("text"),
    "batch": ANY,
    "at": Kind("datetime"),
    "was": ANY,  # of a transfer: who had it, and who has it now
    "to": ANY,
}


class Names(Protocol):
    """What a scope asks of the metadata (`model.Model` answers from definitions)."""

    def kind(self, entity: str, name: str) -> Kind | None:
        """Kind of a field, collection or system field of ``entity``; None when it has none of that name."""

    def setting(self, name: str) -> Kind | None: ...

    def has_entity(self, key: str) -> bool: ...

    def words(self, entity: str) -> list[str]: ...

    def setting_names(self) -> list[str]: ...

    def document(self, entity: str) -> tuple[str, str] | None:
        """Of owned rows: (entity of the owner, name by which a row calls it)."""


class RecordScope:
    """Names of one record of ``entity``; ``more`` are further names of the place (results, running values)."""

    def __init__(
        self,
        names: Names,
        entity: str,
        *,
        this: Kind | None = None,
        more: Mapping[str, Kind] | None = None,
        asked: Mapping[str, Kind] | None = None,
        bracket: bool = False,
    ) -> None:
        self.facts = names
        self.of = entity
        self.this = this or Kind("link", of=entity)
        self.more = more or {}
        self.asked = asked
        self.bracket = bracket

    def kind_of(self, name: str) -> Kind | None:
        fixed = self._fixed(name)
        if fixed is not None:
            return fixed
        if name in self.more:
            return self.more[name]
        own = self.facts.kind(self.of, name)
        if own is not None or self.bracket:
            return own
        return self._of_document(name)

    def _fixed(self, name: str) -> Kind | None:
        if name == "this":
            return self.this
        if name == "me":
            return ME
        if name == "settings":
            return SETTINGS
        if name in ("old", "row"):
            return None if self.bracket and name == "old" else Kind("link", of=self.of)
        if name == "record":
            document = self.facts.document(self.of)
            return Kind("link", of=document[0] if document else self.of)
        if name == "asked" and self.asked is not None:
            return ASKED
        if name == "event":
            return EVENT
        return None

    def _of_document(self, name: str) -> Kind | None:
        """A row may name its document by the document's entity, and the document's fields bare."""
        entity = self.of
        for _ in range(4):
            document = self.facts.document(entity)
            if document is None:
                return None
            owner, called = document
            if name in (called, owner):
                return Kind("link", of=owner)
            found = self.facts.kind(owner, name)
            if found is not None:
                return found
            entity = owner
        return None

    def step(self, kind: Kind, name: str) -> Kind | None:
        if kind.name in ("any", "json"):
            return ANY
        if kind.name in ("choice", "choices"):
            return _option_value(kind, name)
        if kind.of is None:
            return self._step_of_several(name) if kind.name == "link" else None
        if kind.of.startswith("@"):
            return self._step_of_room(kind.of, name)
        if name == "id":
            return Kind("number")
        if kind.of == "user" and name == "roles":
            return Kind("choices")
        found = self.facts.kind(kind.of, name)
        if found is None and kind.of == "user" and kind is ME:
            return ANY if name == "regions" else None
        return found

    def _step_of_several(self, name: str) -> Kind | None:
        """One dot behind a link to one of several entities: ``kind`` is the entity's key, the rest is open."""
        return Kind("choice") if name == "kind" else Kind("number") if name == "id" else ANY

    def _step_of_room(self, room: str, name: str) -> Kind | None:
        if room == "@settings":
            return self.facts.setting(name)
        if room == "@asked":
            return (self.asked or {}).get(name)
        return EVENT_FIELDS.get(name)

    def inside(self, collection: Kind) -> RecordScope:
        of = collection.of
        if of is None:
            return OpenScope(self)
        return RecordScope(self.facts, of, this=self.this, asked=self.asked, bracket=True)

    def entity(self, name: str) -> Kind | None:
        return Kind("collection", of=name) if self.facts.has_entity(name) else None

    def names(self) -> list[str]:
        found = [*self.facts.words(self.of), *self.more, "this", "me", "settings"]
        document = self.facts.document(self.of)
        if document and not self.bracket:
            found += [document[1], *self.facts.words(document[0])]
        return found


class OpenScope(RecordScope):
    """Inside a collection whose entity is not known: every bare word may be there."""

    def __init__(self, outer: RecordScope) -> None:
        super().__init__(outer.facts, outer.of, this=outer.this, asked=outer.asked, bracket=True)

    def kind_of(self, name: str) -> Kind | None:
        return self._fixed(name) or ANY


class PlainScope(RecordScope):
    """Names where there is no record: defaults of settings, what a report asks."""

    def __init__(
        self, names: Names, asked: Mapping[str, Kind] | None = None, more: Mapping[str, Kind] | None = None
    ) -> None:
        super().__init__(names, "", asked=asked, more=more)

    def kind_of(self, name: str) -> Kind | None:
        if name in ("this", "record", "row", "old"):
            return None
        return self._fixed(name) or self.more.get(name)

    def names(self) -> list[str]:
        return [*self.more, "me", "settings", *(["asked"] if self.asked is not None else [])]


def _option_value(kind: Kind, name: str) -> Kind | None:
    if name == "label":
        return Kind("text")
    if name == "key":
        return Kind("text")
    if name == "order":
        return Kind("number")
    if name == "void":
        return Kind("bool")
    if not kind.options:
        return ANY if kind.options is None else None
    for values in kind.options.values():
        if name in values:
            return kind_of_value(values[name])
    return None


def kind_of_value(value: object) -> Kind:
    """Kind of a plain declared value (an option's own, a sample's)."""
    if isinstance(value, bool):
        return Kind("bool")
    if isinstance(value, str):
        return Kind("text")
    if isinstance(value, (list, dict)):
        return Kind("json")
    return Kind("number") if value is not None else ANY


KindOf = Callable[[str], Kind | None]
