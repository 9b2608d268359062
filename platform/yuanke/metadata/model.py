"""The declared metadata as a whole: definitions that may still be wrong, with the names they give to one another.

`EntityDef` and `FieldDef` are what somebody declared; `compiler` makes `Entity` and `Field` of them. Rule: everything here
is read from merged nodes and nothing is changed; what one answer was drawn from is recorded, so that `cache` can reuse it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes import FieldType
from yuanke.metadata.node import Node
from yuanke.metadata.scope import ANY, kind_of_value

#: words of an option that say something about the option itself; all others are values of its own
OPTION_WORDS = frozenset(
    {"label", "help", "color", "icon", "void", "retired", "when", "order", "below", "place", "formerly"}
)


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
    def inverse_said(self) -> bool:
        """Whether the declaration itself names the collection on the other side."""
        return self.node.get("inverse") is not None

    @property
    def formula(self) -> Node | None:
        return self.node.get("formula")

    @property
    def option_values(self) -> Mapping[str, Mapping[str, Any]] | None:
        """Values of the options, or None when this is no choice."""
        options = self.node.get("options") or self.node.get("bands")
        if options is None or not options.is_map:
            return None
        return {key: own_values(option) for key, option in options.items()}


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
    key: str
    node: Node
    module: str
    kind: str = "record"
    fields: dict[str, FieldDef] = field(default_factory=dict)
    parent: tuple[str, str] | None = None
    parent_link: str | None = None
    system: bool = False
    inverses: dict[str, InverseDef] = field(default_factory=dict)

    def live_fields(self) -> list[FieldDef]:
        return [f for f in self.fields.values() if not f.retired]


class Model:
    """Answers of `scope.Names` from definitions, and the record of who asked for what."""

    def __init__(self) -> None:
        self.entities: dict[str, EntityDef] = {}
        self.settings: dict[str, FieldDef] = {}
        self.roles: dict[str, Node] = {}
        self.sections: dict[str, Node] = {}
        self.translations: dict[str, str] = {}
        self.traces: list[set[str]] = []
        self._kinds: dict[tuple[str, str], Kind | None] = {}
        #: a definition of a field that belongs to no entity (what an act asks); set by the declarer
        self.define: Callable[[str, str, Node], FieldDef]
        #: kind of a formula whose field names no type; set by the compiler
        self.kind_of_formula: Callable[[FieldDef], Kind] = lambda f: ANY

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
            return (None if entity in ("", "settings") else ANY), True
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
        return None, True

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
        return self.kind_of_field(found) if found is not None else None

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


def kind_of_default(value: object) -> Kind:
    return kind_of_value(value)
