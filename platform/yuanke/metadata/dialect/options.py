"""Keys that many parts share (label, help, icon), and the options of a choice.

Rule: an option is a small record; keys of its own are values that expressions read.
"""

from __future__ import annotations

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.dialect.context import Context, Schema, Shape
from yuanke.metadata.dialect.records import NAMED, Key, Record, Ref
from yuanke.metadata.dialect.shapes import PLAIN, Expr, Flag, Open, Whole, Word, either
from yuanke.metadata.node import Node

LABEL = Key(PLAIN, "What people call it, in Chinese; English comes from the key or from translations.", "客户名称")
HELP = Key(PLAIN, "A sentence that helps who fills it in.", "营业执照上的全称")
ICON = Key(PLAIN, "Name of an icon (Tabler icons).", "building")
COLOR = Word(
    (
        "blue",
        "azure",
        "indigo",
        "purple",
        "pink",
        "red",
        "orange",
        "amber",
        "yellow",
        "lime",
        "green",
        "teal",
        "cyan",
        "grey",
    )
)

OPTION = Record(
    "an option",
    {
        "label": LABEL,
        "help": HELP,
        "color": Key(COLOR, "Colour of its tag.", "green"),
        "icon": ICON,
        "void": Key(
            Flag(), "true: a record in it counts for nothing in other records' roll-ups, unique and part_of.", "true"
        ),
        "retired": Key(Flag(), "true: kept where it is stored, offered no more.", "true"),
        "when": Key(
            Expr("bool", later=True), "When it may be chosen; in bands, when it is the value.", "pipeline != renewal"
        ),
        "order": Key(Whole(), "Its place among the options, where the order of the file is not meant.", "3"),
        "below": Key(Ref("options"), "Options beneath it, in a tree of options.", "{software: 软件}"),
        "place": Key(Ref("place"), "Where it stands among the options of lower layers.", "{after: won}"),
        "formerly": Key(PLAIN, "The key it had before; stored values move.", "closed"),
    },
    rest=either(PLAIN, Flag(), Open()),
    told="One choice of a field. Its key is what is stored; keys of its own are values that expressions read (`stage.probability`).",
)


class Options(Shape):
    """A list of keys, a map of options, or ``dictionary <name>``."""

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, (dict, list, str))

    def check(self, node: Node, c: Context) -> None:
        if isinstance(node.value, str):
            word, _, name = node.value.partition(" ")
            known = c.known("dictionary", name.strip(), c)
            if word != "dictionary" or (known is not None and name.strip() not in known):
                c.faults.add(
                    "E217" if word == "dictionary" else "E202",
                    node,
                    f'"{node.value}" names no options',
                    "Write a map of options, a list of keys, or dictionary <name> for one declared under dictionaries:."
                    + did_you_mean(name, known or []),
                )
        elif isinstance(node.value, dict):
            if not any(True for _ in node.items()):
                c.faults.add(
                    "E205", node.key, "A choice needs options", "Write at least one, like options: {open: 进行中}."
                )
            for key, option in node.items():
                if option.value is None:
                    self.refuse(option, c)
                    continue
                if not key.strip() or len(key) > 60:
                    c.faults.add(
                        "E203",
                        option.key,
                        "An option's key is empty or too long",
                        "Any text of 1 to 60 characters may be a key.",
                    )
                OPTION.check(option, c.at(what=f'the option "{key}"'))
        elif isinstance(node.value, list):
            told: dict[str, Node] = {}
            for item in node.live():
                if not isinstance(item.value, str) and (item.raw is None or isinstance(item.value, bool)):
                    c.faults.add(
                        "E202", item, "An option of this list is no word", "Write a list of keys, or a map of options."
                    )
                elif str(item.value) in told:
                    c.faults.add(
                        "E103", item, f'The option "{item.value}" stands twice', "Take one away.", told[str(item.value)]
                    )
                told[str(item.value)] = item
            if not node.live():
                c.faults.add(
                    "E205", node.key, "A choice needs options", "Write at least one, like options: {open: 进行中}."
                )
        else:
            self.refuse(node, c)

    def further(self) -> tuple[Shape, ...]:
        return (OPTION,)

    def words(self) -> str:
        return "options: a map, a list of keys, or dictionary <name>"

    def schema(self) -> Schema:
        option = OPTION.schema()
        return {
            "anyOf": [
                {"type": "array", "items": {"type": ["string", "number"]}},
                {"type": "string", "pattern": "^dictionary "},
                {"type": "object", "additionalProperties": {"anyOf": [{"type": ["string", "null"]}, option]}},
            ]
        }


PLACE = Record(
    "place",
    {
        "after": Key(PLAIN, "Stand right behind this one.", "stage"),
        "before": Key(PLAIN, "Stand right before this one.", "amount"),
    },
    told="Where something new stands among what lower layers declared.",
)

NAMED["options"] = Options()
NAMED["option"] = OPTION
NAMED["place"] = PLACE
