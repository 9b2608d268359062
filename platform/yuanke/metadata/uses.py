"""Where a field, an option or an entity is named: formulas, views, rights, flows, reports, prints.

The one rule: nothing is guessed from texts where the dialect knows better. The declarations are compiled once more and
whoever looks up a name is written down, so that a new key of the dialect is covered by itself; only the places of
message and print templates are read as texts.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from yuanke.expressions import Expression
from yuanke.expressions.scope import Kind
from yuanke.fieldtypes import catalogue
from yuanke.kernel.diagnostics import Span
from yuanke.kernel.text import Label, Message, message
from yuanke.metadata.assemble import Assembly
from yuanke.metadata.compiler import digest_of, with_system
from yuanke.metadata.dialect.context import Context
from yuanke.metadata.faults import Faults
from yuanke.metadata.layer import Layer
from yuanke.metadata.model import EntityDef, Model
from yuanke.metadata.node import Node, from_plain
from yuanke.metadata.registry import Registry
from yuanke.metadata.scope import RecordScope
from yuanke.metadata.stack import lay

#: (entity, field), (entity, field, option), (entity,)
Named = tuple[str, ...]
_PLACE = re.compile(r"\{+\s*([a-z][a-z0-9_.]*)")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SILENT = ("translations", "samples", "tests")
KINDS = {
    "formula": Message("「{entity}」的公式「{name}」"),
    "field": Message("「{entity}」的字段「{name}」的{key}"),
    "view": Message("「{entity}」的视图「{name}」"),
    "rights": Message("「{entity}」中「{name}」的权限"),
    "flow": Message("「{entity}」的流程「{name}」"),
    "rule": Message("「{entity}」的{key}"),
    "report": Message("报表「{name}」"),
    "dashboard": Message("仪表板「{name}」"),
    "print": Message("打印模板「{name}」"),
    "other": Message("{key}「{name}」"),
}
_ORDER = list(KINDS)
_PARTS = {
    "views": "view", "permissions": "rights", "workflow": "flow", "actions": "flow", "automations": "flow",
    "checks": "flow", "refuse": "flow", "becomes": "flow", "fills": "flow",
}  # fmt: skip


@dataclass(frozen=True)
class Use:
    """One place: what kind it is, its address in the dialect, and its name for people."""

    kind: str
    address: str
    label: Message


class Uses:
    """Every use there is, found by what is used."""

    def __init__(self) -> None:
        self._found: dict[Named, dict[str, Use]] = {}

    def of(self, *named: str) -> list[Use]:
        """Uses of an entity, a field or an option, each place once: formulas first."""
        found = dict(self._found.get(named, {}))
        own = ".".join(("entities", named[0], *(("fields", *named[1:2]) if len(named) > 1 else ())))
        outside = [u for u in found.values() if not (u.address == own or u.address.startswith(own + "."))]
        return sorted(outside, key=lambda use: _ORDER.index(use.kind))

    def add(self, named: Named, use: Use) -> None:
        self._found.setdefault(named, {}).setdefault(use.address, use)


_kept: OrderedDict[str, Uses] = OrderedDict()
MOST_KEPT = 4


def uses(layers: Sequence[Layer]) -> Uses:
    """Uses in declarations that are right (of wrong ones: as far as they were read)."""
    layers = with_system(layers)
    digest = digest_of(layers)
    found = _kept.get(digest)
    if found is None:
        found = _kept[digest] = _Tracing(layers).found()
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found


class _Tracing:
    def __init__(self, layers: Sequence[Layer]) -> None:
        faults = Faults(lambda span: "")
        self.stack = lay([_addressed(layer) for layer in layers], faults)
        self.assembly = Assembly(self.stack, catalogue(), faults, fresh=True, traced=True)
        self.model: Model = self.assembly.model
        self.notes: list[tuple[Named, str]] = []  # what is named, the address

    def found(self) -> Uses:
        compile_, checker = self.assembly.formulas.compile, self.assembly.checker

        def listening(
            node: Node | None,
            scope: RecordScope,
            expect: str | Kind | None = None,
            *,
            sql: bool = False,
            group: bool = False,
        ) -> Expression | None:
            made = compile_(node, scope, expect, sql=sql, group=group)
            if made is not None and node is not None:
                self._expression(made, scope.of, _address(node.span))
            return made

        self.assembly.formulas.compile = listening  # type: ignore[method-assign]
        checker.context = checker.context.at(note=self._name)
        registry = self.assembly.registry("")
        self._texts()
        made = Uses()
        for named, address in self.notes:
            use = _use(address, registry)
            if use is not None:
                made.add(named, use)
        return made

    def _name(self, kind: str, word: str, node: Node, c: Context) -> None:
        address = _address(node.span)
        if kind in ("field", "path", "choice"):
            self._walk(c.entity, word.split("."), address)
        elif kind in ("entity", "figure"):
            self.notes.append(((word,), address))
        elif kind in ("option", "state"):
            self.notes.append(((c.entity, c.state if kind == "state" else c.field, word), address))

    def _expression(self, made: Expression, entity: str, address: str) -> None:
        words = set(_WORD.findall(made.source))
        for path in made.reads:
            for held, name in self._walk(entity, path, address):
                definition = self.model.entities[held].fields.get(name)
                options = definition.option_values if definition is not None else None
                for option in options or ():
                    if option in words:
                        self.notes.append(((held, name, option), address))

    def _walk(self, entity: str, path: Sequence[str], address: str) -> list[tuple[str, str]]:
        """Fields that a path goes through; each is a use."""
        fields = list(self._fields(entity, path))
        self.notes += [(pair, address) for pair in fields]
        return fields

    def _fields(self, entity: str, path: Sequence[str]) -> Iterator[tuple[str, str]]:
        here: EntityDef | None = self.model.entities.get(entity)
        for index, name in enumerate(path):
            known = here is not None and (name in here.fields or name in here.inverses)
            if not known and index == 0:
                if name in self.model.entities:
                    self.notes.append(((name,), ""))
                    here = self.model.entities[name]
                    continue
                if here is not None and here.parent is not None:  # a row names its document, or the document's fields
                    yield from self._fields(here.parent[0], path[1:] if name == here.parent_link else path)
                return
            if here is None:
                return
            field = here.fields.get(name)
            if field is None:
                inverse = here.inverses.get(name)
                if inverse is None:
                    return
                yield inverse.source, inverse.field
                here = self.model.entities.get(inverse.source)
                continue
            yield here.key, name
            after = field.rows or (field.targets[0] if len(field.targets) == 1 else None)
            here = self.model.entities.get(after) if after else None

    def _texts(self) -> None:
        """Places in templates, and the fields of a form's sections, which the dialect leaves open."""
        for key, definition in self.model.entities.items():
            for part in (*_PARTS, "fields"):
                node = definition.node.get(part)
                if node is not None:
                    self._places(node, key)
            views = definition.node.get("views")
            for _, view in views.items() if views is not None else ():
                sections = view.get("sections")
                if sections is not None:
                    self._sections(sections, key)
            rights = definition.node.get("permissions")
            for _, permission in rights.items() if rights is not None else ():
                fields = permission.get("fields")
                for name, said in fields.items() if fields is not None else ():
                    self._walk(key, [name], _address(said.span))
        prints = self.stack.sections.get("prints")
        for _, node in prints.items() if prints is not None else ():
            entity = node.get("entity")
            if entity is not None:
                self._places(node, str(entity.value))

    def _places(self, node: Node, entity: str) -> None:
        for text in _texts_in(node):
            if "{" in text.value:
                for place in _PLACE.findall(text.value):
                    self._walk(entity, place.split("."), _address(text.span))

    def _sections(self, node: Node, entity: str) -> None:
        for text in _texts_in(node):
            if _WORD.fullmatch(text.value):
                self._walk(entity, [text.value], _address(text.span))


