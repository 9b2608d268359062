"""Makes `Field` of `FieldDef`: every key of a field resolved, defaults read by the field's own type.

Rule: what a field does not say has a default; what its type does not know is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from yuanke.expressions import Expression
from yuanke.fieldtypes import FieldType, Place, ValueFault
from yuanke.kernel.text import label_of_key
from yuanke.metadata import texts
from yuanke.metadata.faults import Faults
from yuanke.metadata.formulas import TYPE_OF_KIND, Formulas, is_expression
from yuanke.metadata.model import OPTION_WORDS, FieldDef, Model, own_values
from yuanke.metadata.node import Node
from yuanke.metadata.registry import Field, Option
from yuanke.metadata.scope import RecordScope
from yuanke.metadata.sources import Sources

#: keys that become attributes of `Field`; all others travel in ``more`` as written
_KNOWN = frozenset(
    [
        "type",
        "label",
        "help",
        "required",
        "unique",
        "default",
        "editable",
        "visible_when",
        "required_when",
        "valid_when",
        "message",
        "min",
        "max",
        "length",
        "pattern",
        "scale",
        "index",
        "searchable",
        "sensitive",
        "masked",
        "options",
        "bands",
        "multiple",
        "link",
        "links",
        "inverse",
        "on_delete",
        "filter",
        "rows",
        "with",
        "formula",
        "place",
        "formerly",
        "retired",
        "like",
    ]
)


class FieldMaker:
    """Compiles the fields of one model. ``english`` are its translations."""

    def __init__(
        self, model: Model, formulas: Formulas, sources: Sources, types: Mapping[str, FieldType], faults: Faults
    ) -> None:
        self.model, self.formulas, self.sources, self.types, self.faults = model, formulas, sources, types, faults

    def make(self, found: FieldDef, path: str, custom_entity: bool = False) -> Field:
        node, english = found.node, self.model.translations
        kind = self._type(found)
        scope = self.formulas.scope_of_field(found)
        formula = self.formulas.of_field(found) if found.formula is not None else None
        made = Field(
            entity=found.entity,
            key=found.key,
            type=kind,
            label=self._label(found, path),
            source=self.sources.source(found),
            help=texts.text(node, "help", path, english),
            required=found.required,
            unique=self._unique(node),
            multiple=found.multiple,
            editable=self._editable(node, scope),
            visible_when=self._condition(node, "visible_when", scope),
            required_when=self._condition(node, "required_when", scope),
            valid_when=self._condition(node, "valid_when", scope),
            message=_word(node, "message"),
            length=_whole(node, "length"),
            pattern=_word(node, "pattern"),
            scale=_whole(node, "scale"),
            index=_flag(node, "index") or bool(found.targets and not found.pairs),
            searchable=self._searchable(node, kind),
            sensitive=self._sensitive(node),
            masked=self._masked(node, scope),
            options=self._options(found, path, scope),
            targets=found.targets,
            inverse=found.inverse,
            on_delete=_word(node, "on_delete") or "refuse",
            filter=self._filter(found),
            rows=found.rows,
            pairs=found.pairs,
            formula=formula,
            custom=found.custom,
            retired=found.retired,
            more=_more(node),
        )
        return self._with_values(made, node, scope)

    def _type(self, found: FieldDef) -> FieldType:
        if found.type is not None:
            return found.type
        kind = self.model.kind_of_formula(found) if found.formula is not None else None
        name = (
            "link"
            if kind is not None and kind.name == "link" and kind.of
            else TYPE_OF_KIND.get(kind.name if kind else "", "")
        )
        if kind is not None and kind.name in ("choice", "choices"):
            name = kind.name
        if kind is not None and not name and kind.name not in ("any", "null"):
            self.faults.add(
                "E206",
                found.formula or found.node,
                f'The formula of "{found.key}" gives no single value',
                "Say the type of the field beside it, or make the formula give one.",
            )
        return self.types.get(name) or self.types["text"]

    def _label(self, found: FieldDef, path: str) -> Any:
        return texts.label(found.node, found.key, path, self.model.translations)

    def _condition(self, node: Node, word: str, scope: RecordScope) -> Expression | None:
        return self.formulas.compile(node.get(word), scope, "bool")

    def _filter(self, found: FieldDef) -> Expression | None:
        said = found.node.get("filter")
        if said is None:
            return None
        scope = RecordScope(
            self.model,
            found.targets[0] if len(found.targets) == 1 else "",
            this=RecordScope(self.model, found.entity).this,
        )
        return self.formulas.compile(said, _FilterScope(scope, found.entity), "bool")

    def _unique(self, node: Node) -> tuple[str, ...] | None:
        said = node.get("unique")
        if said is None or said.value is False:
            return None
        return tuple(str(n.value) for n in said.live())

    def _editable(self, node: Node, scope: RecordScope) -> bool | str | Expression:
        said = node.get("editable")
        if said is None:
            return node.get("formula") is None
        if isinstance(said.value, bool):
            return said.value
        if said.value == "new":
            return "new"
        made = self.formulas.compile(said, scope, "bool")
        return made if made is not None else True

    def _searchable(self, node: Node, kind: FieldType) -> bool:
        said = node.get("searchable")
        return bool(said.value) if said is not None else kind.searchable

    def _sensitive(self, node: Node) -> bool | str:
        said = node.get("sensitive")
        return said.value if said is not None and isinstance(said.value, (bool, str)) else False

    def _masked(self, node: Node, scope: RecordScope) -> bool | Expression:
        said = node.get("masked")
        if said is None or isinstance(said.value, bool):
            return bool(said.value) if said is not None else False
        made = self.formulas.compile(said, scope, "bool")
        return made if made is not None else True

    def _options(self, found: FieldDef, path: str, scope: RecordScope) -> Mapping[str, Option] | None:
        declared = found.node.get("options") or found.node.get("bands")
        if declared is None or not declared.is_map:
            return None
        made: dict[str, Option] = {}
        for key, node in declared.value.items():
            gone = node.removed
            if gone:
                node = next((n for n in node.hidden if n.is_map), node)
            if node.is_map:
                made[key] = self._option(key, node, f"{path}.options.{key}", scope, gone)
        return made

    def _option(self, key: str, node: Node, path: str, scope: RecordScope, gone: bool) -> Option:
        label = texts.label(node, key, path, self.model.translations)
        values = own_values(node)
        return Option(
            key,
            label,
            _word(node, "color"),
            values,
            _flag(node, "void"),
            gone or _flag(node, "retired"),
            self.formulas.compile(node.get("when"), scope, "bool"),
        )

    def _with_values(self, made: Field, node: Node, scope: RecordScope) -> Field:
        """``min``, ``max`` and ``default`` read by the field's own type."""
        low, high = self._limit(made, node.get("min")), self._limit(made, node.get("max"))
        made = replace(made, min=low, max=high)
        said = node.get("default")
        if said is None:
            return made
        if is_expression(said):
            return replace(made, default=self.formulas.compile(said, scope, marked=True))
        return replace(made, default=self._value(made, said, "The default", check=True))

    def _limit(self, made: Field, said: Node | None) -> Any:
        if said is None or isinstance(said.value, (dict, list)):
            return None
        if made.rows or made.pairs or made.type.kind == "text":
            return int(said.value) if isinstance(said.value, int) else None
        return self._value(made, said, "The limit", check=False)

    def _value(self, made: Field, said: Node, what: str, check: bool) -> Any:
        if made.targets or made.rows:
            return said.plain()
        raw = said.plain() if isinstance(said.value, (dict, list)) else said.value
        try:
            value = made.type.parse(made, raw, Place())
            if check and value is not None:
                made.type.check(made, value)
            return value
        except ValueFault as fault:
            self.faults.add(
                "E221",
                said,
                f'{what} of "{made.key}" is not a value of its type',
                f"{fault.said.say()} ({made.type.name}).",
            )
            return None


class _FilterScope(RecordScope):
    """``filter`` of a link: bare names are the candidate's, ``this`` / ``row`` the record that chooses, ``record`` its document."""

    def __init__(self, inner: RecordScope, chooser: str) -> None:
        super().__init__(inner.facts, inner.of, this=inner.this, bracket=True)
        self._chooser = RecordScope(inner.facts, chooser)

    def kind_of(self, name: str):  # type: ignore[no-untyped-def]
        if name in ("row", "record"):
            return self._chooser.kind_of(name)
        return super().kind_of(name)


def _word(node: Node, key: str) -> str | None:
    said = node.get(key)
    return (
        str(said.value)
        if said is not None and isinstance(said.value, (str, int)) and not isinstance(said.value, bool)
        else None
    )


def _whole(node: Node, key: str) -> int | None:
    said = node.get(key)
    return said.value if said is not None and isinstance(said.value, int) and not isinstance(said.value, bool) else None


def _flag(node: Node, key: str) -> bool:
    said = node.get(key)
    return said is not None and said.value is True


def _more(node: Node) -> dict[str, Any]:
    return {key: child.plain() for key, child in node.items() if key not in _KNOWN}


__all__ = ["FieldMaker", "OPTION_WORDS", "label_of_key"]
