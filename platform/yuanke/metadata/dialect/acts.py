"""Keys of what happens: checks, actions, transitions and automations.

Rule: conditions name fields of the record; what an act asks is `asked`; a transition has every key of an action.
"""

from __future__ import annotations

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.dialect.approval import APPROVAL
from yuanke.metadata.dialect.context import Context, Shape
from yuanke.metadata.dialect.documents import FILLS, Posts
from yuanke.metadata.dialect.options import HELP, ICON, LABEL
from yuanke.metadata.dialect.records import Key, MapOf, Record, Ref
from yuanke.metadata.dialect.shapes import PLAIN, Expr, Flag, ListOf, Name, Value, Word, either
from yuanke.metadata.dialect.steps import VALUES, WHEN
from yuanke.metadata.dialect.times import Duration, Schedule
from yuanke.metadata.names import RESERVED_NAMES, check_name
from yuanke.metadata.node import Node

CHECK = Record(
    "a check",
    {
        "label": LABEL,
        "at": Key(
            either(PLAIN, ListOf(PLAIN)),
            "The verbs, transitions or actions at which it is asked; else at every save.",
            "finish",
        ),
        "verbs": Key(ListOf(PLAIN), "The verbs at which it is asked.", "[delete, merge]"),
        "when": Key(
            Expr("bool"), "In refuse: when true, the act is refused (the opposite of valid_when).", "owner != null"
        ),
        "valid_when": Key(Expr("bool"), "What must hold.", "receivable == 0"),
        "message": Key(PLAIN, "What is said otherwise; `{field}` shows a value.", "'应收 {receivable}'"),
        "otherwise": Key(
            either(Word(("refuse", "warn", "reason")), Value()),
            "refuse, warn (asks once, then lets pass) or reason (lets pass with a reason kept).",
            "warn",
        ),
        "warn": Key(Flag(), "true: the same as otherwise: warn.", "true"),
        "lock": Key(ListOf(Expr()), "Records locked before it is asked.", "[owner]"),
    },
    also=lambda node, c: _one_condition(node, c),
    told="A rule that refuses, warns, or asks for a reason.",
)


def _one_condition(node: Node, c: Context) -> None:
    if node.get("when") is None and node.get("valid_when") is None:
        c.faults.add(
            "E205",
            node.key,
            "A check without a condition",
            "Write valid_when: (what must hold), or when: under refuse:.",
        )


CHECKS = MapOf(CHECK, "name", "a check")


class Asked(Shape):
    """What an act asks: own fields by name (a list, or entries with nothing behind them), or fields of its own."""

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, (dict, list))

    def check(self, node: Node, c: Context) -> None:
        if isinstance(node.value, list):
            ListOf(Name("field")).check(node, c)
        elif not self.fits(node):
            self.refuse(node, c)
        for name, child in node.items():
            if child.is_map and not child.value:
                Name("field").check(Node(name, child.key, child.layer), c.at(what='"ask"'))
            elif check_name(name, child, c.faults, "what is asked", RESERVED_NAMES):
                Ref("field").check(child, c.at(field=name, what=f'"{name}"'))

    def further(self) -> tuple[Shape, ...]:
        return (Ref("field"),)

    def words(self) -> str:
        return "a list of own fields, or a map of fields"

    def schema(self) -> dict[str, object]:
        return {
            "anyOf": [
                {"type": "array", "items": {"type": "string"}},
                {"type": "object", "additionalProperties": Ref("field").schema()},
            ]
        }


