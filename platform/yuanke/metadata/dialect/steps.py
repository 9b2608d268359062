"""Keys of the steps that actions, transitions and automations do, one verb a step.

Rule: what a step names as its result may be used by the steps behind it.
"""

from __future__ import annotations

from collections.abc import Mapping

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.dialect.context import Context, Shape
from yuanke.metadata.dialect.records import NAMED, FieldValues, Key, MapOf, Record, Ref
from yuanke.metadata.dialect.shapes import PLAIN, Expr, ListOf, Name, Open, Value, Word, either
from yuanke.metadata.node import Node

WHEN = Key(Expr("bool"), "Only when this is true.", "amount >= 100000")
VALUES = FieldValues()
TARGET_VALUES = MapOf(Value(), "text", "a field")

STEP_VERBS: Mapping[str, Key] = {
    "set": Key(VALUES, "Gives fields of this record values.", "{ended_at: =now()}"),
    "create": Key(
        Record(
            "create",
            {
                "entity": Key(Name("entity"), "What is made.", "contract", required=True),
                "values": Key(TARGET_VALUES, "Its values; expressions are of this record.", "{member: =member}"),
                "copy": Key(Expr(), "Fields of equal name and type are copied from this record, rows too.", "=this"),
                "match": Key(TARGET_VALUES, "The record with these values is updated, or made when there is none.", "{guest: =this}"),
                "instead": Key(Expr(), "This record is used when there is one.", "=asked.existing"),
            },
            also=lambda node, c: _check_fields_of(node, c),
            told="Makes a record.",
        ),
        "Makes a record.", "{entity: contract, values: {member: =member}}"),
    "update": Key(Record("update", {"target": Key(Expr(), "The record or collection; else this record.", "=about"), "each": Key(Open(), "The rows gone through.", "items.serials"),
                                    "where": Key(Expr(), "Which of them."), "values": Key(TARGET_VALUES, "The new values.", "{stage: =stage_after}", required=True)}),
                  "Changes other records.", "{target: =about, values: {stage: =stage_after}}"),
    "delete": Key(Record("delete", {"target": Key(Expr(), "The record or collection.", "parts[kind != check]", required=True)}), "Puts records into the bin.", "{target: =lines}"),
    "run": Key(either(Name("act"), Record("run", {"action": Key(PLAIN, "An action or transition.", "confirm", required=True), "target": Key(Expr(), "Of which record; else this.", "=issue"),
                                            "with": Key(TARGET_VALUES, "What it asks.", "{to: =to}")})), "Runs an action or transition.", "recycle"),
    "move": Key(either(Name("act"), Record("move", {"record": Key(Expr(), "The record.", "=shipment"), "each": Key(Open(), "Or the records gone through.", "items.records"),
                                              "where": Key(Expr(), "Which of them."), "transition": Key(PLAIN, "The transition.", "left", required=True)})), "Moves another record's workflow.", "{record: =shipment, transition: left}"),
    "become": Key(either(PLAIN, MapOf(PLAIN, "text", "a document")), "Makes the next document (becomes:) and may move it on.", "{issue_note: confirm}"),
    "repoint": Key(Record("repoint", {"from": Key(Expr(), "The record links point to.", "=this"), "to": Key(Expr(), "The record they shall point to.", "=new_customer"),
                                      "of": Key(ListOf(PLAIN), "Entities and features whose links move.", "[action, files]")}), "Re-points links from one record to another.", "{from: =this, to: =new_customer}"),
    "notify": Key(Record("notify", {"to": Key(Value(), "People: an expression or the name of a field.", "owner", required=True), "text": Key(PLAIN, "What it says; `{field}` shows a value.", "'{name} 已赢单'", required=True),
                                    "kind": Key(PLAIN, "Sort of message.", "pool")}), "Sends a message inside the system.", "{to: owner, text: '{number} 已停滞'}"),
    "remind": Key(Record("remind", {"to": Key(Value(), "Whom it is for: people or fields with people.", "=owner", required=True), "text": Key(PLAIN, "What it says.", "'{subject} 即将开始'", required=True), "until": Key(Expr("bool"), "It goes when this is true.", "state.closed"),
                                    "due": Key(Value(), "The time of the event.", "=start_at"), "kind": Key(PLAIN, "Sort of reminder.", "jubilee")}), "Puts a line on the workbench.", "{to: =owner, text: '{name}'}"),
    "mail": Key(Record("mail", {"to": Key(Value(), "Addresses or people.", "=email", required=True), "subject": Key(PLAIN, "What stands in the subject line.", "报价 {number}"), "text": Key(PLAIN, "What the mail says."), "files": Key(either(Expr(), ListOf(Expr())), "File fields whose files go with it, 15 MB in all.", "papers"), "print": Key(PLAIN, "A print that goes with it.", "quote")}), "Sends an e-mail.", "{to: =email, subject: '{number}'}"),
    "webhook": Key(either(PLAIN, Record("webhook", {"url": Key(PLAIN, "Where to.", "https://example.com/hook"), "name": Key(PLAIN, "Or a webhook declared on its screen."), "values": Key(TARGET_VALUES, "What is sent.")})), "Calls another system.", "{url: 'https://example.com/hook'}"),
    "call": Key(Record("call", {"function": Key(PLAIN, "A function of a plugin.", "issue_invoice", required=True), "with": Key(TARGET_VALUES, "Its arguments.")}), "Calls a plugin's function.", "{function: issue_invoice}"),
    "merge": Key(Record("merge", {"keep": Key(Expr(), "The record that stays; else this one.", "=this"), "lose": Key(Expr(), "The record or records that go into it.", "=asked.other", required=True),
                                  "choices": Key(MapOf(Word(("keep", "lose", "both")), "text", "a field"), "Whose value stays, where it is not the filled one.", "{name: lose}"), "reason": Key(Value(), "Why, for the log.", "=asked.reason")}),
                 "Merges records (feature merge).", "{keep: =this, lose: =asked.other}"),
    "transfer": Key(Record("transfer", {"target": Key(Expr(), "The record or collection; else this record.", "=guests"), "to": Key(Value(), "The new owner.", "=asked.to", required=True),
                                        "with": Key(either(ListOf(PLAIN), Value()), "Collections that follow; else those that follow by default.", "[visits]"), "keep": Key(Value(), "What the old owner keeps: none, read, write.", "read"), "reason": Key(Value(), "Why, for the log.", "=asked.reason")}),
                    "Hands records over (feature transfer).", "{to: =asked.to}"),
    "share": Key(Record("share", {"target": Key(Expr(), "The record or collection; else this record.", "=guests"), "to": Key(either(ListOf(Value()), Value()), "People or departments.", "=owner.manager"), "role": Key(Name("role"), "Or all who have a role.", "sales"),
                                  "level": Key(Value(), "read or write.", "write"), "expires": Key(Value(), "The last day.", "=today() + days(30)"), "with": Key(either(ListOf(PLAIN), Value()), "Collections that go along.", "[visits]"), "reason": Key(Value(), "Why, for the log.")}),
                 "Shares records (feature share).", "{to: =owner.manager, level: read}"),
    "assign": Key(Record("assign", {
        "field": Key(Name("field"), "The field that takes the person; owner if nothing is said.", "owner"),
        "among": Key(Expr(), "People, or rows with a person.", "rule.members"),
        "role": Key(Name("role"), "Or all who have this role.", "sales"),
        "person": Key(PLAIN, "In rows: the field with the person.", "user"),
        "by": Key(Word(("turn", "load")), "turn: one after the other; load: who has the fewest.", "load"),
        "counts": Key(Expr("bool"), "Of load: which records of his count.", "not stage.closed"),
        "most": Key(Expr(), "Nobody gets more than this many of those.", "settings.most_held"),
    }, told="Gives the record to one of several people."), "Gives this record to one of several people.", "{role: sales, by: turn}"),
    "do": Key(Ref("steps"), "Steps done for each."),
}  # fmt: skip
MODIFIERS: Mapping[str, Key] = {
    "when": WHEN,
    "as": Key(PLAIN, "Names the result for the steps behind it.", "new_customer"),
    "each": Key(either(PLAIN, MapOf(PLAIN, "text", "a name")), "Goes through rows or records.", "members"),
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
