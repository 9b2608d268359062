"""Keys of an entity: its views, rights and what hangs on it."""

from __future__ import annotations

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.dialect.acts import ACTION_SHAPE, AUTOMATION, CHECKS, WORKFLOW
from yuanke.metadata.dialect.context import Context, Shape
from yuanke.metadata.dialect.documents import BECOMES, FILLS
from yuanke.metadata.dialect.options import COLOR, HELP, ICON, LABEL
from yuanke.metadata.dialect.records import NAMED, Key, MapOf, Record, Ref
from yuanke.metadata.dialect.shapes import PLAIN, Expr, Flag, ListOf, Name, Open, Whole, Word, either
from yuanke.metadata.dialect.times import Duration, Rate
from yuanke.metadata.node import Node
from yuanke.metadata.number_format import NumberFormat

FILTER = Record(
    "a filter",
    {
        "label": LABEL,
        "help": HELP,
        "icon": ICON,
        "where": Key(Expr("bool", later=True), "Which records.", "not stage.closed", required=True),
    },
    told="A filter one clicks, in the list.",
)
SECTION = either(
    ListOf(Open("a field, or a list of fields side by side")),
    Record(
        "a section",
        {
            "label": LABEL,
            "rows": Key(
                ListOf(Open()),
                "Lines of the section; a list puts fields side by side.",
                "[[name, member], stage]",
                required=True,
            ),
            "visible_when": Key(Expr("bool"), "Hides the section otherwise.", "kind == person"),
        },
    ),
)
VIEW_KINDS = ("list", "form", "kanban", "calendar", "graph")
VIEW = Record(
    "a view",
    {
        "kind": Key(
            Word(VIEW_KINDS),
            "How it shows records; a view named list, form, kanban, calendar or graph needs none.",
            "list",
        ),
        "label": LABEL,
        "help": HELP,
        "icon": ICON,
        "where": Key(Expr("bool", later=True), "Which records it holds.", "owner == null"),
        "columns": Key(ListOf(Name("path")), "Columns of a list.", "[number, name, member.region]"),
        "sort": Key(
            either(Name("path", signed=True), ListOf(Name("path", signed=True))),
            "Order; `-` before a field sorts down.",
            "-close_date",
        ),
        "filters": Key(
            MapOf(either(FILTER, Expr("bool", later=True)), "name", "a filter"),
            "Filters one clicks.",
            "{open: {label: 进行中, where: not stage.closed}}",
        ),
        "sections": Key(
            MapOf(SECTION, "text", "a section"),
            "Sections of a form, by their headings.",
            "{基本信息: [[name, member], stage]}",
        ),
        "order": Key(
            ListOf(Open("the heading of a section")),
            "The sections of a form from the top; those it does not name follow as they were declared.",
            "[联系方式, 基本信息]",
        ),
        "by": Key(Name("path"), "Columns of a kanban.", "stage"),
        "card": Key(ListOf(Name("path")), "What a card shows.", "[name, member]"),
        "total": Key(Name("path"), "What the head of a column adds up.", "amount"),
        "date": Key(Name("path"), "The day (or start) in a calendar.", "start_at"),
        "end": Key(Name("path"), "The end in a calendar.", "end_at"),
        "color": Key(either(Name("path"), COLOR), "The choice field that colours.", "stage"),
        "rows": Key(PLAIN, "Rows of a graph.", "perspective"),
        "edges": Key(PLAIN, "Edges of a graph.", "causes"),
        "actions": Key(ListOf(PLAIN), "Actions offered.", "[claim]"),
        "limit": Key(Whole(1, 500), "Records a page of the list.", "50"),
    },
    context=lambda node, c: c.at(shows=True),
    told="A way to look at the records.",
)

LEVELS = ("hidden", "masked", "reveal", "read", "write")
LEVEL = either(
    Word(LEVELS),
    Record(
        "a level",
        {word: Key(either(Flag(), Expr("bool")), f"When the field is {word}.", "owner == null") for word in LEVELS},
    ),
)
GRANT = either(Flag(), PLAIN, ListOf(PLAIN))
PERMISSION = Record(
    "a permission",
    {
        "read": Key(GRANT, "Which records: a scope, a list of scopes, via <link>, or true.", "team"),
        "create": Key(GRANT, "Whether it may make records.", "true"),
        "update": Key(GRANT, "Which records it may change.", "own"),
        "delete": Key(GRANT, "Which records it may put into the bin.", "team"),
        "export": Key(GRANT, "Which records it may export.", "team"),
        "import": Key(GRANT, "Whether it may import.", "true"),
        "fields": Key(MapOf(LEVEL, "text", "a field"), 'Levels of fields: hidden, masked, reveal, read, write; "*" is all others.', '{"*": read, remark: write}'),
        "deny": Key(either(PLAIN, ListOf(PLAIN)), "Verbs that no other role of the same person can give back.", "[export]"),
        "limit": Key(MapOf(Rate(), "text", "a verb"), "How much in a time.", "{read: 300/d}", idle=True),
        "report": Key(GRANT, "Figures only, no rows.", "all"),
    },
    rest=GRANT,
    told="What one role may do. What is not written is not allowed. Transitions and actions are verbs too.",
)  # fmt: skip
FEATURES = ("audit", "comments", "files", "activities", "share", "merge", "transfer", "tags", "print")
FOLLOWING = Record(
    "what goes with it",
    {"label": LABEL, "where": Key(Expr("bool", later=True), "Which of its records; bare names are theirs.", "not state.closed"), "default": Key(Flag(), "true: it goes when nobody says otherwise.", "true")},
    told="A collection that goes with a record that is transferred or shared.",
)  # fmt: skip


