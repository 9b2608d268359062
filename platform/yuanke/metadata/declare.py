"""From merged nodes to definitions: entities with their fields, rows, pairs, system fields, and both ends of every relation.

Rule: nothing is checked twice; `checker` told what has a wrong shape, here a thing of a wrong shape is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping

from yuanke.fieldtypes import FieldType
from yuanke.kernel.diagnostics import Span, did_you_mean
from yuanke.metadata.faults import Faults
from yuanke.metadata.merge import merge
from yuanke.metadata.model import EntityDef, FieldDef, InverseDef, Model
from yuanke.metadata.names import RESERVED_ENTITIES, RESERVED_FIELDS, check_name, plural_of
from yuanke.metadata.node import Node, from_plain
from yuanke.metadata.stack import Stack
from yuanke.metadata.telling import type_word

_PLACE = Span("platform")

#: the fields that every record has, in order, with their Chinese labels
_RECORD_FIELDS = {
    "id": {"type": "integer", "label": "编号"},
    "owner": {"type": "user", "link": "user", "label": "负责人"},
    "department": {"type": "department", "link": "department", "label": "所属部门"},
    "created_at": {"type": "datetime", "label": "创建时间"},
    "created_by": {"type": "user", "link": "user", "label": "创建人"},
    "updated_at": {"type": "datetime", "label": "修改时间"},
    "updated_by": {"type": "user", "link": "user", "label": "修改人"},
    "version": {"type": "integer", "label": "版本"},
    "deleted_at": {"type": "datetime", "label": "删除时间"},
}
_ROWS_FIELDS = ("id", "created_at", "created_by", "updated_at", "updated_by", "deleted_at")
_POSITION = {"type": "integer", "label": "顺序"}
SYSTEM_NODES: Mapping[str, Node] = {key: from_plain(data, _PLACE, "platform") for key, data in _RECORD_FIELDS.items()}
_POSITION_NODE = from_plain(_POSITION, _PLACE, "platform")


def declare(stack: Stack, types: Mapping[str, FieldType], faults: Faults) -> Model:
    """The model of a stack; faults of names, types and relations are told."""
    return _Declarer(stack, types, faults).run()


def targets_of(node: Node) -> list[Node]:
    """The words of ``link:`` or ``links:`` (one entity or several)."""
    said = node.get("link") or node.get("links")
    if said is None:
        return []
    items = said.live() if said.is_list else [said]
    return [item for item in items if isinstance(item.value, str)]


class _Declarer:
    def __init__(self, stack: Stack, types: Mapping[str, FieldType], faults: Faults) -> None:
        self.stack, self.types, self.faults = stack, types, faults
        self.model = Model()
        self.model.define = self._field
        self.model.sections = stack.sections
        entities = stack.sections.get("entities")
        self.nodes: dict[str, Node] = dict(entities.items()) if entities is not None else {}
        self._settled: dict[str, Node] = {}
        self._patterns: set[str] = {
            k for k, n in self.nodes.items() if (a := n.get("abstract")) is not None and a.value is True
        }

    def run(self) -> Model:
        for key, node in self.nodes.items():
            if not node.is_map:
                continue
            if not check_name(key, node, self.faults, "an entity", RESERVED_ENTITIES):
                continue
            if key in self._patterns:
                self._with_pattern(node, key)
                continue
            self._entity(key, node)
        self._settings()
        roles = self.stack.sections.get("roles")
        self.model.roles = dict(roles.items()) if roles is not None else {}
        self._own_rows()
        self._relations()
        return self.model

    # -- entities and fields ------------------------------------------------------------------------------------------

    def _entity(self, key: str, node: Node) -> None:
        node = self._with_pattern(node, key)
        owner = self.stack.owner.get(key)
        definition = EntityDef(
            key, node, owner.name if owner else "", system=owner is not None and owner.rank == "platform"
        )
        self.model.entities[key] = definition
        number = node.get("number")
        for name, system in SYSTEM_NODES.items():
            definition.fields[name] = self._field(key, name, system, source="system")
            if name == "id" and number is not None:
                label = number.get("label")
                said = Node(
                    {
                        "type": Node("text", number.span, number.layer),
                        "unique": Node(True, number.span, number.layer),
                        "label": label or Node("编号", number.span, number.layer),
                    },
                    number.span,
                    number.layer,
                    number.key,
                )
                definition.fields["number"] = self._field(key, "number", said, source="system")
        self._fields_of(
            definition, node.get("fields"), taken=frozenset({"number"}) if number is not None else frozenset()
        )

    def _with_pattern(self, node: Node, key: str, seen: tuple[str, ...] = ()) -> Node:
        """``node`` with the fields of the entity it is ``like`` beneath its own."""
        like = node.get("like")
        if like is None or not isinstance(like.value, str):
            return node
        pattern = self.nodes.get(like.value)
        if pattern is None or like.value in seen or like.value == key:
            self.faults.add(
                "E210",
                like,
                f'There is no pattern "{like.value}"' if pattern is None else f'"{like.value}" is like itself',
                "like: names an entity with abstract: true, whose fields are laid beneath these."
                + did_you_mean(like.value, self._patterns),
            )
            return node
        below = self._with_pattern(pattern, like.value, (*seen, key))
        own = {k: n for k, n in node.value.items() if k != "like"}
        base = below.replaced(
            {k: n for k, n in below.value.items() if k not in ("abstract", "like", "label", "plural")}
        )
        return merge(base, node.replaced(own), lambda a, b: False, self.faults, key)

    def _fields_of(self, definition: EntityDef, fields: Node | None, taken: frozenset[str] = frozenset()) -> None:
        if fields is None or not fields.is_map:
            return
        for name, node in _arranged(fields, self.faults):
            if not check_name(name, node, self.faults, "a field", RESERVED_FIELDS | taken):
                continue
            if node.removed:
                hidden = next((n for n in node.hidden if n.is_map), None)
                if hidden is not None:
                    definition.fields[name] = self._field(definition.key, name, hidden, retired=True)
                continue
            if node.is_map:
                definition.fields[name] = self._field(definition.key, name, node)

    def _field(self, entity: str, name: str, node: Node, source: str = "", retired: bool = False) -> FieldDef:
        node = self._like_field(node)
        type_name, kind = self._type_of(node)
        required, multiple = node.get("required"), node.get("multiple")
        gone = node.get("retired")
        made = FieldDef(
            entity,
            name,
            node,
            type_name,
            kind,
            source,
            custom=self.stack.ranks.get(node.layer) in ("customization", "enterprise"),
            retired=retired or (gone is not None and gone.value is True),
            required=required is not None and required.value is True,
            multiple=type_name == "links" or (multiple is not None and multiple.value is True),
            targets=tuple(str(t.value) for t in targets_of(node)),
        )
        if type_name in ("user", "department") and not made.targets:
            made.targets = (type_name,)
        rows = node.get("rows")
        if rows is not None:
            made.rows = rows.value if isinstance(rows.value, str) else f"{entity}_{name}"
        if type_name == "links":
            made.pairs = f"{entity}_{name}"
        inverse = node.get("inverse")
        if inverse is not None and isinstance(inverse.value, str):
            made.inverse = inverse.value
        return made

    def _like_field(self, node: Node) -> Node:
        """``{like: customer.level}`` lays the definition of that field beneath."""
        like = node.get("like")
        if like is None or not isinstance(like.value, str) or node.get("rows") is not None:
            return node
        entity, _, name = like.value.partition(".")
        source = self.nodes.get(entity)
        found = source.at("fields", name) if source is not None else None
        if found is None or found is node or not found.is_map or found.get("like") is not None:
            self.faults.add(
                "E211",
                like,
                f'There is no field "{like.value}" to be like',
                "like: names entity.field, declared with a type of its own.",
            )
            return node
        own = node.replaced({k: n for k, n in node.value.items() if k != "like"})
        base = found.replaced(
            {k: n for k, n in found.value.items() if k not in ("place", "formerly", "inverse", "required")}
        )
        return merge(base, own, lambda a, b: False, self.faults, like.value)

    def _type_of(self, node: Node) -> tuple[str, FieldType | None]:
        word = type_word(node)
        return word, self.types.get(word)

    def _settings(self) -> None:
        settings = self.stack.sections.get("settings")
        for name, node in settings.items() if settings is not None else ():
            if node.is_map and check_name(name, node, self.faults, "a setting"):
                self.model.settings[name] = self._field("settings", name, node)

    # -- rows and pairs -----------------------------------------------------------------------------------------------

    def _own_rows(self) -> None:
        """Inline rows, pairs of links, and named entities taken as rows become owned entities."""
        waiting = list(self.model.entities.values())
        while waiting:
            definition = waiting.pop(0)
            for held in list(definition.fields.values()):
                if held.rows and held.node.get("rows") is not None:
                    made = self._rows(definition, held)
                    if made is not None:
                        waiting.append(made)
                if held.pairs:
                    self._pairs(definition, held)

    def _rows(self, owner: EntityDef, held: FieldDef) -> EntityDef | None:
        said = held.node.get("rows")
        assert said is not None and held.rows is not None
        if isinstance(said.value, str):
            return self._named_rows(owner, held, said)
        if not said.is_map or (held.retired and not said.value):
            return None
        if not self._free(held.rows, held.node):
            return None
        body = self._with_pattern(
            Node(
                {"fields": said, **({"like": like} if (like := held.node.get("like")) else {})},
                held.node.span,
                held.node.layer,
                held.node.key,
            ),
            held.key,
        )
        node = held.node.replaced(
            {
                **{k: n for k, n in held.node.value.items() if k in ("label", "help", "icon")},
                "fields": body.value["fields"],
            }
        )
        made = EntityDef(
            held.rows,
            node,
            owner.module,
            kind="rows",
            parent=(owner.key, held.key),
            parent_link=owner.key,
            system=owner.system,
        )
        self.model.entities[held.rows] = made
        for name in _ROWS_FIELDS:
            made.fields[name] = self._field(made.key, name, SYSTEM_NODES[name], source="system")
            if name == "id":
                made.fields[owner.key] = self._field(made.key, owner.key, self._link_node(owner, held), source="system")
                made.fields["position"] = self._field(made.key, "position", _POSITION_NODE, source="system")
        self._fields_of(made, body.get("fields"), taken=frozenset({owner.key, "position"}))
        return made

    def _named_rows(self, owner: EntityDef, held: FieldDef, said: Node) -> EntityDef | None:
        made = self.model.entities.get(said.value)
        if made is None:
            self.faults.add(
                "E210",
                said,
                f'There is no entity "{said.value}"',
                "rows: names an entity declared on its own, or holds the fields of the rows."
                + did_you_mean(said.value, self.model.entities),
            )
            return None
        if held.retired:
            return None
        if made.parent is not None:
            first = self.model.entities[made.parent[0]].fields[made.parent[1]]
            self.faults.add(
                "E219",
                said,
                f'"{made.key}" is owned twice',
                f"{'.'.join(made.parent)} owns these rows already; a row has one owner.",
                first.node.key,
            )
            return None
        if made is owner:
            self.faults.add("E219", said, f'"{made.key}" cannot own itself', "Use tree: with a link to itself.")
            return None
        made.kind, made.parent = "rows", (owner.key, held.key)
        link = next(
            (
                f
                for f in made.fields.values()
                if f.source != "system" and f.targets == (owner.key,) and f.type_name == "link"
            ),
            None,
        )
        order = dict(made.fields)
        made.fields = {"id": order.pop("id")}
        if link is None:
            link = self._field(made.key, owner.key, self._link_node(owner, held), source="system")
            order.pop(owner.key, None)
            made.fields[owner.key] = link
        made.parent_link = link.key
        made.fields["position"] = self._field(made.key, "position", _POSITION_NODE, source="system")
        for name, other in order.items():
            made.fields.setdefault(name, other)
        return None

    def _pairs(self, owner: EntityDef, held: FieldDef) -> None:
        assert held.pairs is not None
        if not self._free(held.pairs, held.node):
            return
        node = held.node.replaced({k: n for k, n in held.node.value.items() if k in ("label", "help")})
        made = EntityDef(
            held.pairs,
            node,
            owner.module,
            kind="pair",
            parent=(owner.key, held.key),
            parent_link="source",
            system=owner.system,
        )
        self.model.entities[held.pairs] = made
        made.fields["id"] = self._field(made.key, "id", SYSTEM_NODES["id"], source="system")
        made.fields["source"] = self._field(made.key, "source", self._link_node(owner, held), source="system")
        target = from_plain(
            {"link": held.targets[0] if held.targets else "", "on_delete": "cascade"}, held.node.span, held.node.layer
        )
        made.fields["target"] = self._field(made.key, "target", target, source="system")
        made.fields["position"] = self._field(made.key, "position", _POSITION_NODE, source="system")
        self._fields_of(made, held.node.get("with"), taken=frozenset({"source", "target", "position"}))

    def _link_node(self, owner: EntityDef, held: FieldDef) -> Node:
        label = owner.node.get("label")
        node = from_plain(
            {"link": owner.key, "on_delete": "cascade", "required": True}, held.node.span, held.node.layer
        )
        if label is not None:
            node.value["label"] = label
        return node

    def _free(self, key: str, where: Node) -> bool:
        other = self.model.entities.get(key)
        if other is None:
            return True
        self.faults.add(
            "E218",
            where.key,
            f'"{key}" is the name of an entity already',
            "Rows and links are kept under <entity>_<field>; rename one of the two.",
            other.node.key,
        )
        return False

    # -- both ends of a relation --------------------------------------------------------------------------------------

    def _relations(self) -> None:
        for definition in list(self.model.entities.values()):
            for held in definition.fields.values():
                if held.targets and not held.retired:
                    self._relate(definition, held)

    def _relate(self, definition: EntityDef, held: FieldDef) -> None:
        words = {str(w.value): w for w in targets_of(held.node)}
        for key in held.targets:
            target = self.model.entities.get(key)
            if target is None:
                if key in self._patterns:
                    self.faults.add(
                        "E219",
                        words.get(key, held.node),
                        f'"{key}" is a pattern, not an entity',
                        "A record of it cannot exist; link to an entity.",
                    )
                elif key:
                    self.faults.add(
                        "E210",
                        words.get(key, held.node),
                        f'There is no entity "{key}"',
                        "A link names an entity of this module, of one it depends on, or of the platform."
                        + did_you_mean(key, self.model.entities),
                    )
                continue
            if held.source == "system" or definition.kind == "pair":
                continue
            if definition.parent_link == held.key and definition.parent is not None and definition.parent[0] == key:
                continue  # the owner has the rows themselves
            self._invert(definition, held, target)

    def _invert(self, definition: EntityDef, held: FieldDef, target: EntityDef) -> None:
        name = held.inverse or self._inverse_name(definition, held, target)
        taken = target.fields.get(name)
        other = target.inverses.get(name)
        if (taken is not None and not taken.retired) or other is not None:
            there: Node | Span = (
                taken.node.key if taken is not None else self.model.entities[other.source].fields[other.field].node.key
            )  # type: ignore[union-attr]
            self.faults.add(
                "E218",
                held.node.get("inverse") or held.node.key,
                f"{target.key}.{name} is two things",
                f"{definition.key}.{held.key} gives {target.key} a collection of this name, which is taken. "
                f'Say "inverse: <another name>" here.',
                there,
            )
            return
        held.inverse = held.inverse or name
        target.inverses[name] = InverseDef(name, definition.key, held.key, through_pairs=bool(held.pairs))

    def _inverse_name(self, definition: EntityDef, held: FieldDef, target: EntityDef) -> str:
        """The plural of the entity; for a second link to the same target the field stands before it."""
        plural = plural_of(definition.key)
        others = [
            f
            for f in definition.fields.values()
            if f is not held
            and not f.retired
            and f.source != "system"
            and target.key in f.targets
            and not f.inverse_said
        ]
        first = next((f for f in others if f.key == target.key), None)
        if held.key == target.key or not others:
            return plural
        keys = [f.key for f in definition.fields.values() if f is held or f in others]
        return plural if first is None and keys[0] == held.key else f"{held.key}_{plural}"


def _arranged(fields: Node, faults: Faults) -> list[tuple[str, Node]]:
    """Fields in their order, with ``place: {after: x}`` and ``{before: x}`` obeyed."""
    order = list(fields.value)
    for name, node in fields.value.items():
        place = None if node.removed else node.get("place")
        if place is None or not place.is_map:
            continue
        for side, anchor in place.items():
            if side not in ("after", "before") or anchor.value not in order or anchor.value == name:
                if side in ("after", "before"):
                    faults.add(
                        "E308",
                        anchor,
                        f'There is no field "{anchor.value}" to stand {side}',
                        "place: names a field of the same entity."
                        + did_you_mean(str(anchor.value), [f for f in order if f != name]),
                    )
                continue
            order.remove(name)
            order.insert(order.index(anchor.value) + (1 if side == "after" else 0), name)
    return [(name, fields.value[name]) for name in order]
