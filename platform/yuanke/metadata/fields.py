"""Makes `Field` of `FieldDef`: every key of a field resolved, defaults read by the field's own type.

Rule: what a field does not say has a default; what its type does not know is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes import FieldType, Place, ValueFault
from yuanke.kernel.text import Label, label_of_key
from yuanke.metadata import texts
from yuanke.metadata.faults import Faults
from yuanke.metadata.formulas import TYPE_OF_KIND, Formulas, is_expression
from yuanke.metadata.model import FieldDef, Model, declared_option, own_values
from yuanke.metadata.node import Node
from yuanke.metadata.parts import RECORD_NODES
from yuanke.metadata.registry import Field, Option
from yuanke.metadata.scope import Names, RecordScope
from yuanke.metadata.sources import Sources


class _Spec:
    """What a type may ask of a field while its default is read (`fieldtypes.FieldSpec`): the attributes so far."""

    required = False
    multiple = False
    length: int | None = None
    pattern: str | None = None
    scale: int | None = None
    min: Any = None
    max: Any = None
    options: Mapping[str, Any] | None = None
    targets: tuple[str, ...] = ()
    more: Mapping[str, Any] = {}

    def __init__(self, attributes: dict[str, Any]) -> None:
        self.__dict__ = attributes


@dataclass
class _Work:
    """One field on its way: its definition, the names it may use, and the attributes found so far."""

    found: FieldDef
    path: str
    scope: RecordScope
    made: dict[str, Any]


class FieldMaker:
    """Compiles the fields of one model."""

    def __init__(
        self, model: Model, formulas: Formulas, sources: Sources, types: Mapping[str, FieldType], faults: Faults
    ) -> None:
        self.model, self.formulas, self.sources, self.types, self.faults = model, formulas, sources, types, faults
        self._templates: dict[str, dict[str, Any]] = {}

    def make(self, found: FieldDef, path: str, scope: RecordScope | None = None) -> Field:
        """The compiled field that stands at ``path`` (for translations). ``scope``: names other than the record's."""
        if found.source == "system" and found.node is RECORD_NODES.get(found.key):
            return self._system(found, path)
        made: dict[str, Any] = {
            "entity": found.entity, "key": found.key, "type": self._type(found), "label": self._label(found, path),
            "source": self.sources.source(found), "targets": found.targets, "inverse": self.model.inverse_of(found),
            "rows": found.rows, "pairs": found.pairs, "custom": found.custom, "retired": found.retired,
            "required": found.required, "multiple": found.multiple, "more": {},
        }  # fmt: skip
        made["searchable"] = made["type"].searchable
        made["index"] = bool(found.targets) and not found.pairs
        work = _Work(found, path, scope or self.formulas.scope_of_field(found), made)
        later: list[tuple[str, Node]] = []
        for word, node in found.node.value.items():
            if node.removed or node.value is None:
                continue
            if word in _LATER:
                later.append((word, node))
            elif (attribute := _ATTRIBUTES.get(word)) is not None:
                attribute(self, work, node)
            elif word not in _ELSEWHERE:
                made["more"][word] = node.plain()
        for word, node in sorted(later, key=lambda one: one[0] == "default"):
            _ATTRIBUTES[word](self, work, node)
        self._declared(work)
        return Field(**made)

    def _declared(self, work: _Work) -> None:
        """What the field's own type says of the keys together: a least value above the greatest, too many digits."""
        if work.found.rows or work.found.pairs or work.found.retired:
            return
        for word, said in work.made["type"].declared_faults(_Spec(work.made)).items():
            node = work.found.node.get(word)
            if (
                node is None
                or node.removed
                or self.faults.at(node)
                or (word == "options" and not work.made.get("options"))
            ):
                continue  # told already, where it is wrong
            self.faults.add(
                "E221",
                node,
                f'{word}: of "{work.found.key}" cannot be like this',
                f"{said.say()} ({work.made['type'].name}).",
            )

    def _system(self, found: FieldDef, path: str) -> Field:
        """A field that every record has: alike everywhere but for its entity, and perhaps a translation."""
        template = self._templates.get(found.key)
        if template is None:
            kind = self._type(found)
            label = Label(str(found.node.value["label"].value), label_of_key(found.key))
            template = self._templates[found.key] = {
                "key": found.key, "type": kind, "label": label, "source": "system", "targets": found.targets,
                "index": found.key in ("owner", "department"), "searchable": kind.searchable,
            }  # fmt: skip
        english = self.model.translations.get(f"{path}.label")
        if english is None:
            return Field(entity=found.entity, **template)
        return Field(entity=found.entity, **{**template, "label": Label(template["label"].zh, english)})

    def _type(self, found: FieldDef) -> FieldType:
        """The declared type; else the one that fits what the formula gives."""
        if found.type is not None:
            return found.type
        kind = self.model.kind_of_formula(found) if found.formula is not None else None
        name = TYPE_OF_KIND.get(kind.name if kind else "", "")
        if kind is not None and kind.name == "link":
            name = "link" if kind.of and not kind.of.startswith("@") else ""
        if kind is not None and kind.name in ("choice", "choices"):
            detail = "Say its options beside the formula, or take them from the field it gives: like: <entity>.<field>."
            self.faults.add(
                "E206",
                found.formula or found.node,
                f'The formula of "{found.key}" gives an option of an unsaid list',
                detail,
            )
        return self.types.get(name) or self.types["text"]

    def _label(self, found: FieldDef, path: str) -> Label:
        return texts.label(found.node, found.key, path, self.model.translations)

    # -- one method for each key that becomes an attribute --------------------------------------------------------

    def _help(self, work: _Work, node: Node) -> None:
        work.made["help"] = texts.text(work.found.node, "help", work.path, self.model.translations)

    def _unique(self, work: _Work, node: Node) -> None:
        if node.value is not False:
            work.made["unique"] = tuple(str(n.value) for n in node.live())

    def _editable(self, work: _Work, node: Node) -> None:
        if isinstance(node.value, bool) or node.value == "new":
            work.made["editable"] = node.value
        else:
            work.made["editable"] = self.formulas.compile(node, work.scope, "bool") or True

    def _formula(self, work: _Work, node: Node) -> None:
        work.made["formula"] = self.formulas.of_field(work.found)
        work.made.setdefault("editable", False)

    def _condition(self, word: str, work: _Work, node: Node) -> None:
        work.made[word] = self.formulas.compile(node, work.scope, "bool")

    def _frozen_when(self, work: _Work, node: Node) -> None:
        work.made["frozen_when"] = self.formulas.compile(node, work.scope, "bool", sql=True)

    def _filter(self, work: _Work, node: Node) -> None:
        targets = work.found.targets
        scope = FilterScope(self.model, targets[0] if len(targets) == 1 else "", work.found.entity)
        work.made["filter"] = self.formulas.compile(node, scope, "bool", sql=True)

    def _masked(self, work: _Work, node: Node) -> None:
        work.made["masked"] = (
            node.value if isinstance(node.value, bool) else self.formulas.compile(node, work.scope, "bool") or True
        )

    def _options(self, work: _Work, node: Node) -> None:
        if not node.is_map:
            return
        made: dict[str, Option] = {}
        for key, option in node.value.items():
            body = declared_option(option)
            if body.is_map:
                made[key] = self._option(key, body, f"{work.path}.options.{key}", work.scope, option.removed)
        work.made["options"] = made

    def _option(self, key: str, node: Node, path: str, scope: RecordScope, gone: bool) -> Option:
        label = texts.label(node, key, path, self.model.translations)
        values = own_values(node)
        when = node.get("when")
        condition = self.formulas.compile(when, scope, "bool") if when is not None else None
        return Option(
            key, label, _word(node, "color"), values, _flag(node, "void"), gone or _flag(node, "retired"), condition
        )

    def _min(self, work: _Work, node: Node) -> None:
        work.made["min"] = self._limit(work, node)

    def _max(self, work: _Work, node: Node) -> None:
        work.made["max"] = self._limit(work, node)

    def _limit(self, work: _Work, node: Node) -> Any:
        if isinstance(node.value, (dict, list)):
            return None
        if work.found.rows or work.found.pairs or work.made["type"].kind == "text":
            return node.value if isinstance(node.value, int) else None
        if is_expression(node):
            return self.formulas.compile(node, work.scope, self._wanted(work.found))
        return self._value(work, node, "The limit", check=False)

    def _default(self, work: _Work, node: Node) -> None:
        if is_expression(node):
            work.made["default"] = self.formulas.compile(node, work.scope, self._wanted(work.found))
        else:
            work.made["default"] = self._value(work, node, "The default", check=True)

    def _wanted(self, found: FieldDef) -> Kind | None:
        kind = self.model.kind_of_field(found)
        return None if kind.name == "collection" else kind

    def _value(self, work: _Work, node: Node, what: str, check: bool) -> Any:
        """A plain value read by the field's own type."""
        made = work.made
        raw = node.plain() if isinstance(node.value, (dict, list)) else node.value
        if made["targets"] or made["rows"]:
            return raw
        spec = _Spec(made)
        try:
            value = made["type"].parse(spec, raw, Place())
            if check and value is not None:
                made["type"].check(spec, value)
            return value
        except ValueFault as fault:
            self.faults.add(
                "E221",
                node,
                f'{what} of "{work.found.key}" is not a value of its type',
                f"{fault.said.say()} ({made['type'].name}).",
            )
            return None


