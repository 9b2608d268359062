"""Walks the merged declarations against the dialect: unknown keys, wrong kinds of values, names of what is not there.

Rule: what `fields`, `views`, `rights` and `entities` resolve themselves is only looked at for its shape here.
"""

from __future__ import annotations

from collections.abc import Mapping

from yuanke.expressions import Expression
from yuanke.expressions.scope import Kind
from yuanke.fieldtypes import FieldType
from yuanke.metadata.dialect.context import Context
from yuanke.metadata.dialect.entity import ENTITY, FEATURES
from yuanke.metadata.dialect.file import CUSTOMIZATION, MODULE, SECTIONS
from yuanke.metadata.faults import Faults
from yuanke.metadata.formulas import Formulas
from yuanke.metadata.layer import Layer
from yuanke.metadata.model import EntityDef, Model
from yuanke.metadata.node import Node
from yuanke.metadata.rights import VERBS
from yuanke.metadata.scope import ANY, PlainScope, RecordScope

_SECTION_OF = {
    "ledger": "ledgers",
    "report": "reports",
    "dashboard": "dashboards",
    "class": "classes",
    "dictionary": "dictionaries",
    "metric": "metrics",
}
_STATE_WORDS = ["any", "open", "previous"]
#: what happens to a record beside the rights that are asked for it
_MORE_VERBS = (
    "save", "restore", "merge", "transfer", "share", "comment", "approved", "rejected", "returned", "withdrawn",
)  # fmt: skip