ACT: dict[str, Key] = {
    "label": LABEL,
    "help": HELP,
    "icon": ICON,
    "color": Key(PLAIN, "Colour of its button.", "green"),
    "when": Key(Expr("bool"), "Hides and refuses it otherwise.", "owner == null"),
    "valid_when": Key(Expr("bool"), "Refuses it otherwise, with `message`.", "received >= payable"),
    "message": Key(PLAIN, "What is said then.", "未收齐"),
    "ask": Key(Asked(), "What is asked: own fields by name, or fields of its own.", "[lost_reason]"),
    "require": Key(ListOf(Name("path")), "Fields that must be filled.", "[lines]"),
    "set": Key(VALUES, "Values given to fields.", "{ended_at: =now()}"),
    "lock": Key(ListOf(Expr()), "Further records locked first.", "[me]"),
    "let": Key(MapOf(Expr(), "name", "a value"), "Named values, in order, after the locks.", '{held: "count(member[owner == me])"}'),
    "checks": Key(CHECKS, "Rules that refuse it.", "{full: {valid_when: held < 10, message: 已达上限}}"),
    "refuse": Key(CHECKS, "Rules with the opposite condition: when: true refuses.", "{taken: {when: owner != null, message: 已被领取}}"),
    "do": Key(Ref("steps"), "Steps, in the same transaction.", "[{set: {owner: =me}}]"),
    "undo": Key(Record("undo", {"within": Key(Duration(), "How long it can be undone.", "7d"), "changed": Key(Word(("skip", "refuse")), "What happens with records changed since.", "skip")}), "Whether it can be undone.", "{within: 7d}"),
    "internal": Key(Flag(), "true: only automations and other actions run it.", "true"),
    "hidden": Key(Flag(), "true: only a move of another document runs it.", "true"),
    "roles": Key(ListOf(Name("role")), "Only these roles.", "[finance]"),
    "confirm": Key(PLAIN, "A question asked before it.", "确定作废吗?"),
}  # fmt: skip
#: where a transition may begin: states, or these words
FROM_WORDS = ("any", "open")
TRANSITION: dict[str, Key] = {
    "from": Key(either(Name("state"), ListOf(Name("state"))), "States it leads from; any, or open (those not closed).", "[draft, proposal]", required=True),
    "to": Key(Name("state"), "The state it leads to; previous goes back.", "won", required=True),
    **ACT,
    "approval": Key(APPROVAL, "Who must agree before it happens.", "{when: amount >= 100000, steps: {manager: {by: owner.manager}}}"),
    "post": Key(either(Posts(), ListOf(Name("post"))), "What it writes into ledgers.", "{stock: {each: lines, quantity: =-quantity}}"),
    "reverse": Key(ListOf(Name("post")), "Posts taken back.", "[stock]"),
    "fills": Key(MapOf(FILLS, "text", "rows"), "Rows brought in step first."),
    "every": Key(Schedule(), "Tried on this schedule too.", "day 00:05"),
}  # fmt: skip


def _asked(node: Node, c: Context) -> Context:
    """Inside an act `asked` has what it asks, and `let` names values."""
    names = tuple(k for k, _ in let.items()) if (let := node.get("let")) is not None else ()
    return c.at(asked=node.get("ask"), results=(*c.results, *names)) if c.entity else c


ACTION_SHAPE = Record(
    "an action", ACT, context=_asked, told="A verb without a change of state; it is a right of its own."
)
TRANSITION_SHAPE = Record(
    "a transition",
    TRANSITION,
    context=_asked,
    told="A step of the workflow; it is a button, and may be a right of its own.",
)
WORKFLOW = Record(
    "workflow",
    {"field": Key(Name("field"), "The choice field that holds the state; only transitions change it.", "stage", required=True),
     "transitions": Key(MapOf(TRANSITION_SHAPE, "name", "a transition"), "The moves.", "{win: {from: proposal, to: won}}", required=True)},
    also=lambda node, c: _state_field(node, c),
    context=lambda node, c: c.at(state=str(field.value) if (field := node.get("field")) is not None else ""),
    told="States and the moves between them.",
)  # fmt: skip


def _state_field(node: Node, c: Context) -> None:
    field = node.get("field")
    if field is None or not isinstance(field.value, str):
        return
    known = c.known("choice", field.value, c)
    if known is not None and field.value not in known and field.value in (c.known("field", field.value, c) or []):
        c.faults.add(
            "E219",
            field,
            f'"{field.value}" is no choice',
            "A workflow moves a field with options:." + did_you_mean(field.value, known),
        )


class Moment(Expr):
    """A date or time that is kept beside the record: it may read only what is stored."""

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        made = c.compile(node, c, None)
        if made is not None and made.volatile:
            read = ", ".join(f"{name}()" for name in sorted(made.volatile))
            detail = "The moment is kept beside the record and moves with its sources. Compare with the clock in when:."
            c.faults.add("E403", node, f"The moment reads {read}", detail)


