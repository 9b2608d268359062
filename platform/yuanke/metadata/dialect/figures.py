"""Keys of ledgers, metrics and reports."""

from __future__ import annotations

from yuanke.metadata.dialect.context import Context
from yuanke.metadata.dialect.documents import BECOMES
from yuanke.metadata.dialect.options import HELP, ICON, LABEL
from yuanke.metadata.dialect.records import NAMED, Key, MapOf, Record, Ref
from yuanke.metadata.dialect.shapes import PLAIN, Expr, Flag, ListOf, Name, Open, Value, Whole, Word, either
from yuanke.metadata.node import Node

LIMIT = Record(
    "a limit",
    {"by": Key(ListOf(Name("dimension")), "Dimensions at which it is summed; else the full key.", "[store, article]"), "when": Key(Open(), "Only then.", "serial != empty"),
     "valid_when": Key(Open(), "What must hold.", "quantity >= reserved", required=True), "message": Key(PLAIN, "What is said otherwise.", "可用量不足"),
     "otherwise": Key(either(Word(("refuse", "warn", "reason")), Value()), "refuse, warn or reason.", "refuse")},
    told="A limit on balances, guarded inside the transaction.",
)  # fmt: skip
COSTING = Record(
    "costing",
    {"value": Key(either(Word(("moving_average", "fifo", "standard")), Value()), "The method that gives an issue its value.", "moving_average", required=True),
     "by": Key(ListOf(Name("dimension")), "Dimensions that have one cost.", "[store, article]"), "reference": Key(PLAIN, "The cost where there is none yet.", "article.base_price"),
     "back_dated": Key(Word(("refuse", "current", "revalue")), "What a posting before others does.", "revalue")},
)  # fmt: skip
LEDGER = Record(
    "a ledger",
    {
        "label": LABEL,
        "help": HELP,
        "icon": ICON,
        "dimensions": Key(Ref("fields"), "What a balance is kept for.", "{store: {link: store!}, article: {link: article!}}", required=True),
        "measures": Key(Ref("fields"), "What is counted.", "{quantity: quantity, value: money}", required=True),
        "details": Key(Ref("fields"), "Travels with entries, makes no balance.", "{kind: text}"),
        "never_negative": Key(MapOf(either(Flag(), Expr()), "measure", "a measure"), "Measures that may not fall below zero at the full key, or when.", "{quantity: not settings.allow_negative_stock}"),
        "costing": Key(COSTING, "How issues get their value.", "{value: moving_average, by: [store, article]}"),
        "limits": Key(MapOf(LIMIT, "name", "a limit"), "Limits on balances.", "{available: {by: [article], valid_when: quantity >= reserved}}"),
        "locked_when": Key(Open(), "Refuses postings for which it holds.", "date <= settings.lock_date"),
        "fields": Key(Ref("fields"), "Computed fields of a balance, for screens.", "{available: {type: quantity, formula: quantity - reserved}}"),
        "views": Key(Open(), "How balances are looked at.", "{list: {columns: [article, quantity]}}"),
        "permissions": Key(Open(), "What each role may read.", "{store: {read: all}}"),
        "sealed": Key(ListOf(PLAIN), "Keys that no layer above may change.", "[measures]"),
    },
    told="An append-only book of postings, with a balance for each key.",
    context=lambda node, c: c.at(open=True, ledger=node),
)  # fmt: skip
METRIC = Record(
    "a metric",
    {"label": LABEL, "help": HELP, "entity": Key(Name("entity"), "Whose records it counts.", "order"), "unit": Key(PLAIN, "The unit shown.", "percent"), "where": Key(Expr("bool"), "Which of them.", "state.valid"),
     "value": Key(Expr(group=True), "The figure.", "sum(total)", required=True), "date": Key(Name("path"), "The day it belongs to.", "signed_on"), "by": Key(MapOf(Expr(), "name", "a dimension"), "By what it can be split.", "{person: owner}"),
     "rows": Key(Expr(group=True), "How many records stand behind it.", "count()")},
    context=lambda node, c: c.at(entity=_entity_of(node), open=True),
    told="A figure defined once, which reports, targets and dashboards name.",
)  # fmt: skip


def _entity_of(node: Node) -> str:
    said = node.get("entity")
    return str(said.value) if said is not None else ""


def _keys_of(node: Node | None) -> tuple[str, ...]:
    return tuple(key for key, _ in node.items()) if node is not None else ()


