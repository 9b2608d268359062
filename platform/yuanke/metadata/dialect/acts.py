# ruff: noqa: E501
"""Keys of what happens: checks, actions, transitions, approvals, automations and their steps.

Rule: conditions name fields of the record; what an act asks is `asked`; a transition has every key of an action.
"""

from __future__ import annotations

from collections.abc import Mapping

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.dialect.fields import HELP, ICON, LABEL
from yuanke.metadata.dialect.shapes import (
    NAMED,
    PLAIN,
    Context,
    Expr,
    FieldValues,
    Flag,
    Key,
    ListOf,
    MapOf,
    Name,
    Open,
    Record,
    Ref,
    Shape,
    Value,
    Word,
    either,
)
from yuanke.metadata.dialect.times import Duration, Schedule
from yuanke.metadata.names import RESERVED_NAMES, check_name
from yuanke.metadata.node import Node

WHEN = Key(Expr("bool"), "Only when this is true.", "amount >= 100000")
VALUES = FieldValues()
TARGET_VALUES = MapOf(Value(), "text", "a field")

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

STEP_VERBS: Mapping[str, Key] = {
    "set": Key(VALUES, "Gives fields of this record values.", "{closed_at: =now()}"),
    "create": Key(
        Record(
            "create",
            {
                "entity": Key(Name("entity"), "What is made.", "contract", required=True),
                "values": Key(TARGET_VALUES, "Its values; expressions are of this record.", "{customer: =customer}"),
                "copy": Key(Expr(), "Fields of equal name and type are copied from this record, rows too.", "=this"),
                "match": Key(TARGET_VALUES, "The record with these values is updated, or made when there is none.", "{contact: =this}"),
                "instead": Key(Expr(), "This record is used when there is one.", "=asked.existing"),
            },
            also=lambda node, c: _check_fields_of(node, c),
            told="Makes a record.",
        ),
        "Makes a record.", "{entity: contract, values: {customer: =customer}}"),
    "update": Key(Record("update", {"target": Key(Expr(), "The record or collection; else this record.", "=about"), "each": Key(Open(), "The rows gone through.", "items.serials"),
                                    "where": Key(Expr(), "Which of them."), "values": Key(TARGET_VALUES, "The new values.", "{stage: =stage_after}", required=True)}),
                  "Changes other records.", "{target: =about, values: {stage: =stage_after}}"),
    "delete": Key(Record("delete", {"target": Key(Expr(), "The record or collection.", "parts[kind != check]", required=True)}), "Puts records into the bin.", "{target: =lines}"),
    "run": Key(either(Name("act"), Record("run", {"action": Key(PLAIN, "An action or transition.", "confirm", required=True), "target": Key(Expr(), "Of which record; else this.", "=issue"),
                                            "with": Key(TARGET_VALUES, "What it asks.", "{to: =to}")})), "Runs an action or transition.", "recycle"),
    "move": Key(either(Name("act"), Record("move", {"record": Key(Expr(), "The record.", "=shipment"), "each": Key(Open(), "Or the records gone through.", "items.records"),
                                              "where": Key(Expr(), "Which of them."), "transition": Key(PLAIN, "The transition.", "left", required=True)})), "Moves another record's workflow.", "{record: =shipment, transition: left}"),
    "become": Key(either(PLAIN, MapOf(PLAIN, "text", "a document")), "Makes the next document (becomes:) and may move it on.", "{stock_out: confirm}"),
    "repoint": Key(Record("repoint", {"from": Key(Expr(), "The record links point to.", "=this"), "to": Key(Expr(), "The record they shall point to.", "=new_customer"),
                                      "of": Key(ListOf(PLAIN), "Entities and features whose links move.", "[action, files]")}), "Re-points links from one record to another.", "{from: =this, to: =new_customer}"),
    "notify": Key(Record("notify", {"to": Key(Value(), "People: an expression or the name of a field.", "owner", required=True), "text": Key(PLAIN, "What it says; `{field}` shows a value.", "'{name} 已赢单'", required=True),
                                    "kind": Key(PLAIN, "Sort of message.", "pool")}), "Sends a message inside the system.", "{to: owner, text: '{number} 已停滞'}"),
    "remind": Key(Record("remind", {"to": Key(Value(), "Whom it is for: people or fields with people.", "=owner", required=True), "text": Key(PLAIN, "What it says.", "'{subject} 即将开始'", required=True), "until": Key(Expr("bool"), "It goes when this is true.", "state.closed"),
                                    "due": Key(Value(), "The time of the event.", "=start_at"), "kind": Key(PLAIN, "Sort of reminder.", "anniversary")}), "Puts a line on the workbench.", "{to: =owner, text: '{name}'}"),
    "mail": Key(Record("mail", {"to": Key(Value(), "Addresses or people.", "=email", required=True), "subject": Key(PLAIN, "What stands in the subject line.", "报价 {number}"), "text": Key(PLAIN, "What the mail says."), "print": Key(PLAIN, "A print that goes with it.", "quote")}), "Sends an e-mail.", "{to: =email, subject: '{number}'}"),
    "webhook": Key(either(PLAIN, Record("webhook", {"url": Key(PLAIN, "Where to.", "https://example.com/hook"), "name": Key(PLAIN, "Or a webhook declared on its screen."), "values": Key(TARGET_VALUES, "What is sent.")})), "Calls another system.", "{url: 'https://example.com/hook'}"),
    "call": Key(Record("call", {"function": Key(PLAIN, "A function of a plugin.", "issue_invoice", required=True), "with": Key(TARGET_VALUES, "Its arguments.")}), "Calls a plugin's function.", "{function: issue_invoice}"),
    "merge": Key(Open("settings of the merge"), "Merges records (feature merge)."),
    "transfer": Key(Open("settings of the transfer"), "Hands records over (feature transfer)."),
    "share": Key(Open("settings of the share"), "Shares records (feature share)."),
    "do": Key(Ref("steps"), "Steps done for each."),
}  # fmt: skip
MODIFIERS: Mapping[str, Key] = {
    "when": WHEN,
    "as": Key(PLAIN, "Names the result for the steps behind it.", "new_customer"),
    "each": Key(either(PLAIN, MapOf(PLAIN, "text", "a name")), "Goes through rows or records.", "customers"),
    "where": Key(Expr(), "Which of them."),
    "sort": Key(either(PLAIN, ListOf(PLAIN)), "In which order."),
    "failures": Key(PLAIN, "A rows field that takes those refused; each turn stands alone then.", "failed"),
}