class Following(Shape):
    """Collections of the record, in a list or with settings behind each; ``where`` speaks of the collection's records."""

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, (dict, list))

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        for item in node.live() if node.is_list else ():
            self._named(str(item.value), item, c)
        for name, how in node.items() if node.is_map else ():
            inside = self._named(name, how, c)
            if how.is_map:
                FOLLOWING.check(how, c.at(what=f'"{name}"'))
                where = how.get("where")
                if where is not None and inside:
                    c.compile(where, c.at(entity=inside, what='"where"'), "bool")
            elif not isinstance(how.value, bool):
                self.refuse(how, c)

    def _named(self, name: str, node: Node, c: Context) -> str:
        """The entity whose records the collection holds; "" when there is none of that name."""
        known = c.known("collection", name, c)
        if known is None or name in known:
            return (c.known("collected", name, c) or [""])[0]
        c.faults.add(
            "E211", node.key or node, f'There is no collection "{name}"',
            f"Name what other entities link to this one by.{did_you_mean(name, known)}",
        )  # fmt: skip
        return ""

    def further(self) -> tuple[Shape, ...]:
        return (FOLLOWING,)

    def words(self) -> str:
        return "a list of collections, or a map with settings behind each"

    def schema(self) -> dict[str, object]:
        each = {"anyOf": [{"type": "boolean"}, FOLLOWING.schema()]}
        listed = {"type": "array", "items": {"type": "string"}}
        return {"anyOf": [listed, {"type": "object", "additionalProperties": each}]}


FEATURE = Record(
    "a feature",
    {"undo": Key(Duration(), "How long it can be undone.", "30d"), "levels": Key(ListOf(Word(("read", "write"))), "Levels of a share.", "[read, write]"),
     "with": Key(Following(), "Collections that go with a transfer or a share.", "{guests: true, visits: {label: 未结来访, where: not state.closed, default: true}}"),
     "unite": Key(ListOf(Name("field")), "Lists of which a merge keeps those of both.", "[tags]"), "same": Key(MapOf(ListOf(PLAIN), "entity", "an entity"), "Children that a merge makes one when these fields are filled and equal.", "{guest: [name, mobile]}"),
     "unchanged": Key(ListOf(Name("field")), "Figures whose sum is the same before and after a merge.", "[paid_amount]")},
    told="Settings of a feature.",
)  # fmt: skip


class Groups(Shape):
    """Groups of fields: ``[[a, b], [c]]``; one group may stand without the outer brackets."""

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, list)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        for group in node.live():
            ListOf(PLAIN).check(group, c)

    def words(self) -> str:
        return "groups of fields, like [[member, name]]"

    def schema(self) -> dict[str, object]:
        return {
            "type": "array",
            "items": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        }


DUPLICATE = Record(
    "a duplicate rule",
    {"match": Key(ListOf(Name("field")), "Fields that are equal.", "[name]"), "also": Key(ListOf(PLAIN), "Fields of other entities compared too.", "[guest.mobile]"),
     "similar": Key(Name("field"), "A field that is alike.", "name"), "over": Key(Whole(1, 100), "How alike, in percent.", "85"), "refuse": Key(Flag(), "true: refused, not only told.", "true")},
)  # fmt: skip
NUMBER = either(
    NumberFormat(),
    Record(
        "number",
        {
            "format": Key(
                NumberFormat(),
                "Text with places: {year} {month} {day} {date} {seq:4} and field paths.",
                "'DD{year}{month}{day}-{seq:4}'",
                required=True,
            ),
            "label": LABEL,
        },
        told="Gap-free document numbers, taken last in the saving transaction; the field is called number.",
    ),
)
SEARCH = Record(
    "search",
    {
        "fields": Key(MapOf(Whole(1, 10), "field", "a field"), "Weight of each field.", "{question: 3, answer: 1}"),
        "then": Key(Name("path", signed=True), "Order among equals.", "-use_count"),
    },
)
WORKDAYS = Record(
    "workdays",
    {
        "date": Key(Name("field"), "The day it speaks of.", "date", required=True),
        "works": Key(Expr("bool"), "Whether people work on it.", "kind.works", required=True),
        "since": Key(Name("field"), "When work begins on it, a time of the day; else as usual.", "begins_at"),
        "till": Key(Name("field"), "When work ends on it.", "ends_at"),
        "usual": Key(
            ListOf(PLAIN, most=2),
            "Two settings: when work begins and ends on all other days; else 08:00 and 18:00.",
            "[office_from, office_till]",
        ),
    },
    told="The working calendar: days that differ from Monday to Friday, 08:00 to 18:00. Schedules that say workday go by it, and times that say calendar: work.",
)

