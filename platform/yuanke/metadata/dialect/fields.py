"""Keys of a field and of an option. Rule: a key means the same everywhere, and one that a type cannot use is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from yuanke.fieldtypes import FieldType, catalogue
from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.dialect.context import Context, Schema, Shape
from yuanke.metadata.dialect.options import HELP, ICON, LABEL, Options
from yuanke.metadata.dialect.records import NAMED, Key, MapOf, Record, Ref
from yuanke.metadata.dialect.shapes import PLAIN, Expr, Flag, ListOf, Name, Open, Value, Whole, Word, either
from yuanke.metadata.node import Node
from yuanke.metadata.telling import type_word


class Pattern(Shape):
    """A regular expression that RE2 understands: no input can make it slow."""

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, str)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        try:
            import re2

            options = re2.Options()
            options.log_errors = False
            re2.compile(node.value, options)
        except re2.error as error:
            reason = error.args[0] if error.args else "it cannot be read"
            reason = reason.decode() if isinstance(reason, bytes) else str(reason)
            c.faults.add(
                "E220",
                node,
                "The pattern cannot be read",
                f"{reason[:1].upper()}{reason[1:]}. Patterns are RE2: no look-ahead and no back-references.",
            )

    def words(self) -> str:
        return "a pattern (RE2)"

    def schema(self) -> Schema:
        return {"type": "string"}


_CONDITION = "An expression that is true or false"
#: every key of every field: what it means and how it is written
KEYS: dict[str, Key] = {
    "type": Key(PLAIN, "The kind of value; `!` behind it means required. Telling keys (link, links, rows, options, formula) need none.", "money!"),
    "label": LABEL,
    "help": HELP,
    "required": Key(Flag(), "true: it must be filled (short: `!` behind the type or the target).", "true"),
    "unique": Key(either(Flag(), ListOf(Name("field"))), "true, or the fields together with which no two live records are equal.", "[parent]"),
    "default": Key(Value(later=True), "What a new record has: a value, or `=` and an expression that follows its sources until a person types.", "=today()"),
    "editable": Key(either(Flag(), Word(("new",)), Expr("bool", later=True)), "false: programs only; new: until first saved; or a condition. Beside a formula, true makes it a default kept until emptied.", "new"),
    "visible_when": Key(Expr("bool", later=True), f"{_CONDITION}: else the form hides the field.", "stage == lost"),
    "required_when": Key(Expr("bool", later=True), f"{_CONDITION}: then it must be filled.", "stage == lost"),
    "valid_when": Key(Expr("bool", later=True), f"{_CONDITION}: else the value is refused with `message`. On a roll-up it is a limit.", "end_at >= start_at"),
    "message": Key(PLAIN, "What is said when valid_when is false; `{field}` shows a value.", "结束不得早于开始"),
    "min": Key(Value(later=True), "Least value; of rows the least number of them.", "0"),
    "max": Key(Value(later=True), "Greatest value; of rows the greatest number of them.", "100"),
    "length": Key(Whole(1, 10_000), "Most characters.", "200"),
    "pattern": Key(Pattern(), "What the whole text must match (RE2).", "'[A-Z]{3}'"),
    "scale": Key(Whole(0, 6), "Places behind the point that one may type and sees.", "2"),
    "index": Key(Flag(), "true: a database index, for what is filtered and sorted often.", "true"),
    "sealed": Key(Flag(), "true: a secret, kept encrypted under the key of the installation; it is not searched, filtered or kept in the history.", "true"),
    "searchable": Key(Flag(), "Whether the full-text search finds it.", "true"),
    "masked": Key(either(Flag(), Expr("bool", later=True)), "true, or when it is shown as a mask only.", "owner == null", idle=True),
    "sensitive": Key(either(Flag(), Name("class")), "A class of sensitive fields (classes:), or true: seen only by roles that say so; false frees a formula of what it reads.", "cost"),
    "formerly": Key(PLAIN, "The key it had before: the column and its data move.", "sign_date"),
    "place": Key(Ref("place"), "Where it stands among the fields of lower layers.", "{after: stage}"),
    "refresh": Key(Word(("day",)), "day: a formula that reads the clock is stored, and computed again each night.", "day"),
    "frozen_when": Key(Expr("bool"), f"{_CONDITION}: the formula is live until it is true, then kept for good.", "stage.closed"),
    "history": Key(either(Flag(), Record("history", {"keep": Key(ListOf(Name("field")), "Fields kept with each change.", "[amount]")})), "Keep each value it had, with who and when (`<field>_history`).", "{keep: [amount]}"),
    "retired": Key(Flag(), "true: shown nowhere, its column and data stay.", "true"),
    # telling keys
    "link": Key(either(Name("entity"), ListOf(Name("entity"))), "One record of another entity; a list: of one of several.", "member!"),
    "links": Key(Name("entity"), "Several records of another entity.", "guest"),
    "rows": Key(either(Name("entity"), Ref("fields")), "Rows owned by this record: their fields, or an entity declared on its own.", "{article: {link: article!}, quantity: quantity}"),
    "options": Key(Options(), "The choices: keys, a map of key -> label, or a map of options.", "{open: 进行中, done: {label: 完成, closed: true}}"),
    "bands": Key(Options(), "A computed choice: the first option whose `when` holds is the value, the last has none.", "{late: {label: 逾期, when: due < today()}, fine: {label: 正常}}"),
    "formula": Key(Expr(later=True), "Computes the value from other fields.", "quantity * price"),
    "multiple": Key(Flag(), "true: several of the options, or several files.", "true"),
    "like": Key(PLAIN, "Takes the definition of another field (entity.field), or for rows the fields of a pattern.", "member.level"),
    # of links
    "filter": Key(Expr("bool", later=True), "Which records may be chosen: bare names are the candidate's, `this` is the record that chooses.", "member == this.member"),
    "inverse": Key(PLAIN, "Name of the collection that the target gets.", "guests"),
    "on_delete": Key(Word(("refuse", "empty", "cascade")), "When the target is deleted: refuse it, empty this link, or delete this record with it.", "cascade"),
    "with": Key(Ref("fields"), "Fields that hang on each pair of links.", "{role: {options: [buyer, user]}}"),
    "acyclic": Key(Flag(), "true: following it never comes back to where it began.", "true"),
    "lookup": Key(Open("the best record of a table"), "Finds the best record of a table while typing, kept with the document.", "{match: {article: =article}, prefer: [lowest]}"),
    "suggest": Key(Expr(), "A link's candidates by full text of this expression.", "subject + content"),
    "create": Key(MapOf(Value(), "text", "a field of the new record"), "What is made of text that no record answers to.", "{sn: =typed}"),
    # of rows
    "sort": Key(either(PLAIN, ListOf(PLAIN)), "Order of the rows where it is not the order of typing.", "due_date"),
    "pick": Key(Expr("bool"), "Rows are chosen among existing free records that fulfil this.", "state == free"),
    "copy": Key(Record("copy", {"from": Key(Expr(), "The rows to copy.", "template.items"), "values": Key(MapOf(Value(), "text", "a field"), "What differs.", "{item: =this}")}), "Filled with copies of other rows at creation.", "{from: template.items}"),
    "scan": Key(Open("what a scanner finds"), "What scanning a code adds.", "{find: [barcode.code], values: {article: =found.article}}"),
    # further
    "follows": Key(ListOf(Name("field")), "An overwritten formula is computed again when one of these changes.", "[stage]"),
    "normal": Key(Word(("company", "name", "phone", "code")), "A second, normal form of the text, used for duplicates, import and search.", "company"),
    "only_one": Key(ListOf(Name("field")), "true here makes it false on the other records with equal values of these fields.", "[member]"),
    "stamp": Key(Name("field"), "The time at which that field last changed.", "counted"),
    "part_of": Key(PLAIN, "A partial document's share of its source row.", "booking_line.total"),
    "by": Key(Name("field"), "What the share of part_of is measured by.", "quantity"),
    "of": Key(PLAIN, "The whole of part_of, or the entity an expression is about.", "booking_line.delivered"),
    "asks": Key(PLAIN, "Where the type, options and unit of an answer come from.", "item.type"),
    "currency": Key(PLAIN, "A field that holds the currency of the amount, or a code.", "currency"),
    "empty": Key(PLAIN, "What an empty value is called.", "默认规格"),
    "unit": Key(PLAIN, "The unit shown beside the number.", "天"),
    "icon": ICON,
    "group": Key(PLAIN, "Of a setting: the heading it stands under.", "客户"),
    "roles": Key(ListOf(Name("role")), "Of a setting: who may change it.", "[finance, admin]"),
    "locked_when": Key(Expr("bool"), "Of a setting: when it cannot be changed.", "exists(article[in_use])"),
    "only_grows": Key(Flag(), "Of a setting: true, it is never set back.", "true"),
    "ask": Key(Ref("fields"), "Fields asked beside it.", "{reason: text!}"),
}  # fmt: skip

#: keys that need a certain kind of type: key -> kinds of `FieldType.kind`, or names of types
_NEEDS: dict[str, frozenset[str]] = {
    "length": frozenset({"text"}), "pattern": frozenset({"text"}), "sealed": frozenset({"text"}), "normal": frozenset({"text"}),
    "scale": frozenset({"number", "quantity", "money", "price", "percent"}),
    "min": frozenset({"number", "date", "datetime", "time", "duration", "rows", "links"}),
    "max": frozenset({"number", "date", "datetime", "time", "duration", "rows", "links"}),
    "filter": frozenset({"link", "links"}), "inverse": frozenset({"link", "links"}), "acyclic": frozenset({"link", "links"}),
    "suggest": frozenset({"link"}), "lookup": frozenset({"link"}), "create": frozenset({"link", "links"}),
    "on_delete": frozenset({"link", "links"}),
    "with": frozenset({"links"}), "sort": frozenset({"rows"}), "pick": frozenset({"rows"}), "scan": frozenset({"rows"}), "copy": frozenset({"rows"}),
    "only_one": frozenset({"bool"}), "multiple": frozenset({"choice", "choices", "file", "image"}),
}  # fmt: skip
#: telling keys, of which a field has one
TELLING = ("link", "links", "rows", "options", "bands")


class FieldShape(Record):
    """A field: the keys above, and those that its own type brings. Fields of rows and pairs are those of an entity of their own."""

    def check(self, node: Node, c: Context) -> None:
        if node.is_map and node.get("like") is not None:  # null takes away what the other field says
            node = node.replaced({k: n for k, n in node.value.items() if n.value is not None})
        super().check(node, c)

    def inner(self, word: str, c: Context) -> Context:
        return c.at(entity=f"{c.entity}_{c.field}" if c.entity else "", field="") if word in ("rows", "with") else c

    def body(self) -> Schema:
        made = super().body()
        for kind in catalogue().values():
            for word, schema in kind.keys.items():
                if word not in self.keys:
                    made["properties"].setdefault(word, {"description": f"Of {kind.name}.", **schema})
        return {"anyOf": [{"type": "string", "description": "A type, with ! when it is required."}, made]}

    def _tell_unknown(self, word: str, child: Node, c: Context) -> None:
        owners = [name for name, kind in c.types.items() if word in kind.keys]
        if not owners:
            super()._tell_unknown(word, child, c)


def _together(node: Node, c: Context) -> None:
    """What the keys of a field mean together."""
    told = [word for word in TELLING if node.get(word) is not None]
    if len(told) > 1:
        second = node.get(told[1])
        assert second is not None
        c.faults.add(
            "E208",
            second.key,
            f'"{told[0]}" and "{told[1]}" exclude each other',
            "A field is one kind of thing. Make two fields of it.",
            node.get(told[0]),
        )
        return
    word = type_word(node)
    kind = c.types.get(word)
    if kind is not None:
        _check_type(node, kind, told, c)
    elif word:
        c.faults.add(
            "E206",
            node.get("type") or node,
            f'There is no field type "{word}"',
            f"Types are {', '.join(sorted(c.types))}.{did_you_mean(word, c.types)}",
        )
    elif node.get("formula") is None and node.get("like") is None:
        c.faults.add(
            "E206",
            node.key,
            f'The field "{c.field}" has no type' if c.field else "A field without a type",
            "Say a type (name: text), or one of the keys that tell it: link, links, rows, options, formula.",
        )
    formula = node.get("formula")
    for word in ("default", "required"):
        other = node.get(word)
        editable = node.get("editable")
        if (
            formula is not None
            and other is not None
            and other.value is not False
            and (editable is None or editable.value is False)
        ):
            c.faults.add(
                "E208",
                other.key,
                f'A computed field has no "{word}"',
                "The formula always says its value. Say editable: true to let people overwrite it, or take one away.",
                formula.key,
            )
    if node.get("message") is not None and node.get("valid_when") is None and node.get("locked_when") is None:
        c.faults.add(
            "W604",
            node.value["message"].key,
            "A message that is never said",
            "message: is what valid_when: says; write the condition.",
        )


def _check_type(node: Node, kind: FieldType, told: list[str], c: Context) -> None:
    said = node.get("type")
    if (
        said is not None
        and told
        and told[0] not in kind.keys
        and kind.name not in ("link", "links", "rows", "choice", "choices", "dynamic_link")
    ):
        c.faults.add(
            "E208",
            said,
            f"type: {kind.name} and {told[0]}: exclude each other",
            f"{told[0]}: tells the type already. Take type: away.",
            node.get(told[0]),
        )
        return
    for word, child in node.items():
        needs = _NEEDS.get(word)
        if needs is not None and not needs & {kind.kind, kind.name} and word not in kind.keys:
            c.faults.add(
                "E209",
                child.key,
                f'A field of type {kind.name} has no "{word}"',
                f"{word}: belongs to {', '.join(sorted(needs))}.{_instead(word, kind)}",
            )
        elif needs is None and word not in kind.keys:
            owners = _owners_of(c.types).get(word)
            if owners and word not in TELLING:
                c.faults.add(
                    "E209",
                    child.key,
                    f'A field of type {kind.name} has no "{word}"',
                    f"{word}: belongs to {', '.join(owners)}.",
                )
        elif word not in KEYS:
            _check_own_key(word, child, kind, c)


_owners: dict[int, tuple[Mapping[str, FieldType], dict[str, list[str]]]] = {}


def _owners_of(types: Mapping[str, FieldType]) -> dict[str, list[str]]:
    """Key -> the types that bring it themselves."""
    known = _owners.get(id(types))
    if known is None or known[0] is not types:
        made: dict[str, list[str]] = {}
        for name, kind in sorted(types.items()):
            for word in kind.keys:
                made.setdefault(word, []).append(name)
        _owners.clear()
        known = _owners[id(types)] = (types, made)
    return known[1]


def _instead(word: str, kind: FieldType) -> str:
    return " Limit a text with length:." if word in ("max", "min") and kind.kind == "text" else ""


def _check_own_key(word: str, child: Node, kind: FieldType, c: Context) -> None:
    """A key that only this type knows: its own JSON Schema says what may stand there."""
    problem = _mismatch(child.plain(), kind.keys[word])
    if problem:
        c.faults.add(
            "E202",
            child,
            f'"{word}" of a {kind.name} field is wrong',
            f"{problem} {kind.keys[word].get('description', '')}".strip(),
        )


_KINDS = {"string": str, "boolean": bool, "object": dict, "array": list}


def _mismatch(value: Any, schema: Mapping[str, Any]) -> str:
    """Why ``value`` is not what a small JSON Schema asks for (type, enum, pattern, minimum), or ""."""
    wanted = schema.get("type")
    names = [wanted] if isinstance(wanted, str) else list(wanted or [])
    if names and not any(_is_a(value, name) for name in names):
        return f"Expected {' or '.join(names)}."
    if "enum" in schema and value not in schema["enum"]:
        return f"Expected one of {', '.join(map(str, schema['enum']))}.{did_you_mean(str(value), map(str, schema['enum']))}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        return f"Expected text like {schema['pattern']}."
    if "minimum" in schema and isinstance(value, (int, float)) and value < schema["minimum"]:
        return f"Expected at least {schema['minimum']}."
    return ""


def _is_a(value: Any, name: str) -> bool:
    if name in ("integer", "number"):
        return isinstance(value, int if name == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, _KINDS.get(name, object))


FIELD = FieldShape("a field", KEYS, also=_together, told="A value of a record. It is its type (`text!`), or a map.")
NAMED["field"] = FIELD


class Fields(MapOf):
    """Fields by name; the names themselves are checked where they are declared."""

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        for key, child in node.items():
            FIELD.check(child, c.at(field=key, what=f'the field "{key}"'))


NAMED["fields"] = Fields(Ref("field"), "text", "a field")
