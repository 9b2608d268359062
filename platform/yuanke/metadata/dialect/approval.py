"""Keys of approvals: who must agree before a transition happens. Rule: in every step there is somebody, and a step begins
only behind steps that stand above it, so that no flow can wait for itself."""

from __future__ import annotations

import re

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.dialect.context import Context
from yuanke.metadata.dialect.options import LABEL
from yuanke.metadata.dialect.records import Key, MapOf, Record, Ref
from yuanke.metadata.dialect.shapes import Expr, ListOf, Name, Text, Word, either
from yuanke.metadata.dialect.steps import WHEN
from yuanke.metadata.dialect.times import Duration
from yuanke.metadata.node import Node

#: names that expressions of an approval have beside those of the record: who submitted it, and of a chain of people the
#: one at hand and his place in it
NAMES = ("applicant", "approver", "level")
#: in ``after:`` the submission itself
START = "start"


class Person(Expr):
    """People named by a role, or by an expression (``owner.manager``)."""

    def check(self, node: Node, c: Context) -> None:
        if isinstance(node.value, str) and node.value in (c.known("role", node.value, c) or ()):
            Name("role").check(node, c)
        else:
            super().check(node, c)

    def words(self) -> str:
        return "a role or an expression"


PEOPLE = ListOf(Person())
NEEDS = re.compile(r"[1-9][0-9]{0,2}|(?:100|[1-9][0-9]?)%")

APPROVAL_STEP = Record(
    "a step of approval",
    {
        "label": LABEL,
        "by": Key(
            either(Expr(), ListOf(Expr())),
            "The person or people who approve; applicant is who submitted, managers(x) his managers upwards, "
            "managers(x, 2) the second one alone, heads(d) the heads of a department and of those above it.",
            "owner.manager",
        ),
        "role": Key(either(Name("role"), ListOf(Name("role"))), "The role whose holders approve.", "finance"),
        "mode": Key(
            Word(("any", "all", "sequence")), "Of several people: any one, all of them, or one after the other.", "any"
        ),
        "needs": Key(
            Text(NEEDS.pattern, 'a number, or a share like "60%"'),
            "How many of them must agree, a number or a share; instead of mode.",
            "60%",
        ),
        "when": WHEN,
        "after": Key(
            either(Text(), ListOf(Text())),
            "The steps above that must be over first, else the one right above; several steps after the same one run "
            "side by side; start begins at once.",
            "[legal, finance]",
        ),
        "within": Key(Duration(), "How long it may take.", "2d"),
        "calendar": Key(
            Word(("work",)),
            "work: only the hours and days of the working calendar count; a week is five working days.",
            "work",
        ),
        "late": Key(
            Word(("remind", "up", "approve", "refuse")),
            "What happens then: remind, go to the next higher manager, approve, or refuse.",
            "remind",
        ),
        "edit": Key(ListOf(Name("path")), "Fields that may be changed in this step.", "[items.agreed]"),
        "until": Key(Expr("bool"), "Of a chain of people: where it ends, that one included.", "level >= 3"),
        "not": Key(PEOPLE, "Who may not approve.", "[applicant]"),
        "cc": Key(PEOPLE, "Who is told when the step is over: roles or people.", "[accountant]"),
    },
    also=lambda node, c: _someone(node, c),
    context=lambda node, c: _named(node, c),
    told="One stop of an approval.",
)


def _named(node: Node, c: Context) -> Context:
    return c.at(results=(*c.results, *NAMES))


def _someone(node: Node, c: Context) -> None:
    if node.get("by") is None and node.get("role") is None:
        c.faults.add(
            "E205",
            node.key,
            "Nobody approves in this step",
            "Write by: (an expression that gives people) or role: <role>.",
        )
    if node.get("by") is not None and node.get("role") is not None:
        c.faults.add(
            "E208",
            node.value["role"].key,
            '"by" and "role" exclude each other',
            "A step asks people or the holders of a role; make two steps of it.",
            node.value["by"].key,
        )
    within = node.get("within")
    if node.get("calendar") is not None and str(within.value if within is not None else "m")[-1] in "my":
        c.faults.add(
            "E208",
            node.value["calendar"].key,
            "calendar: work without a time in working hours or days",
            "Working time is counted in min, h, d and w; write within: 2d.",
        )
    if node.get("late") is not None and node.get("within") is None:
        c.faults.add(
            "W604", node.value["late"].key, "late: without within:", "Nothing is late without a time; write within: 2d."
        )


def _order(node: Node, c: Context) -> None:
    """``after:`` names steps above."""
    steps = node.get("steps")
    above: list[str] = []
    for key, step in steps.items() if steps is not None else ():
        after = step.get("after") if step.is_map else None
        for one in [] if after is None else after.live() if after.is_list else [after]:
            word = str(one.value)
            if word != START and word not in above:
                c.faults.add(
                    "E215",
                    one,
                    f'There is no step "{word}" above "{key}"',
                    f"after: names steps that stand above, or start.{did_you_mean(word, [*above, START])}",
                )
        above.append(key)


APPROVAL = Record(
    "approval",
    {
        "when": Key(Expr("bool"), "Only then; else the transition happens at once.", "amount >= 100000"),
        "steps": Key(
            MapOf(APPROVAL_STEP, "name", "a step", taken=frozenset({START})),
            "The stops, in order.",
            "{manager: {by: owner.manager}}",
            required=True,
        ),
        "rejected": Key(
            Record(
                "rejected",
                {
                    "to": Key(Name("state"), "The state a refusal leads to.", "rejected"),
                    "do": Key(Ref("steps"), "What is done then."),
                },
            ),
            "What a refusal does.",
            "{to: rejected}",
        ),
        "cc": Key(PEOPLE, "Who is told when it is approved: roles or people.", "[accountant]"),
        "withdraw": Key(
            Word(("before_first", "any_time", "never")), "When the applicant may withdraw.", "before_first"
        ),
        "same_person": Key(
            Word(("up", "skip", "allow")),
            "When the applicant himself would approve: his next higher manager (of a role another holder), nobody, or he.",
            "up",
        ),
        "repeat": Key(Word(("once", "each")), "Whether one person in several steps is asked once.", "once"),
        "missing": Key(
            Word(("admin", "skip", "refuse")), "When nobody is there to approve: administrators do, it is passed over, or refused.", "admin"
        ),
        "reject_to": Key(Word(("start", "previous")), "Where a refusal goes.", "start"),
        "resubmit": Key(
            Word(("start", "continue")), "After a return: all steps again, or on from where it was returned.", "start"
        ),
        "not": Key(PEOPLE, "Who may not approve, in any step.", "[applicant]"),
        "amount": Key(Name("field"), "The figure that approvers see first; else the first amount of money.", "total"),
        "snapshot": Key(
            ListOf(Name("field")),
            "Fields whose later change needs approval again; else everything that people enter.",
            "[total, items]",
        ),
    },
    also=lambda node, c: _order(node, c),
    context=lambda node, c: _named(node, c),
    told="Who must agree before a transition happens.",
)  # fmt: skip