TRIGGERS = ("after", "before", "every", "at", "hook")
#: verbs, or verbs with the fields one of which must have changed
LISTENS = either(Name("verb"), ListOf(Name("verb")), MapOf(ListOf(Name("field")), "verb", "fields"))
HOOK = Record(
    "hook",
    {
        "match": Key(
            VALUES, "Which record of the entity it is about: the one with these values.", "{number: =asked.number}"
        )
    },
    told="An automation that another system sets off by calling `/api/v1/hooks/<enterprise>.<entity>.<automation>`.",
)
AUTOMATION = Record(
    "an automation",
    {
        "label": LABEL,
        "after": Key(
            LISTENS,
            "After create, update, save, delete, an action or transition, approved, rejected, returned, withdrawn; with the "
            "fields one of which must have changed.",
            "{update: [stage, owner]}",
        ),
        "before": Key(LISTENS, "Before them, in the same transaction; its steps are `set`.", "save"),
        "every": Key(Schedule(), "On a schedule, for each record that fulfils `when`.", "weekday 08:00"),
        "at": Key(
            Moment(), "At a time computed from the record; kept and moved with its sources.", "returns_on - days(3)"
        ),
        "late": Key(
            either(Duration(), Word(("any",))),
            "Of at: a moment that lies further back than this when it is planned is passed over; 7d if nothing is said.",
            "30d",
        ),
        "hook": Key(
            either(Flag(), HOOK), "When another system calls it, with a secret.", "{match: {number: =asked.number}}"
        ),
        "ask": Key(Asked(), "Of hook: what the other system sends.", "{number: text!, amount: money}"),
        "when": WHEN,
        "let": ACT["let"],
        "lock": ACT["lock"],
        "do": Key(Ref("steps"), "What is done.", "[{notify: {to: owner, text: '{number} 已停滞'}}]", required=True),
        "active": Key(Flag(), "false switches it off.", "false"),
    },
    also=lambda node, c: _check_automation(node, c),
    context=lambda node, c: _asked(node, c).at(listens=_listens(node)),
    told="What happens by itself, after the commit.",
)


def _check_automation(node: Node, c: Context) -> None:
    _one_trigger(node, c)
    _only_sets(node, c)
    _sends_to_hook(node, c)


def _one_trigger(node: Node, c: Context) -> None:
    said = [word for word in TRIGGERS if node.get(word) is not None]
    if not said:
        c.faults.add("E205", node.key, "An automation without a trigger", f"Write one of {', '.join(TRIGGERS)}.")
    elif len(said) > 1:
        c.faults.add(
            "E208",
            node.value[said[1]].key,
            f'"{said[0]}" and "{said[1]}" exclude each other',
            "An automation has one trigger; make two of it.",
            node.value[said[0]].key,
        )


def _listens(node: Node) -> tuple[str, ...]:
    said = node.get("after")
    if said is None:
        return ()
    return (
        tuple(k for k, _ in said.items())
        if said.is_map
        else tuple(str(n.value) for n in said.live())
        if said.is_list
        else (str(said.value),)
    )


def _only_sets(node: Node, c: Context) -> None:
    """``before:`` changes the record that is being saved; everything else waits until it is."""
    if node.get("before") is None or (steps := node.get("do")) is None or not steps.is_list:
        return
    for step in steps.live():
        verb = next((word for word, _ in step.items() if word not in ("when", "do")), None) if step.is_map else None
        if verb is not None and verb != "set":
            c.faults.add(
                "E207", step.value[verb].key, f'"{verb}" before the record is saved',
                "before: only gives the record values by set:. Use after:, or do: of an action.", node.value["before"].key,
            )  # fmt: skip


def _sends_to_hook(node: Node, c: Context) -> None:
    said = node.get("ask")
    if said is not None and node.get("hook") is None:
        c.faults.add(
            "E207", said.key, "ask: without hook:", "Nobody is there to be asked; only a call can send something."
        )
