"""Keys of approvals: who must agree before a transition happens. Rule: in every step there is somebody."""

from __future__ import annotations

from yuanke.metadata.dialect.context import Context
from yuanke.metadata.dialect.options import LABEL
from yuanke.metadata.dialect.records import Key, MapOf, Record, Ref
from yuanke.metadata.dialect.shapes import PLAIN, Expr, ListOf, Name, Word, either
from yuanke.metadata.dialect.steps import WHEN
from yuanke.metadata.dialect.times import Duration
from yuanke.metadata.node import Node

APPROVAL_STEP = Record(
    "a step of approval",
    {
        "label": LABEL,
        "by": Key(Expr(), "The person or people who approve.", "owner.manager"),
        "role": Key(either(Name("role"), ListOf(Name("role"))), "The role whose holders approve.", "finance"),
        "mode": Key(
            Word(("any", "all", "sequence")), "Of several people: any one, all of them, or one after the other.", "any"
        ),
        "when": WHEN,
        "within": Key(Duration(), "How long it may take.", "2d"),
        "late": Key(
            Word(("remind", "up", "approve")),
            "What happens then: remind, go to the next higher manager, or approve.",
            "remind",
        ),
        "edit": Key(ListOf(Name("path")), "Fields that may be changed in this step.", "[items.approved_amount]"),
        "until": Key(Expr(), "In a sequence: where it ends.", "level >= 3"),
        "not": Key(ListOf(PLAIN), "Who may not approve.", "[applicant]"),
    },
    also=lambda node, c: _someone(node, c),
    told="One stop of an approval.",
)


def _someone(node: Node, c: Context) -> None:
    if node.get("by") is None and node.get("role") is None:
        c.faults.add(
            "E205",
            node.key,
            "Nobody approves in this step",
            "Write by: (an expression that gives people) or role: <role>.",
        )
    if node.get("late") is not None and node.get("within") is None:
        c.faults.add(
            "W604", node.value["late"].key, "late: without within:", "Nothing is late without a time; write within: 2d."
        )


APPROVAL = Record(
    "approval",
    {
        "when": Key(Expr("bool"), "Only then; else the transition happens at once.", "amount >= 100000"),
        "steps": Key(
            MapOf(APPROVAL_STEP, "name", "a step"),
            "The stops, in order.",
            "{manager: {by: owner.manager}}",
            required=True,
        ),
        "rejected": Key(
            Record(
                "rejected",
                {
                    "to": Key(Name("option"), "The state a refusal leads to.", "rejected"),
                    "do": Key(Ref("steps"), "What is done then."),
                },
            ),
            "What a refusal does.",
            "{to: rejected}",
        ),
        "cc": Key(ListOf(PLAIN), "Who is told.", "[accountant]"),
        "withdraw": Key(
            Word(("before_first", "any_time", "never")), "When the applicant may withdraw.", "before_first"
        ),
        "same_person": Key(Word(("up", "skip", "allow")), "When the applicant himself would approve.", "up"),
        "repeat": Key(Word(("once", "each")), "Whether one person in several steps is asked once.", "once"),
        "missing": Key(Word(("admin", "skip", "refuse")), "When nobody is there to approve.", "admin"),
        "reject_to": Key(Word(("start", "previous")), "Where a refusal goes.", "start"),
        "not": Key(ListOf(PLAIN), "Who may not approve.", "[applicant]"),
    },
    told="Who must agree before a transition happens.",
)