Attribute = Callable[[FieldMaker, _Work, Node], None]


def _plain_word(word: str, kind: type) -> Attribute:
    def take(maker: FieldMaker, work: _Work, node: Node) -> None:
        if isinstance(node.value, kind) and (kind is not int or not isinstance(node.value, bool)):
            work.made[word] = node.value

    return take


def _when(word: str) -> Attribute:
    return lambda maker, work, node: maker._condition(word, work, node)


def _text_of(word: str) -> Attribute:
    def take(maker: FieldMaker, work: _Work, node: Node) -> None:
        work.made[word] = str(node.raw if node.raw is not None else node.value)

    return take


#: key of the dialect -> how it becomes an attribute
_ATTRIBUTES: dict[str, Attribute] = {
    "help": FieldMaker._help,
    "unique": FieldMaker._unique,
    "editable": FieldMaker._editable,
    "formula": FieldMaker._formula,
    "visible_when": _when("visible_when"),
    "required_when": _when("required_when"),
    "valid_when": _when("valid_when"),
    "frozen_when": FieldMaker._frozen_when,
    "message": _text_of("message"),
    "length": _plain_word("length", int),
    "pattern": _text_of("pattern"),
    "scale": _plain_word("scale", int),
    "index": _plain_word("index", bool),
    "searchable": _plain_word("searchable", bool),
    "sensitive": _plain_word("sensitive", (bool, str)),  # type: ignore[arg-type]
    "masked": FieldMaker._masked,
    "options": FieldMaker._options,
    "bands": FieldMaker._options,
    "on_delete": _text_of("on_delete"),
    "filter": FieldMaker._filter,
    "min": FieldMaker._min,
    "max": FieldMaker._max,
    "default": FieldMaker._default,
}
#: these read what the others found
_LATER = frozenset({"min", "max", "default"})
#: these are taken from the definition itself, or steer layers
_ELSEWHERE = frozenset(
    {
        "type",
        "label",
        "required",
        "multiple",
        "link",
        "links",
        "rows",
        "with",
        "inverse",
        "place",
        "retired",
        "like",
    }
)


class FilterScope(RecordScope):
    """``filter`` of a link: bare names are the candidate's; ``this`` is who chooses, ``record`` its document."""

    def __init__(self, facts: Names, candidate: str, chooser: str) -> None:
        super().__init__(facts, candidate, this=Kind("link", of=chooser), bracket=True)
        self._chooser = RecordScope(facts, chooser)

    def kind_of(self, name: str) -> Kind | None:
        return self._chooser.kind_of(name) if name in ("row", "record") else super().kind_of(name)


def _word(node: Node, key: str) -> str | None:
    said = node.get(key)
    return str(said.value) if said is not None and isinstance(said.value, str) else None


def _flag(node: Node, key: str) -> bool:
    said = node.get(key)
    return said is not None and said.value is True
