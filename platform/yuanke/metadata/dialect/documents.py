"""Keys of documents that move business: postings into ledgers, the next document, rows kept in step with others.

Rule: their expressions walk rows at run time, so that only what is known beforehand is checked.
"""

from __future__ import annotations

from yuanke.metadata.dialect.context import Context, Shape
from yuanke.metadata.dialect.options import LABEL
from yuanke.metadata.dialect.records import Key, MapOf, Record
from yuanke.metadata.dialect.shapes import PLAIN, Expr, ListOf, Name, Open, Value, either
from yuanke.metadata.dialect.steps import TARGET_VALUES
from yuanke.metadata.node import Node

POST = Record(
    "a post",
    {
        "ledger": Key(Name("ledger"), "The ledger; else the post's own name.", "stock"),
        "each": Key(either(PLAIN, MapOf(PLAIN, "text", "a name")), "Goes through rows.", "lines"),
        "where": Key(Expr(), "Which of them."),
        "when": Key(Expr(), "Only then."),
        "sort": Key(either(PLAIN, ListOf(PLAIN)), "In which order."),
        "dimensions": Key(MapOf(Value(), "text", "a dimension"), "The key it goes to; unsaid ones take the row's or record's field of that name.", "{store: =store}"),
        "from": Key(MapOf(Value(), "text", "a dimension"), "Takes from this key ...", "{store: =origin}"),
        "to": Key(MapOf(Value(), "text", "a dimension"), "... and puts into this one, with its value.", "{store: =transit}"),
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
    {"label": LABEL, "entity": Key(Name("entity"), "The target, where the key is another name.", "arrival"), "when": Key(Open(), "When it is offered."),
     "once": Key(Open(), "A second living one is refused.", "true"), "each": EACH, "by": Key(Open(), "One document for each value.", "article.maker"), "where": Key(Open(), "Which rows."),
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
