"""Keys of a whole file: a module, or a customization."""

from __future__ import annotations

from yuanke.metadata.dialect.context import Context
from yuanke.metadata.dialect.entity import ENTITY
from yuanke.metadata.dialect.fields import FIELD
from yuanke.metadata.dialect.figures import LEDGER, METRIC, REPORT
from yuanke.metadata.dialect.options import HELP, ICON, LABEL, Options
from yuanke.metadata.dialect.records import NAMED, FieldValues, Key, MapOf, Record, Ref
from yuanke.metadata.dialect.shapes import PLAIN, Expr, Flag, ListOf, Name, Open, Text, Value, Whole, Word, either
from yuanke.metadata.dialect.times import Rate
from yuanke.metadata.dialect.trials import MIGRATIONS, TEST
from yuanke.metadata.node import Node

ROLE = Record(
    "a role",
    {
        "label": LABEL,
        "help": HELP,
        "sees": Key(ListOf(Name("class")), "Classes of sensitive fields it sees.", "[cost]"),
    },
    told="Who people are here; permissions speak of roles.",
)
CLASS = Record(
    "a class",
    {
        "label": LABEL,
        "help": HELP,
        "mask": Key(Word(("phone", "email", "name", "id", "card", "all")), "How its values are masked.", "phone"),
    },
    told="A class of sensitive fields; a role sees it when it says so.",
)
DICTIONARY = Record(
    "a dictionary",
    {
        "label": LABEL,
        "help": HELP,
        "tree": Key(Flag(), "true: options have options below them.", "true"),
        "open": Key(Flag(), "true: people may add to it while typing.", "true"),
        "options": Key(Options(), "Its options.", "{it: IT}", required=True),
    },
    told="One list of options for many fields.",
)
MENU_ITEM = either(
    PLAIN,
    Record(
        "a menu item",
        {
            "entity": Key(Name("entity"), "An entity's list.", "member"),
            "view": Key(PLAIN, "One of its views.", "pool"),
            "report": Key(Name("report"), "A report.", "funnel"),
            "dashboard": Key(Name("dashboard"), "A dashboard.", "workbench_boss"),
            "label": LABEL,
            "icon": ICON,
        },
    ),
)
MENU = Record("a menu group", {"label": LABEL, "icon": ICON, "items": Key(ListOf(MENU_ITEM), "Entities, `reports.<name>`, `dashboards.<name>`, or maps.", "[member, guest]"), "place": Key(Ref("place"), "Where it stands.", "{after: members}")},
              also=lambda node, c: _menu_items(node, c), told="A group of the menu. What several modules put into it adds up.")  # fmt: skip


def _menu_items(node: Node, c: Context) -> None:
    items = node.get("items")
    for item in items.live() if items is not None else ():
        if not isinstance(item.value, str):
            continue
        kind, _, name = item.value.partition(".")
        word = {"reports": "report", "dashboards": "dashboard"}.get(kind)
        Name(word or "entity").check(Node(name if word else item.value, item.span, item.layer), c.at(what="the menu"))


STAGE = Record("a stage", {"label": LABEL, "icon": ICON, "count": Key(Name("entity"), "Whose records are counted.", "member"), "where": Key(Expr("bool"), "Which of them.", "life == potential"), "opens": Key(ListOf(Name("entity")), "What it leads to.", "[booking]")},
               context=lambda node, c: c.at(entity=str(e.value) if (e := node.get("count")) is not None else ""))  # fmt: skip
SHORTCUT = Record(
    "a shortcut",
    {
        "label": LABEL,
        "icon": ICON,
        "where": Key(Expr("bool"), "Which records are counted.", "owner == me"),
        "note": Key(PLAIN, "What the count means.", "本周新增"),
        "view": Key(PLAIN, "The view that is opened.", "pool"),
    },
)


class Shortcuts(MapOf):
    """Links by entity; the condition of each speaks of its own entity."""

    def check(self, node: Node, c: Context) -> None:
        if node.is_list:
            ListOf(Name("entity")).check(node, c)
            return
        for key, child in node.items():
            Name("entity").check(Node(key, child.key, child.layer), c)
            if child.value is not None and not isinstance(child.value, str):
                SHORTCUT.check(child, c.at(entity=key))

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, (dict, list))

    def schema(self) -> dict[str, object]:
        return {"anyOf": [super().schema(), {"type": "array", "items": {"type": "string"}}]}


