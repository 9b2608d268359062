"""Keys of what a pack brings along for its own life: tests, and what becomes of values when it moves to a new version."""

from __future__ import annotations

from yuanke.metadata.dialect.options import HELP, LABEL
from yuanke.metadata.dialect.records import NAMED, FieldValues, Key, MapOf, Record
from yuanke.metadata.dialect.shapes import PLAIN, Expr, Flag, ListOf, Name, Open, either

VALUES = MapOf(Open("a value, or = and an expression"), "text", "a field")
STEP = Record(
    "a step of a test",
    {
        "create": Key(MapOf(VALUES, "entity", "an entity"), "Makes a record; links name records made before.", "{member: {name: Anna}}"),
        "update": Key(MapOf(VALUES, "text", "a record"), "Changes a record made before.", "{anna: {level: gold}}"),
        "act": Key(MapOf(PLAIN, "text", "a record"), "Does a transition or action with it.", "{anna: upgrade}"),
        "delete": Key(PLAIN, "Puts a record into the bin.", "anna"),
        "as": Key(PLAIN, "What the record that is made is called in this test.", "anna"),
        "with": Key(VALUES, "Answers to what the act asks.", "{reason: too late}"),
        "by": Key(Name("role"), "Who does it, when it is not the test's own role.", "clerk"),
        "refused": Key(either(Flag(), PLAIN), "It must be refused: true, or a part of the sentence.", "true"),
    },
    told="One thing that a test does: create, update, act or delete.",
)  # fmt: skip
TEST = Record(
    "a test",
    {
        "label": LABEL,
        "help": HELP,
        "by": Key(Name("role"), "Who does it all; else the administrator.", "clerk"),
        "do": Key(ListOf(STEP), "What is done, in order.", "[{create: {member: {name: Anna}}, as: anna}]", required=True),
        "expect": Key(MapOf(either(ListOf(Expr(later=True)), Expr(later=True)), "text", "a record"), "What is true of records afterwards.", "{anna: [level == gold, fee == 90]}"),
    },
    told="A test that `yuanke pack test` runs in an enterprise of its own; everything it did is undone afterwards.",
)  # fmt: skip
NAMED["test"] = TEST

MIGRATION = Record(
    "a migration",
    {
        "entity": Key(Name("entity"), "Whose records change.", "member", required=True),
        "set": Key(FieldValues(), "Values; expressions may read fields that are retired.", "{grade: =level}", required=True),
        "where": Key(Expr("bool"), "Which records; else all.", "grade == null"),
    },
    context=lambda node, c: c.at(kept=True, entity=str(e.value) if (e := node.get("entity")) is not None else ""),
    told="Values that are written once, when the module moves to this version from an earlier one.",
)  # fmt: skip
MIGRATIONS = MapOf(ListOf(MIGRATION), "text", "a version")
NAMED["migration"] = MIGRATION