class Steps(Shape):
    """A list of steps, each a map with one verb and perhaps modifiers."""

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, list)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        names = c
        for step in node.live():
            if not step.is_map:
                self._tell(step, c)
                continue
            verbs = [word for word, _ in step.items() if word in STEP_VERBS]
            if len(verbs) != 1:
                if len(verbs) > 1:
                    second = step.value[verbs[1]]
                    c.faults.add(
                        "E208",
                        second.key,
                        f'"{verbs[0]}" and "{verbs[1]}" in one step',
                        'A step does one thing. Begin a new one with "- ".',
                        step.value[verbs[0]].key,
                    )
                elif not any(word not in MODIFIERS for word, _ in step.items()):
                    self._tell(step, c)
            inner = names.at(open=True, entity="") if step.get("each") is not None else names
            for word, child in step.items():
                key = STEP_VERBS.get(word) or MODIFIERS.get(word)
                if key is None:
                    c.faults.add(
                        "E201",
                        child.key,
                        f'"{word}" is no step',
                        f"Steps are {', '.join(STEP_VERBS)}, with {', '.join(MODIFIERS)} beside them.{did_you_mean(word, [*STEP_VERBS, *MODIFIERS])}",
                    )
                else:
                    key.shape.check(child, inner.at(what=f'"{word}"'))
            result = step.get("as")
            if result is not None:
                names = names.at(results=(*names.results, str(result.value)))

    def _tell(self, step: Node, c: Context) -> None:
        c.faults.add(
            "E202",
            step,
            "This is no step",
            f"A step is a map with one of {', '.join(STEP_VERBS)}, like - notify: {{to: owner, text: ...}}.",
        )

    def further(self) -> tuple[Shape, ...]:
        return (STEP,)

    def words(self) -> str:
        return "a list of steps"

    def schema(self) -> dict[str, object]:
        return {"type": "array", "items": STEP.schema()}


STEP = Record(
    "a step", {**STEP_VERBS, **MODIFIERS}, told="One thing that is done: one verb, and perhaps modifiers beside it."
)
NAMED["steps"] = Steps()


def _check_fields_of(node: Node, c: Context) -> None:
    """Values of a record that is made name fields of its entity."""
    entity = node.get("entity")
    if entity is None or not isinstance(entity.value, str):
        return
    for word in ("values", "match"):
        values = node.get(word)
        for key, child in values.items() if values is not None else ():
            there = c.at(entity=entity.value, field=key, what=f"{word} of {entity.value}")
            Name("field").check(Node(key, child.key, child.layer), there)
            if isinstance(child.value, str) and not child.value.startswith("="):
                Name("option").check(child, there)


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

POST = Record(
    "a post",
    {
        "ledger": Key(Name("ledger"), "The ledger; else the post's own name.", "stock"),
        "each": Key(either(PLAIN, MapOf(PLAIN, "text", "a name")), "Goes through rows.", "lines"),
        "where": Key(Expr(), "Which of them."),
        "when": Key(Expr(), "Only then."),
        "sort": Key(either(PLAIN, ListOf(PLAIN)), "In which order."),
        "dimensions": Key(MapOf(Value(), "text", "a dimension"), "The key it goes to; unsaid ones take the row's or record's field of that name.", "{warehouse: =warehouse}"),
        "from": Key(MapOf(Value(), "text", "a dimension"), "Takes from this key ...", "{warehouse: =from_warehouse}"),
        "to": Key(MapOf(Value(), "text", "a dimension"), "... and puts into this one, with its value.", "{warehouse: =transit}"),
        "details": Key(MapOf(Value(), "text", "a detail"), "Travels with the entry.", "{kind: loss}"),
    },
    rest=Value(),
    context=lambda node, c: c.at(open=True),
    told="What a transition writes into a ledger; its measures are keys of their own.",
)  # fmt: skip