WIDGET = Record(
    "a widget",
    {
        "label": LABEL,
        "icon": ICON,
        "help": HELP,
        "list": Key(Name("entity"), "A short list of records.", "task"),
        "links": Key(Shortcuts(SHORTCUT, "entity", "a shortcut"), "Shortcuts with counts.", "[member, order]"),
        "stages": Key(MapOf(STAGE, "name", "a stage", null=True), "A strip of stages with counts.", "{potential: {count: member, where: life == potential}}"),
        "report": Key(Name("report"), "A report's chart.", "funnel"),
        "metric": Key(Name("figure"), "A figure: a metric, or an entity of which `value` is the aggregate.", "booking"),
        "feed": Key(Word(("messages", "reminders", "approvals", "activities", "comments")), "A feed of the engine.", "messages"),
        "record": Key(Name("entity"), "The record the board is about.", "member"),
        "search": Key(Name("entity"), "A search box.", "guide"),
        "where": Key(Expr("bool"), "Which records.", "owner == me"),
        "filter": Key(Open("a filter of the list, or a condition"), "Which records.", "mine_open"),
        "columns": Key(ListOf(Name("path")), "Columns of the list.", "[subject, member]"),
        "sort": Key(either(Name("path", signed=True), ListOf(Name("path", signed=True))), "The order of the records.", "-updated_at"),
        "limit": Key(Whole(1, 100), "How many.", "6"),
        "by": Key(Expr(), "What the figure is split by.", "stage"),
        "value": Key(Expr(later=True), "The aggregate of a metric's entity, or the figure of the report that is shown.", "sum(weighted)"),
        "compare": Key(Open(), "Other periods beside it.", "[last_year, previous]"),
        "goal": Key(PLAIN, "The figure it is measured against.", "target"),
        "with": Key(MapOf(Value(), "text", "a parameter"), "What the report asks.", "{metric: signed}"),
        "also": Key(PLAIN, "What else is listed.", "approvals"),
        "actions": Key(ListOf(PLAIN), "Buttons it offers.", "[guest.create]"),
        "chart": Key(PLAIN, "How it is drawn.", "bar"),
        "note": Key(PLAIN, "Small text below."),
    },
    context=lambda node, c: c.at(shows=True, entity=next((str(n.value) for w in ("list", "metric", "record") if (n := node.get(w)) is not None), "")),
    told="One tile of a board.",
)  # fmt: skip
DASHBOARD = Record(
    "a dashboard",
    {
        "label": LABEL,
        "help": HELP,
        "icon": ICON,
        "for": Key(ListOf(Name("role")), "Whose board it is.", "[boss]"),
        "like": Key(Name("dashboard"), "The board it inherits from; null takes a part of that away.", "workbench_boss"),
        "filters": Key(Ref("fields"), "What the reader may set for all tiles.", "{department: {link: department}}"),
        "about": Key(Name("entity"), "Makes a console around one record.", "member"),
        "find": Key(ListOf(PLAIN), "How that record is found.", "[name, number]"),
        "rows": Key(ListOf(ListOf(PLAIN)), "Tiles, row by row.", "[[shortcuts], [todo, funnel]]"),
        "widgets": Key(MapOf(WIDGET, "name", "a widget", null=True), "The tiles.", "{todo: {list: task}}"),
    },
    also=lambda node, c: _tiles(node, c),
    told="A board of tiles.",
)  # fmt: skip


def _tiles(node: Node, c: Context) -> None:
    widgets, rows = node.get("widgets"), node.get("rows")
    known = [k for k, _ in widgets.items()] if widgets is not None else []
    if node.get("like") is not None or node.get("about") is not None:
        return
    for row in rows.live() if rows is not None else ():
        for tile in row.live():
            if isinstance(tile.value, str) and tile.value not in known:
                from yuanke.kernel.diagnostics import did_you_mean

                c.faults.add(
                    "E217",
                    tile,
                    f'There is no widget "{tile.value}"',
                    f"rows: places the widgets of this board.{did_you_mean(tile.value, known)}",
                )


PRINT = Record(
    "a print",
    {"label": LABEL, "entity": Key(Name("entity"), "What it prints.", "quote", required=True), "paper": Key(Word(("A3", "A4", "A5", "letter", "label")), "The paper.", "A4"), "landscape": Key(Flag(), "true: on its side.", "true"),
     "template": Key(PLAIN, "Jinja over plain values that the printer may see.", "<h1>{{ number }}</h1>"), "file": Key(PLAIN, "Or a file with it.", "quote.html"), "when": Key(Expr("bool"), "When it is offered.", "state == approved"), "for": Key(ListOf(Name("role")), "Who may print it.", "[sales]")},
    context=lambda node, c: c.at(entity=str(e.value) if (e := node.get("entity")) is not None else ""),
    also=lambda node, c: None if node.get("template") or node.get("file") else c.faults.add("E205", node.key, "A print without a template", "Write template: or file:."),
    told="A document on paper.",
)  # fmt: skip
FORM = Record(
    "a web form",
    {"label": LABEL, "entity": Key(Name("entity"), "What a submission becomes.", "lead", required=True), "fields": Key(ListOf(Name("field")), "What is asked.", "[guest_name, mobile]", required=True), "set": Key(MapOf(Value(), "field", "a field"), "Values it sets.", "{source: web}"),
     "captcha": Key(Word(("slider", "none")), "The proof that a person types.", "slider"), "per_ip": Key(Rate(), "Most submissions from one address.", "10/h"), "domains": Key(ListOf(PLAIN), "Where it may be embedded.", "[www.example.com]"), "consent": Key(PLAIN, "What one agrees to."), "thanks": Key(PLAIN, "What is said afterwards.")},
    context=lambda node, c: c.at(entity=str(e.value) if (e := node.get("entity")) is not None else ""),
    told="A public form.",
)  # fmt: skip


