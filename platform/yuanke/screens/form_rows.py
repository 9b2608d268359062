"""Owned rows as a table of a form: which columns in what order, rows as they stand or as they were sent.

The one rule: a row that was marked for removal comes back marked; nothing done to a table is lost by a fault elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flask import request

from yuanke.access.grants import ENCLOSED
from yuanke.expressions import Expression
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Record
from yuanke.screens.controls import control
from yuanke.screens.form_start import row_name
from yuanke.screens.incoming import NOTHING, row_keys
from yuanke.screens.typed import typed
from yuanke.web.language import say

if TYPE_CHECKING:
    from yuanke.screens.forms import Form

MOST_COMPUTED = 2


def rows_model(form: Form, field: Field, held: Iterable[Record]) -> dict[str, Any]:
    """As `widgets/rows.html` takes it; ``hidden`` are computed columns that others need and nobody looks at."""
    table = Table(form, field)
    sent = request.method == "POST" and f"{field.key}:given" in request.form
    return {
        "columns": table.heads(), "hidden": [{"key": f.key, "widget": "formula"} for f in table.hidden], "blank": table.blank(),
        "rows": table.sent() if sent else table.held(held),
        "add": table.open, "remove": table.open, "move": table.open, "pick": None,
    }  # fmt: skip


class Table:
    def __init__(self, form: Form, field: Field) -> None:
        self.form, self.field, self.reader = form, field, form.reader
        self.entity: Entity = form.reader.registry.entities[field.rows or ""]
        self.open = form.writable(field)
        grant = self.reader.records.grant(self.entity.key, ENCLOSED if form.record is None else "update")
        self.may = grant.writable if self.open else frozenset()
        readable = self.reader.records.grant(self.entity.key, "read").readable | self.may
        self.columns, self.hidden = columns_of(self.entity, readable, self.may)
        self.columns = [field for field in self.columns if self._switched_on(field)]

    def _switched_on(self, field: Field) -> bool:
        """A column that hangs on settings alone (``visible_when: settings.variants``) is left out while they are off."""
        condition = field.visible_when
        if condition is None or not condition.reads or any(path[0] != "settings" for path in condition.reads):
            return True
        return bool(condition.evaluate({"settings": self.reader.unit.settings}))

    def heads(self) -> list[dict[str, Any]]:
        made = [self._control(f, None) for f in self.columns]
        return [{**head, "name": head["key"]} for head in made]

    def _control(self, field: Field, value: Any, prefix: str = "", of: Record | None = None) -> dict[str, Any]:
        return control(self.reader, self.entity, field, value, writable=field.key in self.may, prefix=prefix, of=of)

    def blank(self) -> dict[str, Any]:
        made = {}
        for field in self.columns:
            plain = None if isinstance(field.default, Expression) else field.default
            value = field.type.parse(field, plain, self.reader.place) if plain is not None else None
            made[field.key] = self._control(field, value)["value"]
        return made

    def held(self, rows: Iterable[Record]) -> list[dict[str, Any]]:
        """Stored rows; those of a record that is copied are new."""
        stored = self.form.record is not None
        return [self._row(row_name(at, row), row.id if stored else None, row) for at, row in enumerate(rows)]

    def _row(self, key: str, row_id: int | None, row: Record) -> dict[str, Any]:
        values = {
            f.key: self._control(f, row.values.get(f.key), of=row)["value"] for f in (*self.columns, *self.hidden)
        }
        return {"key": key, "id": row_id, "values": values, "errors": {}, "by_hand": list(values), "deleted": False,
                "fixed": self._fixed(row_id)}  # fmt: skip

    def _fixed(self, row_id: int | None) -> list[str]:
        """What of a stored row was said once and for all."""
        return [f.key for f in self.columns if f.editable == "new"] if row_id is not None else []

    def sent(self) -> list[dict[str, Any]]:
        held = self.form.record.values.get(self.field.key) if self.form.record is not None else None
        stored = {row.id: row for row in held or ()}
        rows = []
        for key in row_keys(self.field, request.form):
            said = request.form.get(f"{self.field.key}.{key}.id", "")
            row = stored.get(int(said)) if said.isdigit() and len(said) < 19 else None
            if not said or row is not None:
                rows.append(self._sent_row(key, row))
        return rows

    def _sent_row(self, key: str, row: Record | None) -> dict[str, Any]:
        prefix = f"{self.field.key}.{key}."
        values = {}
        for field in (*self.columns, *self.hidden):
            head = self._control(field, row.values.get(field.key) if row else None, prefix, row)
            untouched = row is not None and self.form.since.untouched(
                self.reader, field, prefix + field.key, (self.field.key, row.id)
            )
            values[field.key] = head["value"] if untouched else typed(self.reader, field, head, prefix + field.key)
        by_hand = [k for k, v in values.items() if v not in NOTHING]
        return {"key": key, "id": row.id if row else None, "values": values, "errors": self._errors(key), "by_hand": by_hand,
                "deleted": bool(request.form.get(prefix + "deleted")), "fixed": self._fixed(row.id if row else None)}  # fmt: skip

    def _errors(self, key: str) -> dict[str, list[str]]:
        keys = self.form.came.rows.get(self.field.key, [])
        if key not in keys:
            return {}
        start = f"{self.field.key}.{keys.index(key)}"
        found = {
            k[len(start) + 1 :]: [say(m) for m in said]
            for k, said in self.form.errors.items()
            if k.startswith(start + ".")
        }
        whole = [say(m) for m in self.form.errors.get(start, ())]
        return {**found, **({self.columns[0].key: whole} if whole and self.columns else {})}


def columns_of(entity: Entity, readable: frozenset[str], writable: frozenset[str]) -> tuple[list[Field], list[Field]]:
    """(shown, hidden): the list view's columns first, then what else one can type; many computed ones stay hidden."""
    view = entity.views.get("list")
    listed = [k for k in (view.body.get("columns", ()) if view else ()) if k in entity.fields]
    usable = [f for f in entity.fields.values() if f.key in readable and _may_stand(entity, f)]
    typed_ones = [f for f in usable if f.key in writable]
    computed = [f for f in usable if f.key not in writable]
    shown_computed = computed if len(computed) <= MOST_COMPUTED else [f for f in computed if f.key in listed]
    order = {key: at for at, key in enumerate(listed)}
    shown = sorted([*typed_ones, *shown_computed], key=lambda f: order.get(f.key, len(order)))
    return shown, [f for f in computed if f not in shown and f.formula is not None]


def _may_stand(entity: Entity, field: Field) -> bool:
    hidden: Sequence[str | None] = ("id", "position", "deleted_at", entity.parent_link)
    return (
        not field.retired
        and field.key not in hidden
        and (field.source != "system" or field.key == "number")
        and not field.rows
    )