GROUP = either(
    ListOf(Expr()),
    MapOf(
        either(
            Expr(),
            Record(
                "a group",
                {
                    "by": Key(Expr(), "What is grouped.", "month(date)"),
                    "fill": Key(either(Flag(), PLAIN), "true: empty groups are shown too.", "true"),
                    "across": Key(Flag(), "true: makes columns.", "true"),
                    "label": LABEL,
                },
            ),
        ),
        "name",
        "a group",
    ),
)
FIGURE = either(
    Expr(group=True),
    Record(
        "a figure",
        {
            "value": Key(Expr(group=True), "The figure.", "sum(amount)", required=True),
            "type": Key(PLAIN, "Its type.", "money"),
            "label": LABEL,
        },
    ),
)
COLUMN = either(
    Expr(later=True),
    Record(
        "a column",
        {
            "value": Key(Expr(later=True), "The figure.", "value / sum(rows.value) * 100", required=True),
            "type": Key(PLAIN, "Its type.", "percent"),
            "label": LABEL,
            "options": Key(Open(), "Options of a computed choice.", "dictionary rfm"),
        },
    ),
)
SOURCE = Record(
    "a source",
    {"entity": Key(Name("entity"), "Records read.", "booking_line"), "ledger": Key(Name("ledger"), "Entries read.", "stock"), "balances": Key(Name("ledger"), "Balances read.", "stock"),
     "where": Key(Expr(), "Which of them."), "show": Key(MapOf(Expr(group=True), "name", "a figure"), "The figures it brings.", "{on_hand: sum(quantity)}", required=True), "group": Key(GROUP, "Where it groups otherwise.")},
    context=lambda node, c: c.at(entity=_entity_of(node), open=True),
)  # fmt: skip
CHARTS = (
    "table",
    "bar",
    "stacked_bar",
    "line",
    "area",
    "pie",
    "funnel",
    "pareto",
    "calendar",
    "heatmap",
    "scatter",
    "number",
    "map",
)
REPORT = Record(
    "a report",
    {
        "label": LABEL,
        "help": HELP,
        "icon": ICON,
        "entity": Key(Name("entity"), "Whose records it reads.", "booking"),
        "ledger": Key(Name("ledger"), "Or entries of a ledger.", "stock"),
        "balances": Key(Name("ledger"), "Or balances of a ledger.", "stock"),
        "sources": Key(MapOf(SOURCE, "name", "a source"), "Or several, joined on the group."),
        "union": Key(Open("entities with the fields they bring"), "Or several entities under one another.", "{task: {title: subject}}"),
        "metric": Key(either(Name("metric"), Value()), "Or a metric.", "=asked.metric"),
        "ask": Key(Ref("fields"), "What the reader is asked; `asked.x` in expressions.", "{since: date!}"),
        "where": Key(Expr("bool"), "Which records.", "not stage.closed"),
        "group": Key(GROUP, "What the records are grouped by.", "[stage]"),
        "show": Key(MapOf(FIGURE, "name", "a figure"), "Figures of each group.", "{deals: count(), amount: sum(amount)}"),
        "columns": Key(MapOf(COLUMN, "name", "a column"), "Figures of each result row, in the order of sort.", "{share: value / sum(rows.value)}"),
        "summary": Key(MapOf(COLUMN, "name", "a figure"), "Figures over all result rows.", "{mean: avg(rows.value)}"),
        "sort": Key(either(PLAIN, ListOf(PLAIN)), "Order of the result.", "-amount"),
        "compare": Key(Open(), "Other periods beside it.", "{last_year: 1 year}"),
        "as_of": Key(Value(), "As it stood that day.", "=asked.as_of"),
        "chart": Key(Word(CHARTS), "How it is drawn.", "funnel"),
        "drill": Key(ListOf(PLAIN), "Columns of the records behind a figure.", "[number, open]"),
        "snapshot": Key(Word(("day", "week", "month")), "Kept each night.", "day"),
        "becomes": Key(MapOf(BECOMES, "name", "a document"), "Documents made from its rows."),
        "must_be_empty": Key(Flag(), "true: an invariant that doctor proves.", "true"),
        "limit": Key(Whole(1, 50_000), "Most result rows.", "1000"),
        "for": Key(ListOf(Name("role")), "Who finds it in the menu.", "[boss]"),
    },
    also=lambda node, c: _one_source(node, c),
    context=lambda node, c: c.at(
        entity=_entity_of(node), asked=node.get("ask"), open=not _entity_of(node), results=_keys_of(node.get("show"))
    ),
    told="Groups and figures, under the reader's rights.",
)  # fmt: skip


def _one_source(node: Node, c: Context) -> None:
    said = [w for w in ("entity", "ledger", "balances", "sources", "union", "metric") if node.get(w) is not None]
    if not said:
        c.faults.add(
            "E205", node.key, "A report of nothing", "Write entity: (or ledger, balances, sources, union, metric)."
        )
    elif len(said) > 1:
        c.faults.add(
            "E208",
            node.value[said[1]].key,
            f'"{said[0]}" and "{said[1]}" exclude each other',
            "A report reads one thing; sources: takes several.",
            node.value[said[0]].key,
        )
    if node.get("show") is None and node.get("union") is None:
        c.faults.add("E205", node.key, "A report that shows nothing", "Write show: {<name>: count()}.")


NAMED["ledger"] = LEDGER
NAMED["report"] = REPORT
