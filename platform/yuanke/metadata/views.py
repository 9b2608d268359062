"""Views as the screens use them: columns, filters, sections and cards resolved, with defaults for what nobody declared.

Rule: what is declared is what is shown; only a customization's own new field joins a form that does not name it.
"""

from __future__ import annotations

from typing import Any

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.kernel.text import Label, label_of_key
from yuanke.metadata import texts
from yuanke.metadata.faults import Faults
from yuanke.metadata.formulas import Formulas
from yuanke.metadata.model import EntityDef, Model
from yuanke.metadata.node import Node
from yuanke.metadata.registry import Field, View
from yuanke.metadata.scope import RecordScope

KINDS = ("list", "form", "kanban", "calendar", "graph")
_LABELS = {
    "list": Label("列表", "List"),
    "form": Label("表单", "Form"),
    "kanban": Label("看板", "Kanban"),
    "calendar": Label("日历", "Calendar"),
    "graph": Label("图", "Graph"),
}
_DEFAULT_COLUMNS = 6


class ViewMaker:
    def __init__(self, model: Model, formulas: Formulas, faults: Faults) -> None:
        self.model, self.formulas, self.faults = model, formulas, faults

    def make(self, definition: EntityDef, fields: dict[str, Field], title: str) -> dict[str, View]:
        """Views by name; every entity but a pair has a list and a form, one with a workflow a kanban."""
        if definition.kind == "pair":
            return {}
        declared = definition.node.get("views")
        made: dict[str, View] = {}
        for name, node in declared.items() if declared is not None else ():
            if node.is_map:
                made[name] = self._view(name, node, definition, fields, title)
        views = {
            "list": made.pop("list", None) or self._default_list(fields, title),
            "form": made.pop("form", None) or self._default_form(fields),
        }
        field = definition.node.at("workflow", "field")
        if field is not None and field.value in fields and "kanban" not in made:
            views["kanban"] = self._default_kanban(str(field.value), fields, title)
        return views | made

    def _view(self, name: str, node: Node, definition: EntityDef, fields: dict[str, Field], title: str) -> View:
        said = node.get("kind")
        kind = str(said.value) if said is not None else name
        path = f"entities.{definition.key}.views.{name}"
        declared = node.get("label")
        label = (
            texts.label(node, name, path, self.model.translations)
            if declared is not None or kind != name
            else _LABELS.get(name)
        )
        if kind not in KINDS:
            self.faults.add(
                "E207",
                said or node.key,
                f'"{kind}" is no kind of view',
                f"Kinds are {', '.join(KINDS)}; a view of another name says one with kind:."
                + did_you_mean(kind, KINDS),
            )
            kind = "list"
        body = {key: child.plain() for key, child in node.items() if key not in ("label", "kind")}
        scope = RecordScope(self.model, definition.key)
        for word in ("columns", "card"):
            if (columns := node.get(word)) is not None:
                body[word] = self._shown(columns, definition)
        if (sort := node.get("sort")) is not None:
            body["sort"] = self._shown(sort, definition)
        if (filters := node.get("filters")) is not None:
            body["filters"] = {
                key: self._filter(key, child, path, scope) for key, child in filters.items() if child.is_map
            }
        if (where := node.get("where")) is not None:
            body["where"] = self.formulas.compile(where, scope, "bool", sql=True)
        if (sections := node.get("sections")) is not None:
            made_of = self._sections(sections, definition, fields, path)
            body["sections"] = self._ordered(made_of, node.get("order"), definition)
        if kind == "list" and "columns" not in body:
            body["columns"] = default_columns(fields, title)
        if kind == "form" and "sections" not in body:
            body["sections"] = self._default_form(fields).body["sections"]
        return View(name, kind, label or Label(label_of_key(name), label_of_key(name)), body)

    def _shown(self, words: Node, definition: EntityDef) -> tuple[str, ...]:
        """Fields and paths without those that a layer retired."""
        gone = {f.key for f in definition.fields.values() if f.retired}
        named = (str(n.value) for n in words.live())
        return tuple(word for word in named if word.lstrip("-").partition(".")[0] not in gone)

    def _filter(self, key: str, node: Node, path: str, scope: RecordScope) -> dict[str, Any]:
        return {
            "label": texts.label(node, key, f"{path}.filters.{key}", self.model.translations),
            "where": self.formulas.compile(node.get("where"), scope, "bool", sql=True),
        }

    # -- the form -------------------------------------------------------------------------------------------------

    def _sections(
        self, node: Node, definition: EntityDef, fields: dict[str, Field], path: str
    ) -> tuple[dict[str, Any], ...]:
        made: list[dict[str, Any]] = []
        seen: dict[str, Node] = {}
        for key, child in node.items():
            body = child.get("rows") if child.is_map else child
            label = Label(
                str(key), self.model.translations.get(f"{path}.sections.{key}.label") or label_of_key(str(key))
            )
            if child.is_map:
                declared = child.get("label")
                label = Label(str(declared.value), label.en) if declared is not None else label
            rows = tuple(
                r for r in (self._row(n, definition, seen) for n in (body.live() if body is not None else [])) if r
            )
            made.append({"key": key, "label": label, "rows": rows})
        return _with_new_fields(made, fields, set(seen), definition)

    def _ordered(
        self, sections: tuple[dict[str, Any], ...], order: Node | None, definition: EntityDef
    ) -> tuple[dict[str, Any], ...]:
        """Sections from the top as ``order`` names them; one that is gone has no effect and is told."""
        wanted: dict[str, int] = {}
        for item in order.live() if order is not None else []:
            if not any(section["key"] == item.value for section in sections):
                self.faults.add(
                    "W604",
                    item,
                    f'The form of {definition.key} has no section "{item.value}"',
                    "Take it out of order:." + did_you_mean(str(item.value), [str(s["key"]) for s in sections]),
                )
            wanted.setdefault(str(item.value), len(wanted))
        return tuple(sorted(sections, key=lambda section: wanted.get(str(section["key"]), len(wanted))))

    def _row(self, node: Node, definition: EntityDef, seen: dict[str, Node]) -> tuple[str, ...]:
        names: list[str] = []
        for item in node.live() if node.is_list else [node]:
            word = str(item.value)
            held = definition.fields.get(word)
            if held is not None and held.retired:
                continue
            if held is None:
                self.faults.add(
                    "E211",
                    item,
                    f'There is no field "{word}" in {definition.key}',
                    "A form names fields of its entity."
                    + did_you_mean(word, [f.key for f in definition.live_fields()]),
                )
            elif word in seen:
                self.faults.add(
                    "E218", item, f'"{word}" stands twice on the form', "Take one of the two away.", seen[word]
                )
            else:
                seen[word] = item
                names.append(word)
        return tuple(names)

    # -- what nobody declared -------------------------------------------------------------------------------------

    def _default_list(self, fields: dict[str, Field], title: str) -> View:
        return View("list", "list", _LABELS["list"], {"columns": default_columns(fields, title)})

    def _default_form(self, fields: dict[str, Field]) -> View:
        rows = tuple((f.key,) for f in fields.values() if not f.retired and f.source != "system")
        return View(
            "form",
            "form",
            _LABELS["form"],
            {"sections": ({"key": "main", "label": Label("基本信息", "Main"), "rows": rows},)},
        )

    def _default_kanban(self, by: str, fields: dict[str, Field], title: str) -> View:
        card = tuple(dict.fromkeys([title, *default_columns(fields, title)]))[:4]
        return View("kanban", "kanban", _LABELS["kanban"], {"by": by, "card": card})


def default_columns(fields: dict[str, Field], title: str) -> tuple[str, ...]:
    """Number and title first, then short fields in the order of the file: six in all."""
    first = [k for k in ("number", title) if k in fields and k != "id"]
    short = [
        f.key
        for f in fields.values()
        if f.source != "system" and not f.retired and f.type.short and f.type.stored and not f.rows and not f.pairs
    ]
    return tuple(dict.fromkeys(first + short))[:_DEFAULT_COLUMNS]


def _with_new_fields(
    sections: list[dict[str, Any]], fields: dict[str, Field], shown: set[str], definition: EntityDef
) -> tuple[dict[str, Any], ...]:
    """A customization's own field that the form does not name stands behind its neighbour, else at the end."""
    for field in fields.values():
        if not field.custom or field.retired or field.key in shown or field.source == "system" or not sections:
            continue
        place = definition.fields[field.key].node.at("place", "after")
        target = next(
            ((s, i) for s in sections for i, row in enumerate(s["rows"]) if place is not None and place.value in row),
            None,
        )
        section, index = target if target else (sections[-1], len(sections[-1]["rows"]) - 1)
        section["rows"] = (*section["rows"][: index + 1], (field.key,), *section["rows"][index + 1 :])
    return tuple(sections)