class Checker:
    def __init__(self, model: Model, formulas: Formulas, types: Mapping[str, FieldType], faults: Faults) -> None:
        self.model, self.formulas, self.faults = model, formulas, faults
        self.context = Context(faults, self._known, self._wanted, self._compile, types)

    def check_layer(self, layer: Layer) -> None:
        """The head of a file: its own keys. The sections are checked as they are merged."""
        shape = MODULE if layer.rank in ("module", "platform") else CUSTOMIZATION
        head = layer.settled.replaced({k: n for k, n in layer.settled.value.items() if k not in SECTIONS})
        shape.check(head, self.context.at(what="this file"))
        if layer.rank == "module":
            from yuanke.metadata.names import check_name

            name = layer.node.get("module")
            if name is not None and isinstance(name.value, str):
                check_name(name.value, Node(name.value, name.span, name.layer, name.span), self.faults, "a module")

    def check_section(self, name: str, node: Node) -> None:
        if name != "entities":
            SECTIONS[name].shape.check(node, self.context.at(what=name))

    def check_entity(self, definition: EntityDef) -> None:
        """An entity declared on its own; rows and pairs are checked with the field that holds them."""
        ENTITY.check(definition.node, self.context.at(entity=definition.key, what=f'the entity "{definition.key}"'))

    def check_translations(self, section: Node) -> None:
        """Texts for what is not there: a warning, since nothing breaks."""
        for _, texts in section.items():
            for path, node in texts.items():
                if not node.is_map and path.partition(".")[0] != "module" and not self._is_there(path.split(".")[:-1]):
                    self.faults.add(
                        "W604",
                        node.key,
                        f'Nothing stands at "{path}"',
                        "The path of a text is the path of what it names, with label, help or plural behind it.",
                    )

    def _is_there(self, words: list[str]) -> bool:
        if len(words) < 2:
            return False
        if words[0] != "entities":
            section = self.model.sections.get(words[0])
            return section is not None and _reached(section, words[1:])
        definition = self.model.entities.get(words[1])
        if definition is None:
            return False
        if len(words) > 3 and words[2] == "fields":
            held = definition.fields.get(words[3])
            return held is not None and _reached(held.node, words[4:])
        return _reached(definition.node, words[2:])

    # -- names ----------------------------------------------------------------------------------------------------

    def _known(self, kind: str, word: str, c: Context) -> list[str] | None:
        """Names of ``kind`` that may stand at ``c``; None when that cannot be said."""
        if self.model.incomplete and kind not in ("feature", "state", "post", "act", "verb", "dimension", "measure"):
            return None
        if kind == "entity":
            self.model.note(word)
            known = word in self.model.entities or word in self.model.patterns  # a link to a pattern is told as such
            return [word] if known else list(self.model.entities)
        if kind == "figure":
            self.model.note(word)
            return [*self.model.entities, *(self._known("metric", word, c) or [])]
        if kind in _SECTION_OF:
            section = self.model.sections.get(_SECTION_OF[kind])
            return [k for k, _ in section.items()] if section is not None else []
        if kind == "role":
            return [*self.model.roles, "admin"]
        if kind == "feature":
            return list(FEATURES)
        if kind in ("dimension", "measure"):
            return self._of_ledger(kind, c)
        definition = self.model.entities.get(c.entity)
        self.model.note(c.entity)
        if definition is None:
            return None
        return self._of_entity(kind, word, definition, c)

    def _of_ledger(self, kind: str, c: Context) -> list[str] | None:
        section = self.model.sections.get("ledgers")
        ledger = c.ledger or (section.get(c.field) if section is not None else None)
        held = ledger.get(f"{kind}s") if ledger is not None else None
        return [k for k, _ in held.items()] if held is not None else None

    def _of_entity(self, kind: str, word: str, definition: EntityDef, c: Context) -> list[str] | None:
        if kind == "field":
            return [f.key for f in definition.live_fields()]
        if (
            c.shows
            and kind in ("path", "field")
            and (held := definition.fields.get(word.partition(".")[0]))
            and held.retired
        ):
            return [word]
        if kind == "collection":
            return list(definition.inverses)
        if kind == "collected":
            return [definition.inverses[word].source] if word in definition.inverses else None
        if kind == "path":
            words = self.model.words(definition.key)
            return [*words, word] if self._reaches(definition.key, word) else words
        if kind == "choice":
            return [f.key for f in definition.live_fields() if f.option_values is not None]
        if kind in ("option", "state"):
            return self._options(definition, c.state if kind == "state" else c.field, kind)
        if kind in ("verb", "act", "transition"):
            return self._acts(definition, kind)
        if kind == "post":
            return self._posts(definition)
        return None

    def _reaches(self, entity: str, path: str) -> bool:
        names = path.split(".")
        kind = self.model.kind(entity, names[0])
        scope = RecordScope(self.model, entity, bracket=True)
        for name in names[1:]:
            kind = scope.step(kind, name) if kind is not None else None
        return kind is not None

    def _options(self, definition: EntityDef, field: str, kind: str) -> list[str] | None:
        held = definition.fields.get(field)
        values = held.option_values if held is not None else None
        if values is None:
            return None
        flags = [name for option in values.values() for name, value in option.items() if isinstance(value, bool)]
        return [*values, *(dict.fromkeys([*flags, *_STATE_WORDS]) if kind == "state" else ())]

    def _acts(self, definition: EntityDef, kind: str) -> list[str]:
        transitions, actions = definition.node.at("workflow", "transitions"), definition.node.get("actions")
        found = [k for held in (transitions, actions) if held is not None for k, _ in held.items()]
        if kind == "act":
            return [*found, "merge", "transfer", "share"]
        return [*found, *VERBS, *_MORE_VERBS] if kind == "verb" else found

    def _posts(self, definition: EntityDef) -> list[str]:
        transitions = definition.node.at("workflow", "transitions")
        found: list[str] = []
        for _, transition in transitions.items() if transitions is not None else ():
            post = transition.get("post")
            if post is not None and post.is_map:
                for name, one in post.items():
                    ledger = one.get("ledger")
                    found += [name, *([str(ledger.value)] if ledger is not None else [])]
        return found

    # -- expressions ----------------------------------------------------------------------------------------------

    def _compile(self, node: Node, c: Context, expect: str | Kind | None) -> Expression | None:
        scope = self._scope(c)
        if scope is None:
            return None
        return self.formulas.compile(node, scope, None if c.open else expect, group=c.group)

    def _wanted(self, entity: str, field: str) -> Kind | None:
        """Kind of the value that a field takes; None where any will do."""
        kind = self.model.kind(entity, field) if entity in self.model.entities else None
        return None if kind is None or kind.name in ("collection", "links", "any") else kind

    def _scope(self, c: Context) -> RecordScope | None:
        more = dict.fromkeys(c.results, ANY)
        asked = self._asked(c)
        if c.group and c.entity not in self.model.entities:
            return None  # figures of ledgers and metrics: read by what runs them
        if c.open:
            return OpenNames(
                self.model, c.entity if c.entity in self.model.entities else "", more=more, asked=asked or {}
            )
        if not c.entity:
            return PlainScope(self.model, asked=asked, more=more)
        if c.entity not in self.model.entities:
            return None  # a metric, or an entity whose absence is told elsewhere
        return (KeptNames if c.kept else RecordScope)(self.model, c.entity, more=more, asked=asked)

    def _answered(self, c: Context) -> dict[str, Kind] | None:
        """What was answered to the acts an automation listens to."""
        definition = self.model.entities.get(c.entity)
        made: dict[str, Kind] = {}
        for path in (("workflow", "transitions"), ("actions",)):
            held = definition.node.at(*path) if definition is not None else None
            for name, act in held.items() if held is not None else ():
                if name in c.listens and act.get("ask") is not None:
                    made |= self._asked(c.at(asked=act.get("ask"))) or {}
        return made or None

    def _asked(self, c: Context) -> dict[str, Kind] | None:
        if c.asked is None:
            return self._answered(c) if c.listens else None
        if c.asked.is_list:
            return {str(n.value): self.model.kind(c.entity, str(n.value)) or ANY for n in c.asked.live()}
        made: dict[str, Kind] = {}
        for name, node in c.asked.items():
            if node.is_map and not node.value:
                made[name] = self.model.kind(c.entity, name) or ANY
            elif node.is_map:
                made[name] = self.model.kind_of_field(self.model.define(c.entity, name, node))
        return made


class OpenNames(RecordScope):
    """Names of rows walked at run time: what the record does not have may still be there."""

    def kind_of(self, name: str) -> Kind | None:
        return super().kind_of(name) or (None if self.facts.has_entity(name) else ANY)

    def step(self, kind: Kind, name: str) -> Kind | None:
        return super().step(kind, name) or ANY


class KeptNames(RecordScope):
    """Names of a migration: what a version retired is still there to be read."""

    def kind_of(self, name: str) -> Kind | None:
        found = super().kind_of(name)
        if found is None and isinstance(self.facts, Model) and self.of in self.facts.entities:
            held = self.facts.entities[self.of].fields.get(name)
            found = self.facts.kind_of_field(held) if held is not None else None
        return found


def _reached(node: Node, words: list[str]) -> bool:
    """Whether the words lead to a map below ``node``; a key may hold dots itself."""
    if not words:
        return True
    for length in range(1, len(words) + 1):
        below = node.get(".".join(words[:length]))
        if below is not None and _reached(below, words[length:]):
            return True
    return False