class Samples(MapOf):
    """Named records by entity; links name other samples or records."""

    def check(self, node: Node, c: Context) -> None:
        super().check(node, c)
        for entity, records in node.items():
            for _, record in records.items():
                if record.is_map:
                    FieldValues().check(record, c.at(entity=entity, open=True))


SAMPLES = Samples(MapOf(MapOf(Open("a value"), "text", "a value"), "text", "a sample", most=10), "entity", "an entity")

SECTIONS: dict[str, Key] = {
    "settings": Key(MapOf(Ref("field"), "text", "a setting"), "Parameters of the enterprise; `settings.<name>` in expressions.", "{stale_days: {type: integer, default: 14}}"),
    "roles": Key(MapOf(either(ROLE, PLAIN), "name", "a role"), "Who people are here; permissions speak of roles.", "{sales: {label: 销售}}"),
    "classes": Key(MapOf(either(CLASS, PLAIN), "name", "a class"), "Classes of sensitive fields.", "{cost: {label: 成本}}"),
    "dictionaries": Key(MapOf(DICTIONARY, "name", "a dictionary"), "Lists of options for many fields.", "{industry: {options: {it: IT}}}"),
    "menu": Key(MapOf(MENU, "name", "a group"), "Groups of the menu and what stands in them.", "{members: {label: 客户, items: [member]}}"),
    "entities": Key(MapOf(ENTITY, "text", "an entity"), "Kinds of records; naming another module's adds to it.", "{member: {fields: {name: text!}}}"),
    "ledgers": Key(MapOf(LEDGER, "name", "a ledger"), "Books of postings with balances.", "{stock: {dimensions: {article: {link: article!}}, measures: {quantity: quantity}}}"),
    "metrics": Key(MapOf(METRIC, "name", "a metric"), "Figures defined once.", "{signed: {entity: order, value: sum(total)}}"),
    "reports": Key(MapOf(REPORT, "name", "a report"), "Groups and figures of records, under the reader's rights.", "{funnel: {entity: booking, group: [stage], show: {deals: count()}}}"),
    "dashboards": Key(MapOf(DASHBOARD, "name", "a dashboard"), "Boards of tiles, one for each role or one for all.", "{workbench: {rows: [[todo]], widgets: {todo: {list: task}}}}"),
    "prints": Key(MapOf(PRINT, "name", "a print"), "Documents on paper.", "{quote: {entity: quote, template: '...'}}"),
    "forms": Key(MapOf(FORM, "name", "a form"), "Public web forms.", "{contact_us: {entity: lead, fields: [mobile]}}"),
    "samples": Key(SAMPLES, "At most ten named sample records an entity.", "{member: {acme: {name: Acme}}}"),
    "tests": Key(MapOf(TEST, "text", "a test"), "Tests that `yuanke pack test` runs.", "{gold_pays_less: {do: [...], expect: {anna: fee == 90}}}"),
    "translations": Key(MapOf(Open("paths with their texts"), "text", "a language"), "Texts in other languages, by path.", "{en: {entities.member.label: Member}}"),
}  # fmt: skip
MODULE = Record(
    "a module file",
    {"module": Key(PLAIN, "The module's name.", "booking", required=True), "label": LABEL, "version": Key(Text(r"[0-9]+(\.[0-9]+){0,2}", "a version, like 1.0.0"), "Its version.", "1.0.0"), "icon": ICON, "help": HELP,
     "depends": Key(ListOf(PLAIN), "Modules it names or adds to, with the versions it asks for.", "[member, article >= 1.2]"),
     "migrations": Key(MIGRATIONS, "What becomes of values on the way to a version.", "{1.2.0: [{entity: member, set: {grade: =level}}]}"), **SECTIONS},
    told="One file is one module.",
)  # fmt: skip
CUSTOMIZATION = Record(
    "a customization file",
    {"customization": Key(PLAIN, "Its name.", "acme"), "label": LABEL, "help": HELP, "over": Key(ListOf(PLAIN), "Customizations that this one overrules.", "[other]"), **SECTIONS},
    told="What one enterprise changes; maps merge, null takes away, `columns+:` and `columns-:` change lists.",
)  # fmt: skip
NAMED["module"] = MODULE
NAMED["customization"] = CUSTOMIZATION
SETTING = FIELD
