"""From merged nodes to definitions: entities with their fields, the rows and pairs they own.

Rule: nothing is checked twice; what has a wrong shape is told by `checker` and passed over here.
"""

from __future__ import annotations

from collections.abc import Mapping

from yuanke.fieldtypes import FieldType
from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.approvals import APPROVAL_FIELD, FIELD, needs_approval
from yuanke.metadata.faults import Faults
from yuanke.metadata.merge import merge
from yuanke.metadata.model import EntityDef, FieldDef, Model
from yuanke.metadata.names import RESERVED_ENTITIES, check_name
from yuanke.metadata.node import Node, from_plain
from yuanke.metadata.parts import POSITION_NODE, RECORD_NODES, ROWS_FIELDS, PartMaker
from yuanke.metadata.relations import relate
from yuanke.metadata.stack import Stack


def declare(stack: Stack, types: Mapping[str, FieldType], faults: Faults, shared: bool = True) -> Model:
    """The model of a stack; faults of names, types and relations are told. Not ``shared``: every node is the stack's own."""
    return _Declarer(stack, types, faults, shared).run()


class _Declarer:
    def __init__(self, stack: Stack, types: Mapping[str, FieldType], faults: Faults, shared: bool) -> None:
        self.stack, self.faults = stack, faults
        entities = stack.sections.get("entities")
        self.nodes: dict[str, Node] = dict(entities.items()) if entities is not None else {}
        self.patterns = {
            k for k, n in self.nodes.items() if (said := n.get("abstract")) is not None and said.value is True
        }
        self.parts = PartMaker(stack.ranks, types, self._find, faults, shared)
        self.model = Model(stack.sections, self.parts.define, incomplete=stack.incomplete)
        self.model.patterns = self.patterns

    def run(self) -> Model:
        for key, node in self.nodes.items():
            if node.is_map and check_name(key, node, self.faults, "an entity", RESERVED_ENTITIES):
                settled = self._with_pattern(node, key)
                if key not in self.patterns:
                    self._entity(key, settled)
        self._settings()
        self._own()
        relate(self.model, self.stack, self.patterns, self.faults)
        return self.model

    def _find(self, entity: str, name: str) -> Node | None:
        if entity == "dictionary":
            held = self.stack.sections.get("dictionaries")
            return held.at(name, "options") if held is not None else None
        source = self.nodes.get(entity)
        return source.at("fields", name) if source is not None else None

    def _entity(self, key: str, node: Node) -> None:
        owner = self.stack.owner.get(key)
        head, number = dict(RECORD_NODES), node.get("number")
        if number is not None:
            head = {"id": head.pop("id"), "number": _number_node(number), **head}
        fields, taken = _renamed(node.get("fields")), frozenset({"number"}) if number is not None else frozenset()
        if needs_approval(node):
            fields = self._with_approval(fields, node)
        part = self.parts.part(key, head, fields, taken)
        system = owner is not None and owner.rank == "platform"
        self.model.entities[key] = EntityDef(
            key, node, owner.name if owner else "", part, dict(part.fields), system=system
        )

    def _with_approval(self, fields: Node | None, node: Node) -> Node:
        """The fields and the one that says how far the record is approved; nobody else may call a field so."""
        own = fields.value if fields is not None and fields.is_map else {}
        if FIELD in own:
            detail = (
                "A transition with approval: keeps there how far it is. Rename the field (formerly: keeps its values)."
            )
            self.faults.add("E204", own[FIELD].key, f'"{FIELD}" is a name of the engine', detail)
            return fields or node
        return (fields or node).replaced({**own, FIELD: APPROVAL_FIELD})

    def _with_pattern(self, node: Node, key: str, seen: tuple[str, ...] = ()) -> Node:
        """``node`` with the fields of the entity it is ``like`` beneath its own."""
        like = node.get("like")
        if like is None or not isinstance(like.value, str):
            return node
        pattern = self.nodes.get(like.value)
        if pattern is None or like.value in seen or like.value == key:
            wrong = f'There is no pattern "{like.value}"' if pattern is None else f'"{like.value}" is like itself'
            detail = "like: names an entity with abstract: true, whose fields are laid beneath these."
            self.faults.add("E210", like, wrong, detail + did_you_mean(like.value, self.patterns))
            return node
        below = self._with_pattern(pattern, like.value, (*seen, key))
        own = {k: n for k, n in node.value.items() if k != "like"}
        dropped = ("abstract", "like", "label", "plural")
        base = below.replaced({k: n for k, n in below.value.items() if k not in dropped})
        return merge(base, node.replaced(own), lambda lower, upper: False, self.faults, key)

    def _settings(self) -> None:
        settings = self.stack.sections.get("settings")
        for name, node in settings.items() if settings is not None else ():
            if node.is_map and check_name(name, node, self.faults, "a setting"):
                self.model.settings[name] = self.parts.define("settings", name, node)

    # -- rows and pairs -----------------------------------------------------------------------------------------------

    def _own(self) -> None:
        """Inline rows, pairs of links, and named entities taken as rows become owned entities."""
        waiting = list(self.model.entities.values())
        while waiting:
            definition = waiting.pop(0)
            for held in definition.part.owned:
                if held.pairs:
                    self._pairs(definition, held)
                elif isinstance(held.node.value["rows"].value, str):
                    self._named_rows(definition, held, held.node.value["rows"])
                elif (made := self._inline_rows(definition, held)) is not None:
                    waiting.append(made)

    def _inline_rows(self, owner: EntityDef, held: FieldDef) -> EntityDef | None:
        said = held.node.value["rows"]
        assert held.rows is not None
        if not said.is_map or not self._free(held.rows, held.node):
            return None
        fields, like = said, held.node.get("like")
        if like is not None:
            fields = self._with_pattern(held.node.replaced({"fields": said, "like": like}), held.key).value["fields"]
        head = {"id": RECORD_NODES["id"], owner.key: _link_node(owner, held), "position": POSITION_NODE}
        head |= {word: RECORD_NODES[word] for word in ROWS_FIELDS[1:]}
        part = self.parts.part(held.rows, head, fields, frozenset({owner.key, "position"}))
        spoken = {k: n for k, n in held.node.value.items() if k in ("label", "help", "icon", "title")}
        node = held.node.replaced({**spoken, "fields": fields})
        made = EntityDef(
            held.rows,
            node,
            owner.module,
            part,
            dict(part.fields),
            "rows",
            (owner.key, held.key),
            owner.key,
            owner.system,
        )
        self.model.entities[made.key] = made
        return made

    def _named_rows(self, owner: EntityDef, held: FieldDef, said: Node) -> None:
        made = self.model.entities.get(said.value)
        if made is None:
            if not self.model.incomplete:
                detail = "rows: names an entity declared on its own, or holds the fields of the rows."
                hint = did_you_mean(said.value, self.model.entities)
                self.faults.add("E210", said, f'There is no entity "{said.value}"', detail + hint)
            return
        if made is owner:
            self.faults.add("E219", said, f'"{made.key}" cannot own itself', "Use tree: with a link to itself.")
            return
        if made.parent is not None:
            first = self.model.entities[made.parent[0]].fields[made.parent[1]]
            detail = f"{'.'.join(made.parent)} owns these rows already; a row has one owner."
            self.faults.add("E219", said, f'"{made.key}" is owned twice', detail, first.node.key)
            return
        self._adopt(owner, held, made)

    def _adopt(self, owner: EntityDef, held: FieldDef, made: EntityDef) -> None:
        """An entity declared on its own becomes rows: the link to its owner and its position stand behind the id."""
        link = next((f for f in made.part.linked if f.targets == (owner.key,) and not f.pairs), None)
        if link is None:
            taken = made.fields.get(owner.key)
            if taken is not None:
                detail = f"Rows of {owner.key} have a link of this name to it. Rename the field, or make it that link."
                self.faults.add(
                    "E204", taken.node.key, f'"{owner.key}" is the name of the link to the owner', detail, held.node.key
                )
            link = self.parts.define(made.key, owner.key, _link_node(owner, held), source="system")
        position = self.parts.define(made.key, "position", POSITION_NODE, source="system")
        rest = {k: f for k, f in made.fields.items() if k not in ("id", link.key, "position")}
        made.fields = {"id": made.fields["id"], link.key: link, "position": position, **rest}
        made.kind, made.parent, made.parent_link = "rows", (owner.key, held.key), link.key

    def _pairs(self, owner: EntityDef, held: FieldDef) -> None:
        assert held.pairs is not None
        if not self._free(held.pairs, held.node):
            return
        target = from_plain(
            {"link": held.targets[0] if held.targets else "", "on_delete": "cascade"}, held.node.span, held.node.layer
        )
        if held.node.get("label") is not None:
            target.value["label"] = held.node.value["label"]
        head = {
            "id": RECORD_NODES["id"],
            "source": _link_node(owner, held),
            "target": target,
            "position": POSITION_NODE,
        }
        part = self.parts.part(held.pairs, head, held.node.get("with"), frozenset({"source", "target", "position"}))
        node = held.node.replaced({k: n for k, n in held.node.value.items() if k in ("label", "help")})
        made = EntityDef(
            held.pairs,
            node,
            owner.module,
            part,
            dict(part.fields),
            "pair",
            (owner.key, held.key),
            "source",
            owner.system,
        )
        self.model.entities[made.key] = made

    def _free(self, key: str, where: Node) -> bool:
        other = self.model.entities.get(key)
        if other is None:
            return True
        detail = "Rows and links are kept under <entity>_<field>; rename one of the two."
        self.faults.add("E218", where.key, f'"{key}" is the name of an entity already', detail, other.node.key)
        return False


