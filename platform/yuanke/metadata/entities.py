"""Makes `Entity` of `EntityDef`.

Rule: everything an entity says about itself is resolved here; what others say of it is added by `assemble`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from yuanke.expressions import Expression
from yuanke.fieldtypes import FieldType
from yuanke.kernel.diagnostics import did_you_mean
from yuanke.kernel.text import Label
from yuanke.metadata import texts
from yuanke.metadata.acts import act_labels
from yuanke.metadata.compute import computed_rings, plan
from yuanke.metadata.duplicates import duplicate_rule
from yuanke.metadata.faults import Faults
from yuanke.metadata.features import features_of
from yuanke.metadata.fields import FieldMaker
from yuanke.metadata.flows import warn_workflow
from yuanke.metadata.formulas import Formulas
from yuanke.metadata.model import EntityDef, FieldDef, Model
from yuanke.metadata.moments import check_moments
from yuanke.metadata.node import Node
from yuanke.metadata.registry import DuplicateRule, Entity, Field, Inverse, NumberRule, Permission
from yuanke.metadata.rights import RightsMaker, may_write
from yuanke.metadata.scope import ANY, RecordScope
from yuanke.metadata.sources import Sources
from yuanke.metadata.views import ViewMaker

#: entity keys that become attributes; all others travel in ``more`` as written
_KNOWN = frozenset(
    [
        "label",
        "plural",
        "icon",
        "title",
        "number",
        "features",
        "duplicates",
        "unique",
        "tree",
        "fields",
        "views",
        "scopes",
        "permissions",
        "workflow",
        "indexes",
        "help",
        "abstract",
        "like",
        "checks",
        "locked_when",
    ]
)


Paths = tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass
class Made:
    """One compiled entity without what others say of it.

    ``moves`` are (entity whose save moves it, names that lead back here, roll-up field); ``digest`` is of all it was
    drawn from.
    """

    entity: Entity
    moves: list[tuple[str, tuple[str, ...], str]] = field(default_factory=list)
    digest: str = ""
    joined: dict[str, Entity] = field(default_factory=dict)

    @classmethod
    def nothing(cls) -> Made:
        """Stands for what was only checked."""
        return cls(_NOTHING)

    def join(self, inverses: Mapping[str, Inverse], paths: Paths) -> Entity:
        """The entity with its collections and the roll-ups it moves; the same object as long as they are the same."""
        said = (tuple((i.name, i.entity, i.field, i.label, i.through_pairs) for i in inverses.values()), paths)
        digest = hashlib.blake2b((self.digest + repr(said)).encode(), digest_size=16).hexdigest()
        known = self.joined.get(digest)
        if known is None:
            rollups = tuple(dict.fromkeys((holder, key) for holder, key, _ in paths))
            known = replace(self.entity, inverses=inverses, rollups=rollups, rollup_paths=paths, digest=digest)
            if len(self.joined) >= _VARIANTS:
                self.joined.clear()
            known = self.joined.setdefault(digest, known)
        return known


#: how many ways to be joined are kept of one entity
_VARIANTS = 16
_NOTHING = Entity("", "", Label("", ""), Label("", ""), {})


class EntityMaker:
    def __init__(
        self, model: Model, formulas: Formulas, sources: Sources, types: Mapping[str, FieldType], faults: Faults
    ) -> None:
        self.model, self.formulas, self.sources, self.faults = model, formulas, sources, faults
        self.fields = FieldMaker(model, formulas, sources, types, faults)
        self.rights = RightsMaker(model, faults)
        self.views = ViewMaker(model, formulas, faults)

    def make(self, definition: EntityDef) -> Made:
        node, path, english = definition.node, path_of(definition, self.model), self.model.translations
        inside = f"{path}.fields" if path.count(".") == 1 else path
        fields = {f.key: self.fields.make(f, f"{inside}.{f.key}") for f in definition.fields.values()}
        for found in definition.live_fields():
            self._check_computed(found, fields[found.key])
        label = self._label(definition, path)
        pair = definition.kind == "pair"
        title = self._title(definition, fields)
        scopes = self._scopes(definition)
        permissions = self.rights.make(definition)
        steps = plan(definition, self.model, self.sources, self.faults)
        computed_rings(definition, self.sources, self.faults)
        entity = Entity(
            key=definition.key,
            module=definition.module,
            label=label,
            plural=label if pair else texts.plural(node, definition.key, path, english, label),
            fields=fields,
            kind=definition.kind,
            icon=_text(node, "icon") or "file",
            help=texts.text(node, "help", self._named_at(definition, path), english),
            title=title,
            number=self._number(definition, path),
            features=features_of(node, self._named_at(definition, path), english),
            unique=self._groups(definition, "unique"),
            duplicates=self._duplicates(definition),
            indexes=self._groups(definition, "indexes"),
            tree=self._tree(definition),
            parent=definition.parent,
            parent_link=definition.parent_link,
            views=self.views.make(definition, fields, title),
            scopes=scopes,
            permissions=permissions,
            compute_order=tuple(key for rows, key in steps if not rows),
            compute_plan=steps,
            workflow=_plain(node, "workflow"),
            asks=self._asks(definition, fields, path),
            act_labels=act_labels(node, self._named_at(definition, path), english),
            checks=_plain(node, "checks") or {},
            locked_when=self.formulas.compile(node.get("locked_when"), RecordScope(self.model, definition.key), "bool"),
            system=definition.system,
            more=self._more(definition),
        )
        self._warn(definition, entity)
        scope = RecordScope(self.model, definition.key)
        check_moments(node, fields, lambda said: self.formulas.compile(said, scope, None), self.faults)
        moves = [
            (source, back, f.key)
            for f in definition.live_fields()
            if self.sources.source(f) == "rollup"
            for source, back in sorted(self.sources.reading(f).moved_by)
        ]
        return Made(entity, moves)

    def _more(self, definition: EntityDef) -> dict[str, Any]:
        """All other keys, as written; rows and pairs move with the field that holds them (``formerly``)."""
        made = {k: n.plain() for k, n in definition.node.items() if k not in _KNOWN}
        if (
            definition.kind != "record"
            and definition.parent is not None
            and definition.key == "_".join(definition.parent)
        ):
            owner = self.model.entities[definition.parent[0]]
            field = owner.fields[definition.parent[1]].node.get("formerly")
            key = owner.node.get("formerly")
            if field is not None or key is not None:
                made["formerly"] = f"{key.value if key else owner.key}_{field.value if field else definition.parent[1]}"
        return made

    def _label(self, definition: EntityDef, path: str) -> Label:
        """A pair is called like the field that makes it."""
        key = definition.parent[1] if definition.kind == "pair" and definition.parent else definition.key
        return texts.label(definition.node, key, self._named_at(definition, path), self.model.translations)

    def _named_at(self, definition: EntityDef, path: str) -> str:
        if definition.kind != "pair" or definition.parent is None:
            return path
        owner, field = definition.parent
        return f"{path_of(self.model.entities[owner], self.model)}.fields.{field}"

    def _title(self, definition: EntityDef, fields: dict[str, Field]) -> str:
        said = definition.node.get("title")
        if said is not None and isinstance(said.value, str):
            held = fields.get(said.value)
            if held is not None and not held.retired and not held.rows and not held.pairs:
                return held.key
            self.faults.add(
                "E211",
                said,
                f'"{said.value}" cannot name a record',
                f"title: names a field of {definition.key} with a value of its own."
                + did_you_mean(said.value, [f.key for f in definition.live_fields()]),
            )
        texts_first = next(
            (f.key for f in fields.values() if f.source != "system" and not f.retired and f.type.name == "text"), None
        )
        return texts_first or ("number" if "number" in fields and definition.node.get("number") is not None else "id")

    def _number(self, definition: EntityDef, path: str) -> NumberRule | None:
        said = definition.node.get("number")
        pattern = said.get("format") if said is not None else None
        if said is None or pattern is None or not isinstance(pattern.value, str):
            return None
        zh = said.get("label")
        return NumberRule(
            pattern.value,
            Label(
                str(zh.value) if zh is not None else "编号",
                self.model.translations.get(f"{path}.number.label") or "Number",
            ),
        )

    def _groups(self, definition: EntityDef, word: str) -> tuple[tuple[str, ...], ...]:
        said = definition.node.get(word)
        groups: list[tuple[str, ...]] = []
        for group in said.live() if said is not None and said.is_list else ():
            names = []
            for item in group.live():
                held = definition.fields.get(str(item.value))
                if held is not None and held.retired:
                    continue
                if held is None:
                    self.faults.add(
                        "E211",
                        item,
                        f'There is no field "{item.value}" in {definition.key}',
                        f"{word}: holds groups of fields of the entity."
                        + did_you_mean(str(item.value), [f.key for f in definition.live_fields()]),
                    )
                    continue
                if word in ("unique", "indexes") and self.sources.source(held) == "computed":
                    detail = "It has no column. Take it out of the group, or say refresh: day to store it."
                    self.faults.add(
                        "E405", item, f'"{held.key}" is computed on reading and cannot be in {word}', detail
                    )
                names.append(held.key)
            groups.append(tuple(names))
        return tuple(g for g in groups if g)

    def _duplicates(self, definition: EntityDef) -> tuple[DuplicateRule, ...]:
        """Groups of fields are rules without a name; a map of rules says more."""
        said = definition.node.get("duplicates")
        if said is None or not said.is_map:
            groups = self._groups(definition, "duplicates")
            return tuple(DuplicateRule("_".join(group), group) for group in groups)
        return tuple(duplicate_rule(self.model, definition, name, rule, self.faults) for name, rule in said.items())

    def _asks(self, definition: EntityDef, fields: Mapping[str, Field], path: str) -> dict[str, dict[str, Field]]:
        """Fields that transitions and actions ask for; `asked` in their expressions."""
        made: dict[str, dict[str, Field]] = {}
        for inside in (("workflow", "transitions"), ("actions",), ("automations",)):
            acts = definition.node.at(*inside)
            for name, act in acts.items() if acts is not None else ():
                asked = act.get("ask")
                if asked is not None and asked.is_map:
                    made[name] = self._asked(definition, asked, fields, f"{path}.{'.'.join(inside)}.{name}.ask")
        return made

    def _asked(self, definition: EntityDef, asked: Node, fields: Mapping[str, Field], path: str) -> dict[str, Field]:
        own = {k: self.model.define(definition.key, k, n) for k, n in asked.items() if n.is_map and n.value}
        kinds = {k: self.model.kind_of_field(f) for k, f in own.items()}
        kinds |= {k: self.model.kind(definition.key, k) or ANY for k, n in asked.items() if k not in own}
        scope = RecordScope(self.model, definition.key, asked=kinds)
        made: dict[str, Field] = {}
        for key, node in asked.items():
            if key in own:
                made[key] = self.fields.make(own[key], f"{path}.{key}", scope)
            elif key in fields and not fields[key].retired and node.is_map:
                made[key] = fields[key]
        return made

    def _tree(self, definition: EntityDef) -> str | None:
        said = definition.node.get("tree")
        if said is None:
            return None
        held = definition.fields.get(str(said.value))
        if held is None or held.targets != (definition.key,):
            self.faults.add(
                "E219",
                said,
                f'"{said.value}" is no link of {definition.key} to itself',
                f"tree: names a field like {{link: {definition.key}}}.",
            )
            return None
        return held.key

    def _scopes(self, definition: EntityDef) -> dict[str, Expression]:
        said = definition.node.get("scopes")
        scope = RecordScope(self.model, definition.key)
        made = (
            {key: self.formulas.compile(node, scope, "bool") for key, node in said.items()} if said is not None else {}
        )
        return {key: expression for key, expression in made.items() if expression is not None}

    def _check_computed(self, found: FieldDef, made: Field) -> None:
        """A computed field has no column: nothing that needs one can be asked of it."""
        if made.source == "computed" and made.formula is not None and not made.formula.has_sql:
            self.faults.add(
                "E404", found.formula or found.node, f'"{found.key}" is computed on reading, but has no SQL',
                "Use functions that have SQL, or say refresh: day to store it.",
            )  # fmt: skip
        if made.source == "computed":
            reason = self.sources.reading(found).computed
            for word, what in (("unique", "unique"), ("index", "indexed")):
                said = found.node.get(word)
                if said is not None and said.value is not False:
                    self.faults.add(
                        "E405",
                        said.key,
                        f'"{found.key}" is computed on reading and cannot be {what}',
                        f"{_sentence(reason) or 'It has no column'}. Take {word}: away, or say refresh: day.",
                    )
        if (
            made.source == "typed"
            and made.formula is not None
            and made.formula.volatile
            and found.node.get("refresh") is None
        ):
            self.faults.add(
                "E403",
                found.formula or found.node,
                f'"{found.key}" keeps a value that reads {", ".join(sorted(made.formula.volatile))}',
                f'What is stored would be stale tomorrow. Say "default: ={made.formula.source}", or add refresh: day.',
            )

    def _warn_form(self, definition: EntityDef, entity: Entity) -> None:
        """A required field that the declared form leaves out stops everybody who creates on the screen."""
        form = definition.node.at("views", "form", "sections")
        if form is None or entity.kind != "record" or not any("create" in p.verbs for p in entity.permissions.values()):
            return
        shown = _shown(entity)
        for made in entity.live_fields():
            needed = made.required and made.source == "typed" and made.default is None and made.formula is None
            if needed and made.key not in shown:
                detail = "Whoever creates on the screen cannot fill it. Put it into a section, or give it a default."
                self.faults.add(
                    "W605",
                    definition.fields[made.key].node.key,
                    f'The form leaves out "{made.key}", which is required',
                    detail,
                    form.key,
                )

    def _warn(self, definition: EntityDef, entity: Entity) -> None:
        if entity.system or entity.kind == "pair":
            return
        if entity.kind == "record" and not entity.permissions:
            self.faults.add(
                "W602",
                definition.node.key,
                f'Nobody may use "{entity.key}"',
                "No permissions are written, so only admin sees it. Write permissions: {<role>: {read: all}}.",
            )
            return
        self._warn_form(definition, entity)
        warn_workflow(definition, entity, self.faults)
        creators: Mapping[str, Permission] = {r: p for r, p in entity.permissions.items() if "create" in p.verbs}
        for found in definition.live_fields():
            made = entity.fields[found.key]
            if (
                creators
                and made.required
                and made.source == "typed"
                and made.default is None
                and made.formula is None
                and (made.editable is False or not may_write(creators, made.key))
            ):
                self.faults.add(
                    "W601",
                    found.node.key,
                    f'Nobody may write "{found.key}", which is required',
                    "Let a role write it, give it a default, or do not require it.",
                )


def _shown(entity: Entity) -> set[str]:
    return {key for section in entity.views["form"].body["sections"] for row in section["rows"] for key in row}


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def path_of(definition: EntityDef, model: Model) -> str:
    """Where the definition stands in the files: ``entities.order``, ``entities.booking.fields.lines.rows`` ..."""
    if (
        definition.parent is not None
        and definition.node.get("fields") is not None
        and definition.key == "_".join(definition.parent)
    ):
        owner = model.entities.get(definition.parent[0])
        if owner is not None:
            inside = "with" if definition.kind == "pair" else "rows"
            return f"{path_of(owner, model)}.fields.{definition.parent[1]}.{inside}"
    return f"entities.{definition.key}"


def _text(node: Node, key: str) -> str | None:
    said = node.get(key)
    return str(said.value) if said is not None and isinstance(said.value, str) else None


def _plain(node: Node, key: str) -> dict[str, Any] | None:
    said = node.get(key)
    plain = said.plain() if said is not None else None
    return plain if isinstance(plain, dict) else None