class Posts(Shape):
    """Posts by name; the measures that a post gives are those of its ledger."""

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, dict)

    def check(self, node: Node, c: Context) -> None:
        for name, post in node.items():
            POST.check(post, c.at(what=f'the post "{name}"'))
            said = post.get("ledger")
            ledger = said if said is not None else Node(name, post.key, post.layer)
            if said is None:
                Name("ledger").check(ledger, c.at(what="the post, or say ledger:"))
            inner = c.at(field=str(ledger.value))
            for word, child in post.items():
                if word not in POST.keys:
                    Name("measure").check(Node(word, child.key, child.layer), inner.at(what=f'the post "{name}"'))
            for word in ("dimensions", "from", "to"):
                for key, child in held.items() if (held := post.get(word)) is not None else ():
                    Name("dimension").check(Node(key, child.key, child.layer), inner.at(what=f'the post "{name}"'))

    def further(self) -> tuple[Shape, ...]:
        return (POST,)

    def words(self) -> str:
        return "a map of posts"

    def schema(self) -> dict[str, object]:
        return {"type": "object", "additionalProperties": POST.schema()}


EACH = Key(either(PLAIN, MapOf(PLAIN, "text", "a name")), "The rows gone through.", "items")
ROWS_OF = Record(
    "an each",
    {
        "each": EACH,
        "where": Key(Open(), "Which of them."),
        "sort": Key(either(PLAIN, ListOf(PLAIN)), "In which order."),
        "values": Key(TARGET_VALUES, "Values of the new row."),
    },
    rest=Open(),
    context=lambda node, c: c.at(open=True),
)
BECOMES = Record(
    "becomes",
    {"label": LABEL, "entity": Key(Name("entity"), "The target, where the key is another name.", "stock_in"), "when": Key(Open(), "When it is offered."),
     "once": Key(Open(), "A second living one is refused.", "true"), "each": EACH, "by": Key(Open(), "One document for each value.", "product.supplier"), "where": Key(Open(), "Which rows."),
     "values": Key(TARGET_VALUES, "What the new document has beside equal fields."), "rows": Key(MapOf(ROWS_OF, "text", "rows"), "Its rows.", "{items: {values: {quantity: =open}}}"),
     "do": Key(Open(), "Steps on this record when it is saved.")},
    context=lambda node, c: c.at(open=True),
    told="How this document makes the next one.",
)  # fmt: skip
FILLS = Record(
    "fills",
    {"when": Key(Open(), "Only then."), "at": Key(either(PLAIN, ListOf(PLAIN)), "Transitions at which it happens; else while typing.", "[approve]"), "each": EACH, "where": Key(Open(), "Which of them."),
     "sort": Key(either(PLAIN, ListOf(PLAIN)), "In which order."), "match": Key(Open(), "What pairs old and new rows.", "serial"), "keep": Key(Open(), "Rows that stay.", "received > 0"),
     "values": Key(TARGET_VALUES, "Values of each row.", "{serial: =position}", required=True)},
    context=lambda node, c: c.at(open=True),
    told="Keeps own rows in step with other rows.",
)  # fmt: skip


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
    "set": Key(VALUES, "Values given to fields.", "{closed_at: =now()}"),
    "lock": Key(ListOf(Expr()), "Further records locked first.", "[me]"),
    "let": Key(MapOf(Expr(), "name", "a value"), "Named values, in order, after the locks.", '{held: "count(customer[owner == me])"}'),
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


TRIGGERS = ("after", "before", "every", "at")
AUTOMATION = Record(
    "an automation",
    {
        "label": LABEL,
        "after": Key(
            either(Name("verb"), ListOf(Name("verb"))),
            "After create, update, save, delete, or an action or transition.",
            "win",
        ),
        "before": Key(either(Name("verb"), ListOf(Name("verb"))), "Before them.", "save"),
        "every": Key(Schedule(), "On a schedule, for each record that fulfils `when`.", "weekday 08:00"),
        "at": Key(
            Expr(), "At a time computed from the record; kept and moved with its sources.", "recycle_on - days(3)"
        ),
        "when": WHEN,
        "let": ACT["let"],
        "lock": ACT["lock"],
        "do": Key(Ref("steps"), "What is done.", "[{notify: {to: owner, text: '{number} 已停滞'}}]", required=True),
        "active": Key(Flag(), "false switches it off.", "false"),
    },
    also=lambda node, c: _one_trigger(node, c),
    context=_asked,
    told="What happens by itself, after the commit.",
)


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


__all__ = ["ACTION_SHAPE", "AUTOMATION", "BECOMES", "CHECKS", "FILLS", "POST", "WORKFLOW"]
