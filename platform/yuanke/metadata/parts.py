"""The fields of one entity as definitions, made once for equal declarations and shared by every model that has them.

Rule: a part is drawn from its own node alone; what other entities say of it is the model's.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from yuanke.fieldtypes import FieldType
from yuanke.kernel.diagnostics import Span, did_you_mean
from yuanke.metadata.faults import Faults
from yuanke.metadata.model import FieldDef
from yuanke.metadata.names import RESERVED_FIELDS, check_name
from yuanke.metadata.node import Node, from_plain
from yuanke.metadata.telling import targets_of, type_word

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
RECORD_NODES: Mapping[str, Node] = {key: from_plain(data, _PLACE, "platform") for key, data in _RECORD_FIELDS.items()}
POSITION_NODE = from_plain({"type": "integer", "label": "顺序"}, _PLACE, "platform")
#: of owned rows: before and behind the link to their owner and their position
ROWS_FIELDS = ("id", "created_at", "created_by", "updated_at", "updated_by", "deleted_at")

#: words of a field that others can feel: what kind of value it has and where it comes from
_FACE = (
    "type",
    "link",
    "links",
    "rows",
    "options",
    "bands",
    "formula",
    "multiple",
    "refresh",
    "editable",
    "part_of",
    "history",
    "inverse",
)
_KEPT = 4096


@dataclass(eq=False)
class Part:
    """``linked`` are fields with targets, ``owned`` fields that hold rows or pairs; system fields are in neither."""

    fields: dict[str, FieldDef]
    digest: bytes = b""
    face: bytes = b""
    linked: tuple[FieldDef, ...] = ()
    owned: tuple[FieldDef, ...] = ()


_parts: OrderedDict[bytes, Part] = OrderedDict()
_lock = Lock()


class PartMaker:
    """Makes definitions of fields. ``ranks`` are the ranks of layers; ``find`` gives the node of another entity's field
    (``find("member", "level")``) or the options of a dictionary (``find("dictionary", "industry")``).
    """

    def __init__(
        self,
        ranks: Mapping[str, str],
        types: Mapping[str, FieldType],
        find: Callable[[str, str], Node | None],
        faults: Faults,
        shared: bool = True,
    ) -> None:
        self.ranks, self.types, self.find, self.faults, self.shared = ranks, types, find, faults, shared
        self._types = types_digest(types)
        self._drawn = False  # something beyond the own node was used

    def part(self, key: str, head: dict[str, Node], fields: Node | None, taken: frozenset[str] = frozenset()) -> Part:
        """The part of entity ``key``: system fields of ``head``, then the declared ``fields`` in their order."""
        name = self._name(key, head, fields)
        known = _parts.get(name) if self.shared else None
        if known is not None:
            return known
        told, self._drawn = len(self.faults.found), False
        made = {word: self.define(key, word, node, source="system") for word, node in head.items()}
        if fields is not None and fields.is_map:
            for word, node in arranged(fields, self.faults):
                found = self._declared(key, word, node, taken)
                if found is not None:
                    made[word] = found
        part = _finished(made, name, self._drawn)
        if self.shared and len(self.faults.found) == told and not self._drawn:
            with _lock:
                _parts[name] = part
                while len(_parts) > _KEPT:
                    _parts.popitem(last=False)
        return part

    def _name(self, key: str, head: dict[str, Node], fields: Node | None) -> bytes:
        made = hashlib.blake2b(f"{key}\0{self._types}\0".encode(), digest_size=16)
        for word, node in head.items():
            made.update(word.encode() + b"\0" + node.digest())
        if fields is not None:
            made.update(fields.digest())
            for word, node in fields.value.items() if fields.is_map else ():
                if self._custom(node):
                    made.update(b"\1" + word.encode())
        return made.digest()

    def _custom(self, node: Node) -> bool:
        return self.ranks.get(node.layer) in ("customization", "enterprise")

    def _declared(self, key: str, word: str, node: Node, taken: frozenset[str]) -> FieldDef | None:
        if not check_name(word, node, self.faults, "a field", RESERVED_FIELDS | taken):
            return None
        if node.removed:
            hidden = next((n for n in node.hidden if n.is_map), None)
            return self.define(key, word, hidden, retired=True) if hidden is not None else None
        return self.define(key, word, node) if node.is_map else None

    def define(self, entity: str, name: str, node: Node, source: str = "", retired: bool = False) -> FieldDef:
        """The definition that ``node`` gives of one field."""
        node = self._with_dictionary(self._like(node))
        word = type_word(node)
        said = node.value
        multiple, required, gone, rows, inverse = (
            said.get(w) for w in ("multiple", "required", "retired", "rows", "inverse")
        )
        targets = tuple(str(t.value) for t in targets_of(node))
        own = f"{entity}_{name}"
        return FieldDef(
            entity, name, node, word, self.types.get(word), source,
            custom=self._custom(node),
            retired=retired or (gone is not None and gone.value is True),
            required=required is not None and required.value is True,
            multiple=word == "links" or (multiple is not None and multiple.value is True),
            targets=targets or ((word,) if word in ("user", "department") else ()),
            rows=None if rows is None or rows.removed else rows.value if isinstance(rows.value, str) else own,
            pairs=own if word == "links" else None,
            inverse=inverse.value if inverse is not None and isinstance(inverse.value, str) else None,
        )  # fmt: skip

    def _with_dictionary(self, node: Node) -> Node:
        """``options: dictionary industry`` with the options of that dictionary."""
        said = node.get("options")
        if said is None or not isinstance(said.value, str) or not said.value.startswith("dictionary "):
            return node
        self._drawn = True
        options = self.find("dictionary", said.value.removeprefix("dictionary ").strip())
        if options is None:
            return node
        return node.replaced({**node.value, "options": options.replaced(_option_tree(options))})

    def _like(self, node: Node) -> Node:
        """``{like: member.level}`` lays the definition of that field beneath."""
        from yuanke.metadata.merge import merge

        like = node.get("like")
        if like is None or not isinstance(like.value, str) or node.get("rows") is not None:
            return node
        self._drawn = True
        entity, _, name = like.value.partition(".")
        found = self.find(entity, name)
        if found is None or found is node or not found.is_map or found.get("like") is not None:
            self.faults.add(
                "E211",
                like,
                f'There is no field "{like.value}" to be like',
                "like: names entity.field, declared with a type of its own.",
            )
            return node
        own = node.replaced({k: n for k, n in node.value.items() if k != "like"})
        dropped = ("place", "formerly", "inverse", "required")
        base = found.replaced({k: n for k, n in found.value.items() if k not in dropped})
        return merge(base, own, lambda lower, upper: False, self.faults, like.value)


def _option_tree(options: Node, above: str = "") -> dict[str, Node]:
    """Options of a dictionary in one map; one that stands below another has its key as the value ``above``."""
    made: dict[str, Node] = {}
    for key, node in options.value.items() if options.is_map else ():
        body = {k: n for k, n in node.value.items() if k != "below"} if node.is_map else {}
        if above:
            body["above"] = Node(above, node.span, node.layer)
        made[key] = node.replaced(body) if node.is_map else node
        below = node.get("below")
        if below is not None:
            made |= _option_tree(below, key)
    return made


def _finished(fields: dict[str, FieldDef], digest: bytes, drawn: bool) -> Part:
    """The part with what is often asked of it worked out. ``drawn``: fields took something from beyond their node."""
    face = hashlib.blake2b(digest_size=16)
    if drawn:
        digest = hashlib.blake2b(digest + b"".join(f.node.digest() for f in fields.values()), digest_size=16).digest()
    linked, owned = [], []
    for found in fields.values():
        face.update(found.key.encode() + (b"\0" if found.retired else b"\1"))
        if found.node is RECORD_NODES.get(found.key):
            continue
        for word in _FACE:
            said = found.node.value.get(word)
            if said is not None:
                face.update(word.encode() + said.digest())
        if found.retired or found.source == "system":
            continue
        if found.targets:
            linked.append(found)
        if found.rows or found.pairs:
            owned.append(found)
    return Part(fields, digest, face.digest(), tuple(linked), tuple(owned))


def arranged(fields: Node, faults: Faults) -> list[tuple[str, Node]]:
    """Fields in their order, with ``place: {after: x}`` and ``{before: x}`` obeyed."""
    order = list(fields.value)
    for name, node in fields.value.items():
        place = None if node.removed else node.get("place")
        if place is None or not place.is_map:
            continue
        for side, anchor in place.items():
            if side not in ("after", "before"):
                continue
            if anchor.value not in order or anchor.value == name:
                others = [f for f in order if f != name]
                hint = did_you_mean(str(anchor.value), others)
                faults.add(
                    "E308",
                    anchor,
                    f'There is no field "{anchor.value}" to stand {side}',
                    f"place: names a field of the same entity.{hint}",
                )
                continue
            order.remove(name)
            order.insert(order.index(anchor.value) + (1 if side == "after" else 0), name)
    return [(name, fields.value[name]) for name in order]


def types_digest(types: Mapping[str, FieldType]) -> str:
    """Tells catalogues of field types apart, alike in every process."""
    return ",".join(f"{name}={type(kind).__module__}.{type(kind).__qualname__}" for name, kind in sorted(types.items()))
