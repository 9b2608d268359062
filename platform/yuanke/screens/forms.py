"""The form of a record as `_form.html` takes it: sections as declared, values, what is wrong, what is computed.

The one rule: a refused form comes back exactly as it was sent, with what is wrong beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from flask_babel import gettext as _

from yuanke.expressions import Expression
from yuanke.kernel.text import Label, Message
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Record
from yuanke.screens import urls
from yuanke.screens.alike import watched
from yuanke.screens.controls import control
from yuanke.screens.form_rows import rows_model
from yuanke.screens.form_side import Sum, sums, sums_model
from yuanke.screens.form_start import Values, start_values
from yuanke.screens.incoming import NOTHING, Incoming
from yuanke.screens.reader import Reader
from yuanke.screens.since import NOBODY, Since
from yuanke.screens.spec import spec
from yuanke.screens.typed import typed
from yuanke.web.language import say

Errors = Mapping[str, Sequence[Message]]


class Form:
    """One form on its way: ``record`` is None for a new one; ``came`` is what a refused POST sent."""

    def __init__(self, reader: Reader, entity: Entity, record: Record | None) -> None:
        self.reader, self.entity, self.record = reader, entity, record
        self.grant = reader.records.grant(entity.key, "update" if record is not None else "create")
        self.readable = reader.records.grant(entity.key, "read").readable | self.grant.writable
        self.errors: Errors = {}
        self.came = Incoming()
        self.since: Since = NOBODY
        self.start: dict[str, Any] = start_values(reader, entity, self.grant.writable) if record is None else {}

    # -- what it holds --------------------------------------------------------------------------------------------

    def sections(self) -> list[tuple[str, list[Field]]]:
        view = self.entity.views.get("form")
        made = []
        for section in view.body.get("sections", ()) if view else ():
            fields = [f for row in section["rows"] for f in self._fields(row)]
            label = section["label"]
            made.append((self.reader.say(label) if isinstance(label, Label) else str(label), fields))
        return [(title, fields) for title, fields in made if fields]

    def _fields(self, row: Sequence[str]) -> list[Field]:
        found = [self.entity.fields.get(key) for key in row]
        return [f for f in found if f is not None and not f.retired and f.key in self.readable and self._worth(f)]

    def _worth(self, field: Field) -> bool:
        """A new form does not show what only a saved record has."""
        return self.record is not None or field.source not in ("system", "rollup", "computed") or self.writable(field)

    def fields(self) -> list[Field]:
        return [f for _title, fields in self.sections() for f in fields]

    def writable(self, field: Field) -> bool:
        """Written by this person now; a condition is asked of the record as it stands."""
        if field.key not in self.grant.writable or (field.editable == "new" and self.record is not None):
            return False
        if isinstance(field.editable, Expression) and self.record is not None:
            return Values(self.reader, self.entity, self.record.values).holds(field.editable)
        return True

    # -- how it is drawn ------------------------------------------------------------------------------------------

    def model(self, conflict: dict[str, Any] | None = None) -> dict[str, Any]:
        entity, record, reader = self.entity, self.record, self.reader
        fields = self.fields()
        summed = sums(reader, entity, [f for f in fields if f.type.name == "money" or f.rows])
        name, outputs = reader.say(entity.label), {s.key for s in summed if s.computed}
        title = str(_("编辑%(name)s", name=name)) if record is not None else str(_("新建%(name)s", name=name))
        values = self.conditions()
        return {
            "title": title, "crumbs": self._crumbs(), "state": None, "url": self._url(), "draft": self._draft(),
            "cancel_url": self._back(), "version": record.version if record is not None else None,
            "seen": self._seen(), "submit": self._buttons(), "errors": self._faults(), "conflict": conflict, "notes": [],
            "alike": watched(entity, record.id if record is not None else None),
            "sections": [made for made in (self._section(t, f, outputs, values) for t, f in self.sections()) if made],
            "side": self._side(summed), "spec": spec(reader, entity, fields, record),
        }  # fmt: skip

    def _section(self, title: str, fields: list[Field], outputs: set[str], values: Values) -> dict[str, Any] | None:
        shown = [self.control(f, values) for f in fields if f.key not in outputs or self.writable(f)]
        if not shown:
            return None
        counted = next((f.key for f in fields if f.rows), None)
        return {"title": title, "note": None, "columns": 3, "fields": shown, "count": counted, "folded": False}

    def _side(self, summed: list[Sum]) -> dict[str, Any] | None:
        if not summed or not any(f.rows for f in self.fields()):
            return None
        figures = sums_model(self.reader, summed, self.record)
        return {"sums": figures, "sums_title": str(_("金额汇总")), "steps": [], "steps_title": ""}

    def _crumbs(self) -> list[dict[str, Any]]:
        crumbs = [{"label": self.reader.say(self.entity.plural), "url": urls.entity(self.entity.key)}]
        if self.record is not None:
            crumbs.append({"label": self.record.title, "url": urls.record(self.entity.key, self.record.id)})
        return crumbs

    def _url(self) -> str:
        """Where it is sent: with what its address said of the start, so that a refused form begins the same."""
        return (
            urls.with_query(request.path, {k: request.args.getlist(k) for k in request.args})
            if self.record is None
            else request.path
        )

    def _back(self) -> str:
        return urls.record(self.entity.key, self.record.id) if self.record is not None else urls.entity(self.entity.key)

    def _draft(self) -> str:
        at = f"{self.record.id}/{self.record.version}" if self.record is not None else "new"
        return f"{self.entity.key}/{at}"

    def _seen(self) -> int | None:
        """The newest entry of the history that this form knows of: what came after it is a conflict."""
        if self.record is None:
            return None
        last = self.reader.records.history(self.entity.key, self.record.id, limit=1)
        return last[0].id if last else 0

    def _buttons(self) -> list[dict[str, Any]]:
        save = {"label": str(_("保存")), "icon": None, "name": None, "value": None, "primary": True}
        if self.record is not None:
            return [save]
        return [{"label": str(_("保存并新建")), "icon": None, "name": "then", "value": "new", "primary": False}, save]

    # -- fields ---------------------------------------------------------------------------------------------------

    def conditions(self) -> Values:
        """What conditions see: what stands or what the form began with, and over it what was sent."""
        held = self.record.values if self.record is not None else self.start
        return Values(
            self.reader,
            self.entity,
            {**held, **{k: v for k, v in self.came.values.items() if not self.entity.fields[k].rows}},
        )

    def control(self, field: Field, values: Values) -> dict[str, Any]:
        held = self.record.values.get(field.key) if self.record is not None else self.start.get(field.key)
        errors = [say(m) for m in self.errors.get(field.key, ())]
        writable = self.writable(field)
        if field.rows:
            made = control(self.reader, self.entity, field, None, writable=writable, errors=errors)
            made["rows"] = rows_model(self, field, held or ())
            return made
        made = control(self.reader, self.entity, field, held, writable=writable, errors=errors, of=self.record)
        if request.method == "POST" and not self.since.untouched(self.reader, field, field.key):
            made["value"] = typed(self.reader, field, made, made["name"])
            made["by_hand"] = made["by_hand"] or made["value"] not in NOTHING
        made["visible"] = field.visible_when is None or values.holds(field.visible_when)
        if field.required_when is not None and writable:
            made["required"] = field.required or values.holds(field.required_when)
        return made

    # -- what is wrong --------------------------------------------------------------------------------------------

    def _faults(self) -> list[dict[str, str]]:
        found = []
        for key, sentences in self.errors.items():
            found += [{"id": self._id(key), "label": self._label(key), "said": say(said)} for said in sentences]
        return found

    def _id(self, key: str) -> str:
        """The id of the control that a fault is about; a row's key on the page is not its position."""
        first, _dot, rest = key.partition(".")
        number, _dot, inner = rest.partition(".")
        keys = self.came.rows.get(first, [])
        if rest and number.isdigit() and int(number) < len(keys):
            return f"f-{first}-{keys[int(number)]}-{inner}" if inner else f"f-{first}"
        return f"f-{first}" if first in self.entity.fields else ""

    def _label(self, key: str) -> str:
        first, _dot, rest = key.partition(".")
        field = self.entity.fields.get(first)
        label = self.reader.say(field.label) if field is not None else first
        if not rest or field is None or not field.rows:
            return label
        number, _dot, inner = rest.partition(".")
        column = self.reader.registry.entities[field.rows].fields.get(inner)
        at = self.row_number(first, int(number)) if number.isdigit() else number
        return str(_("%(label)s第 %(at)s 行", label=label, at=at)) + (
            f" · {self.reader.say(column.label)}" if column else ""
        )

    def row_number(self, rows: str, position: int) -> int:
        """How a person counts: rows that are marked for removal do not stand on the page."""
        keys = self.came.rows.get(rows, [])[: position + 1]
        return sum(1 for key in keys if not request.form.get(f"{rows}.{key}.deleted")) or position + 1