ENTITY = Record(
    "an entity",
    {
        "label": LABEL,
        "plural": Key(PLAIN, "What many of them are called.", "合同订单"),
        "icon": ICON,
        "help": HELP,
        "title": Key(PLAIN, "The field that names a record to people; else the first text.", "name"),
        "number": Key(NUMBER, "Document numbers, gap-free.", "OPP-{year}-{seq:5}"),
        "features": Key(either(MapOf(FEATURE, "feature", "a feature"), ListOf(Name("feature"))), f"What records have beside fields: {', '.join(FEATURES)}.", "[audit, comments, files]"),
        "duplicates": Key(either(Groups(), MapOf(DUPLICATE, "name", "a rule")), "Groups of fields that mark a likely duplicate: told on the form, matched on import.", "[[member, name]]"),
        "unique": Key(Groups(), "Groups of fields that no two live records share.", "[[year, metric]]"),
        "tree": Key(PLAIN, "The link to itself that makes a tree.", "parent"),
        "fields": Key(Ref("fields"), "Its fields, in the order of the screen.", "{name: text!}"),
        "views": Key(MapOf(Ref("view"), "name", "a view"), "How it is looked at.", "{list: {columns: [name]}}"),
        "scopes": Key(MapOf(Expr("bool", later=True), "name", "a scope"), "Sets of records that permissions name, beside own, team, department, shared, all.", "{region: member.region in me.regions}"),
        "permissions": Key(MapOf(PERMISSION, "text", "a role"), "What each role may do.", "{sales: {read: team, create: true, update: own}}"),
        "workflow": Key(WORKFLOW, "States and the moves between them.", "{field: stage, transitions: {win: {from: proposal, to: won}}}"),
        "automations": Key(MapOf(AUTOMATION, "name", "an automation"), "What happens by itself.", "{hand_over: {after: win, do: [...]}}"),
        "actions": Key(MapOf(ACTION_SHAPE, "name", "an action"), "Verbs without a change of state.", "{claim: {do: [set: {owner: =me}]}}"),
        "checks": Key(CHECKS, "Rules asked at every save, or at the acts they name.", "{gaps: {at: finish, valid_when: open == 0}}"),
        "refuse": Key(CHECKS, "The same with the opposite condition.", "{sealed: {when: sealed, message: 已封存}}"),
        "becomes": Key(MapOf(BECOMES, "name", "a document"), "Documents it makes.", "{shipment: {rows: {items: {values: {quantity: =open}}}}}"),
        "fills": Key(MapOf(FILLS, "text", "rows"), "Rows kept in step with others.", "{plans: {each: terms, values: {days: =days}}}"),
        "everyone": Key(ListOf(Name("field")), "Fields that every user of the enterprise may read, of every record: what names it to colleagues.", "[name]"),
        "locked_when": Key(Expr("bool", later=True), "Refuses a change for which it holds before or after.", "date <= settings.lock_date"),
        "append_only": Key(Flag(), "true: records are made and never changed or deleted.", "true"),
        "acyclic": Key(PLAIN, "A path that never comes back to where it began.", "scheme.lines.article"),
        "workdays": Key(WORKDAYS, "Its records say on which days people work.", "{date: date, works: kind.works}"),
        "search": Key(SEARCH, "Weights of full-text search.", "{fields: {question: 3}}"),
        "indexes": Key(Groups(), "Further database indexes.", "[[status, signed]]"),
        "abstract": Key(Flag(), "true: a pattern without a table, taken with like:.", "true"),
        "like": Key(PLAIN, "The pattern whose fields are laid beneath its own.", "with_price"),
        "sealed": Key(ListOf(PLAIN), "Fields and keys that no layer above may change.", "[stage]"),
        "formerly": Key(PLAIN, "The key it had before: its table moves.", "deal"),
        "place": Key(Ref("place"), "Where it stands among the entities.", "{after: member}"),
    },
    told="A kind of record: a table, a list, forms, rights and an API.",
)  # fmt: skip


NAMED["view"] = VIEW
NAMED["entity"] = ENTITY
NAMED["permission"] = PERMISSION