def _number_node(number: Node) -> Node:
    """The field ``number`` that a document number makes."""
    label = number.get("label") or Node("编号", number.span, number.layer)
    said = {
        "type": Node("text", number.span, number.layer),
        "unique": Node(True, number.span, number.layer),
        "label": label,
    }
    return Node(said, number.span, number.layer, number.key)


def _link_node(owner: EntityDef, held: FieldDef) -> Node:
    label = owner.node.get("label")
    node = from_plain({"link": owner.key, "on_delete": "cascade", "required": True}, held.node.span, held.node.layer)
    if label is not None:
        node.value["label"] = label
    return node


def _renamed(fields: Node | None) -> Node | None:
    """The fields without those that an upper layer calls by another name now (``formerly:``)."""
    if fields is None or not fields.is_map:
        return fields
    renaming = [(k, n) for k, n in fields.value.items() if isinstance(n.value, dict) and "formerly" in n.value]
    gone = set()
    for key, child in renaming:
        if child.removed:
            continue
        old = child.get("formerly") if child.is_map else None
        below = fields.get(str(old.value)) if old is not None else None
        if below is not None and below.layer != child.layer and old is not None and old.value != key:
            gone.add(str(old.value))
    return fields.replaced({k: n for k, n in fields.value.items() if k not in gone}) if gone else fields