def _texts_in(node: Node) -> Iterator[Node]:
    if node.removed:
        return
    if isinstance(node.value, str):
        yield node
    below: Iterable[Node] = (
        node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    )
    for child in below:
        yield from _texts_in(child)


def _addressed(layer: Layer) -> Layer:
    """The layer with the address of each value in the place of its line."""
    return Layer(layer.name, layer.rank, from_plain(layer.plain(), Span(""), layer.name, ""), file=layer.file)


def _address(span: Span) -> str:
    return span.file.removeprefix(": ")


def _use(address: str, registry: Registry) -> Use | None:
    """The place for people; None for what nobody would call a use (translations, samples)."""
    words = address.split(".")
    if len(words) < 2 or words[0] in _SILENT:
        return None
    if words[0] == "entities":
        return _use_in_entity(address, words, registry)
    kind = {"reports": "report", "dashboards": "dashboard", "prints": "print"}.get(words[0], "other")
    section = getattr(registry, words[0], None) or registry.more.get(words[0])
    said = section.get(words[1]) if isinstance(section, dict) else None
    name = said.get("label") if isinstance(said, dict) else None
    return Use(kind, ".".join(words[:2]), Message(KINDS[kind].text, {"name": name or words[1], "key": words[0]}))


def _use_in_entity(address: str, words: list[str], registry: Registry) -> Use | None:
    entity = registry.entities.get(words[1])
    if entity is None or len(words) < 3:
        return None
    if words[2] == "fields" and len(words) > 3:
        field = entity.fields.get(words[3])
        key = words[4] if len(words) > 4 else ""
        values = {"entity": entity.label, "name": field.label if field is not None else words[3], "key": key}
        kind = "formula" if key == "formula" else "field"
        return Use(kind, ".".join(words[:5]), Message(KINDS[kind].text, values))
    kind = _PARTS.get(words[2], "rule")
    deep = 5 if words[2:4] == ["workflow", "transitions"] else 4
    name: str | Label = words[deep - 1] if len(words) >= deep else words[-1]
    if kind == "view" and name in entity.views:
        name = entity.views[str(name)].label
    elif kind == "rights":
        name = registry.roles.get(str(name), name)
    values = {"entity": entity.label, "name": name, "key": words[2]}
    return Use(kind, ".".join(words[:deep]), message(KINDS[kind].text, **values))
