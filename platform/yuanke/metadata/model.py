"""The declared metadata as a whole: definitions that may still be wrong, with the names they give to one another.

`EntityDef` and `FieldDef` are what somebody declared; `entities` and `fields` make `Entity` and `Field` of them. Rule:
everything here is read from merged nodes; what an answer was drawn from is recorded, so that `reuse` can trust it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes import FieldType
from yuanke.metadata.node import Node
from yuanke.metadata.scope import ANY

if TYPE_CHECKING:
    from yuanke.metadata.parts import Part
    from yuanke.metadata.registry import Entity

#: words of an option that say something about the option itself; all others are values of its own
OPTION_WORDS = frozenset({"label", "help", "color", "icon", "void", "retired", "when", "below", "place"})


@dataclass(eq=False)
class FieldDef:
    """One declared field: its merged node and what follows from the telling keys alone."""

    entity: str
    key: str
    node: Node
    type_name: str  # "" = follows from the formula
    type: FieldType | None
    source: str = ""  # "system" for fields the engine writes
    custom: bool = False
    retired: bool = False
    required: bool = False
    multiple: bool = False
    targets: tuple[str, ...] = ()
    rows: str | None = None
    pairs: str | None = None
    inverse: str | None = None

    @property
    def formula(self) -> Node | None:
        return self.node.get("formula")

    @property
    def option_values(self) -> Mapping[str, Mapping[str, Any]] | None:
        """Values of the options, or None when this is no choice."""
        options = self.node.get("options") or self.node.get("bands")
        if options is None or not options.is_map:
            return None
        return {key: own_values(declared_option(option)) for key, option in options.value.items()}


def declared_option(option: Node) -> Node:
    """The option itself, also when a layer took it away: what is stored keeps its label, and conditions may name it."""
    return next((n for n in option.hidden if n.is_map), option) if option.removed else option


def own_values(option: Node) -> dict[str, Any]:
    return {
        k: n.value if not isinstance(n.value, (dict, list)) else n.plain()
        for k, n in option.items()
        if k not in OPTION_WORDS
    }


@dataclass(eq=False)
class InverseDef:
    """A collection that ``entity`` has because ``source.field`` links to it."""

    name: str
    source: str
    field: str
    through_pairs: bool = False


@dataclass(eq=False)
class EntityDef:
    """One declared entity. ``part`` is what its own node gives; ``fields`` adds what owning it gives."""

    key: str
    node: Node
    module: str
    part: Part
    fields: dict[str, FieldDef]
    kind: str = "record"
    parent: tuple[str, str] | None = None
    parent_link: str | None = None
    system: bool = False
    inverses: dict[str, InverseDef] = field(default_factory=dict)

    def live_fields(self) -> list[FieldDef]:
        return [f for f in self.fields.values() if not f.retired]


class Model:
    """Answers of `scope.Names` from definitions, and the record of who asked for what.

    ``define`` makes a definition of a field that belongs to no entity (what an act asks). ``incomplete``: a module that
    others depend on is missing, so that a name nobody knows cannot be called wrong.
    """

    def __init__(
        self, sections: Mapping[str, Node], define: Callable[[str, str, Node], FieldDef], incomplete: bool = False
    ) -> None:
        self.sections = sections
        self.define = define
        self.incomplete = incomplete
        self.entities: dict[str, EntityDef] = {}
        self.patterns: set[str] = set()  # names of abstract entities
        self.settings: dict[str, FieldDef] = {}
        roles = sections.get("roles")
        self.roles: dict[str, Node] = dict(roles.items()) if roles is not None else {}
        self.translations: dict[str, str] = {}
        self.inverse_names: dict[tuple[str, str], str] = {}
        #: entities that another model compiled from the same, and what they were drawn from
        self.reused: Mapping[str, tuple[Entity, frozenset[str]]] = {}
        self.traces: list[set[str]] = []
        self._kinds: dict[tuple[str, str], Kind | None] = {}
        self._faces: dict[str, bytes] = {}
        #: kind of a formula whose field names no type; set by `Formulas`
        self.kind_of_formula: Callable[[FieldDef], Kind] = lambda f: ANY

    def inverse_of(self, found: FieldDef) -> str | None:
        """Name of the collection that the target of a link has."""
        return self.inverse_names.get((found.entity, found.key), found.inverse)

    # -- what scopes ask ------------------------------------------------------------------------------------------

    def kind(self, entity: str, name: str) -> Kind | None:
        self.note(entity)
        key = (entity, name)
        if key not in self._kinds:
            kind, keep = self._find_kind(entity, name)
            if not keep:
                return kind
            self._kinds[key] = kind
        return self._kinds[key]

    def _find_kind(self, entity: str, name: str) -> tuple[Kind | None, bool]:
        definition = self.entities.get(entity)
        if definition is None:
            return (None if entity in ("", "settings") and not self.incomplete else ANY), True
        found = definition.fields.get(name)
        if found is not None and not found.retired:
            return self.kind_of_field(found), bool(found.type_name)
        inverse = definition.inverses.get(name)
        if inverse is not None:
            return Kind("collection", of=inverse.source), True
        if name in ("above", "below") and definition.node.get("tree") is not None:
            return Kind("collection", of=entity), True
        if name.endswith("_history") and self._keeps_history(definition, name):
            return Kind("collection", of=None), True
        return (ANY if self.incomplete else None), True

    def _keeps_history(self, definition: EntityDef, name: str) -> bool:
        kept = definition.fields.get(name.removesuffix("_history"))
        return kept is not None and kept.node.get("history") is not None

    def kind_of_field(self, found: FieldDef) -> Kind:
        """Kind of a field's value, from its telling keys, its type, or its formula."""
        if found.rows:
            return Kind("collection", of=found.rows)
        if found.pairs:
            return Kind("links", of=found.targets[0] if found.targets else None)
        if found.type_name in ("link", "user", "department", "dynamic_link") or found.targets:
            return Kind("link", of=found.targets[0] if len(found.targets) == 1 else None)
        options = found.option_values
        if options is not None:
            return Kind("choices" if found.multiple else "choice", options=options)
        if found.type is None:
            return self.kind_of_formula(found) if found.formula is not None else ANY
        return Kind(found.type.kind)

    def setting(self, name: str) -> Kind | None:
        self.note("settings")
        found = self.settings.get(name)
        return self.kind_of_field(found) if found is not None else ANY if self.incomplete else None

    def setting_names(self) -> list[str]:
        return list(self.settings)

    def has_entity(self, key: str) -> bool:
        self.note(key)
        return key in self.entities

    def words(self, entity: str) -> list[str]:
        definition = self.entities.get(entity)
        if definition is None:
            return []
        return [f.key for f in definition.live_fields()] + list(definition.inverses)

    def document(self, entity: str) -> tuple[str, str] | None:
        definition = self.entities.get(entity)
        if definition is None or definition.kind == "record" or definition.parent is None:
            return None
        self.note(definition.parent[0])
        return definition.parent[0], definition.parent_link or definition.parent[0]

    # -- who asked for what ---------------------------------------------------------------------------------------

    def note(self, entity: str) -> None:
        if self.traces:
            self.traces[-1].add(entity)

    def note_all(self, entities: Iterable[str]) -> None:
        if self.traces:
            self.traces[-1].update(entities)

    def face(self, name: str) -> bytes:
        """What others can feel of an entity (of the settings): equal faces, equal answers. Empty when there is none."""
        if name not in self._faces:
            self._faces[name] = self._make_face(name)
        return self._faces[name]

    def _make_face(self, name: str) -> bytes:
        made = hashlib.blake2b(digest_size=16)
        if name == "settings":
            for key, found in self.settings.items():
                made.update(key.encode() + found.node.digest())
            return made.digest()
        definition = self.entities.get(name)
        if definition is None:
            return b""
        made.update(definition.part.face)
        tree = definition.node.get("tree")
        made.update(
            repr(
                (
                    definition.kind,
                    definition.parent,
                    definition.parent_link,
                    list(definition.fields),
                    tree and tree.value,
                )
            ).encode()
        )
        for inverse in definition.inverses.values():
            made.update(f"{inverse.name}\0{inverse.source}\0{inverse.field}\0{inverse.through_pairs}\1".encode())
        for held in definition.part.linked:
            made.update((self.inverse_of(held) or "").encode() + b"\0")
        return made.digest()
