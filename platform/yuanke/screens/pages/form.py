"""The form of a record: sections as declared, owned rows in place, faults at their fields, nothing typed is lost.

The one rule: a refused form comes back exactly as it was sent, with what is wrong beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.expressions import Expression
from yuanke.kernel.errors import Refusal, ValidationFailed, VersionConflict
from yuanke.kernel.text import Label, Message
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Record
from yuanke.records.environment import SaveValues
from yuanke.records.save import Save
from yuanke.screens import urls
from yuanke.screens.controls import control
from yuanke.screens.incoming import row_keys, values_of
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import shell
from yuanke.screens.spec import spec
from yuanke.web.language import say
from yuanke.web.requests import give_up

Errors = Mapping[str, Sequence[Message]]


class Form:
    """One form on its way: ``record`` is None for a new one; ``typed`` holds what a refused POST sent."""

    def __init__(self, reader: Reader, entity: Entity, record: Record | None) -> None:
        self.reader, self.entity, self.record = reader, entity, record
        self.grant = reader.records.grant(entity.key, "update" if record is not None else "create")
        self.readable = reader.records.grant(entity.key, "read").readable | self.grant.writable
        self.errors: Errors = {}
        self.start: dict[str, Any] = {} if record is not None else self._start()

    # -- what it holds --------------------------------------------------------------------------------------------

    def sections(self) -> list[dict[str, Any]]:
        view = self.entity.views.get("form")
        declared = view.body.get("sections", ()) if view else ()
        made = []
        for section in declared:
            fields = [f for row in section["rows"] for f in self._fields(row)]
            if fields:
                label = section["label"]
                title = self.reader.say(label) if isinstance(label, Label) else str(label)
                made.append({"title": title, "columns": 1 if fields[0].rows else 3, "fields": fields,
                             "count": next((f.key for f in fields if f.rows), None)})  # fmt: skip
        return made

    def _fields(self, row: Sequence[str]) -> list[Field]:
        found = [self.entity.fields.get(key) for key in row]
        return [f for f in found if f is not None and not f.retired and f.key in self.readable and self._worth(f)]

    def _worth(self, field: Field) -> bool:
        """A new form does not show what only a saved record has."""
        return self.record is not None or field.source not in ("system", "rollup") or self.writable(field)

    def fields(self) -> list[Field]:
        return [f for section in self.sections() for f in section["fields"]]

    def writable(self, field: Field) -> bool:
        return field.key in self.grant.writable and (field.editable != "new" or self.record is None)

    def _start(self) -> dict[str, Any]:
        """Defaults, values of the record that is copied (``from``), and values given in the address."""
        save = Save(self.reader.unit, self.reader.actor, self.entity, "create")
        values: dict[str, Any] = {}
        for key, field in self.entity.fields.items():
            if field.default is not None and field.has_column and not field.retired:
                try:
                    default = field.default.evaluate(SaveValues(save)) if isinstance(field.default, Expression) else field.default
                    values[key] = field.type.parse(field, default, self.reader.place)
                except Exception:  # noqa: BLE001 - a default that needs values not typed yet stays empty
                    continue
        return {**values, **self._copied(), **self._given()}

    def _copied(self) -> dict[str, Any]:
        source = request.args.get("from", "")
        if not source.isdigit():
            return {}
        record = self.reader.records.get(self.entity.key, int(source))
        kept = {k: v for k, v in record.values.items() if k in self.grant.writable and k in self.entity.fields}
        return {k: v for k, v in kept.items() if self.entity.fields[k].unique is None}

    def _given(self) -> dict[str, Any]:
        """``?customer=5``: from a related list's "new"."""
        found: dict[str, Any] = {}
        for key, text in request.args.items():
            field = self.entity.fields.get(key)
            if field is not None and key in self.grant.writable and field.targets and text.isdigit():
                hits = self.reader.records.lookup(field.targets[0], "", 1, filter=f"id == {int(text)}")
                found.update({key: hits[0]} if hits else {})
        return found

    # -- how it is drawn ------------------------------------------------------------------------------------------

    def model(self, conflict: VersionConflict | None = None) -> dict[str, Any]:
        sections = self.sections()
        for section in sections:
            section["fields"] = [self._control(field) for field in section["fields"]]
        entity, record, reader = self.entity, self.record, self.reader
        name = reader.say(entity.label)
        title = str(_("编辑%(name)s", name=name)) if record is not None else str(_("新建%(name)s", name=name))
        crumbs = [{"label": reader.say(entity.plural), "url": urls.entity(entity.key)}]
        if record is not None:
            crumbs.append({"label": record.title, "url": urls.record(entity.key, record.id)})
        return {
            "title": title, "crumbs": crumbs, "state": None, "url": request.path, "draft": self._draft(),
            "cancel_url": urls.record(entity.key, record.id) if record is not None else urls.entity(entity.key),
            "version": record.version if record is not None else None,
            "submit": self._buttons(), "errors": self._faults(), "conflict": self._conflict(conflict), "notes": [],
            "sections": sections, "side": None, "spec": spec(reader, entity, self.fields(), {}),
        }  # fmt: skip

    def _draft(self) -> str:
        at = f"{self.record.id}/{self.record.version}" if self.record is not None else "new"
        return f"{self.entity.key}/{at}"

    def _buttons(self) -> list[dict[str, Any]]:
        save = {"label": str(_("保存")), "icon": None, "name": None, "value": None, "primary": True}
        if self.record is not None:
            return [save]
        return [{"label": str(_("保存并新建")), "icon": None, "name": "then", "value": "new", "primary": False}, save]

    def _control(self, field: Field) -> dict[str, Any]:
        if field.rows:
            return self._rows_control(field)
        held = self.record.values.get(field.key) if self.record is not None else self.start.get(field.key)
        errors = [say(m) for m in self.errors.get(field.key, ())]
        made = control(self.reader, self.entity, field, held, writable=self.writable(field), errors=errors)
        if request.method == "POST" and not made["readonly"]:
            made["value"] = typed(self.reader, field, made, made["name"])
        return made

    def _rows_control(self, field: Field) -> dict[str, Any]:
        reader, entity = self.reader, self.reader.registry.entities[field.rows or ""]
        made = control(reader, self.entity, field, None, writable=self.writable(field), errors=[say(m) for m in self.errors.get(field.key, ())])
        columns = [f for f in entity.fields.values() if self._column(entity, f)]
        heads = [control(reader, entity, f, None, writable=self.writable(field) and f.source == "typed") for f in columns]
        for head, column in zip(heads, columns, strict=True):
            head["name"] = column.key
        made["rows"] = {
            "columns": heads, "blank": self._blank(entity, columns),
            "rows": self._sent_rows(field, entity, columns) if request.method == "POST" else self._held_rows(field, entity, columns),
            "add": self.writable(field), "remove": self.writable(field), "move": self.writable(field), "pick": None,
        }  # fmt: skip
        return made

    @staticmethod
    def _column(entity: Entity, field: Field) -> bool:
        hidden = ("id", "position", "deleted_at", entity.parent_link)
        return not field.retired and field.key not in hidden and (field.source != "system" or field.key == "number") and not field.rows

    def _blank(self, entity: Entity, columns: Sequence[Field]) -> dict[str, Any]:
        made = {}
        for field in columns:
            plain = field.default if not isinstance(field.default, Expression) else None
            value = field.type.parse(field, plain, self.reader.place) if plain is not None else None
            made[field.key] = control(self.reader, entity, field, value, writable=True)["value"]
        return made

    def _held_rows(self, field: Field, entity: Entity, columns: Sequence[Field]) -> list[dict[str, Any]]:
        held = self.record.values.get(field.key) if self.record is not None else self.start.get(field.key)
        rows = []
        for at, row in enumerate(held or ()):
            values = {f.key: control(self.reader, entity, f, row.values.get(f.key), writable=f.source == "typed")["value"] for f in columns}
            stored = row.id if self.record is not None else None
            rows.append({"key": str(at), "id": stored, "values": values, "errors": {}, "by_hand": [f.key for f in columns]})
        return rows

    def _sent_rows(self, field: Field, entity: Entity, columns: Sequence[Field]) -> list[dict[str, Any]]:
        rows = []
        for at, key in enumerate(k for k in row_keys(field, request.form) if not request.form.get(f"{field.key}.{k}.deleted")):
            prefix = f"{field.key}.{key}."
            heads = {f.key: control(self.reader, entity, f, None, writable=f.source == "typed", prefix=prefix) for f in columns}
            values = {f.key: typed(self.reader, f, heads[f.key], prefix + f.key) for f in columns}
            start = f"{field.key}.{at}."
            errors = {k[len(start):]: [say(m) for m in said] for k, said in self.errors.items() if k.startswith(start)}
            stored = request.form.get(prefix + "id")
            rows.append({"key": key, "id": stored, "values": values, "errors": errors, "by_hand": [f.key for f in columns]})
        return rows

    def _faults(self) -> list[dict[str, str]]:
        found = []
        for key, sentences in self.errors.items():
            label = self._label(key)
            found += [{"id": "f-" + key.replace(".", "-") if key else "", "label": label, "said": say(said)} for said in sentences]
        return found

    def _label(self, key: str) -> str:
        first, _dot, rest = key.partition(".")
        field = self.entity.fields.get(first)
        label = self.reader.say(field.label) if field is not None else first
        if not rest or field is None or not field.rows:
            return label
        number, _dot, inner = rest.partition(".")
        column = self.reader.registry.entities[field.rows].fields.get(inner)
        at = int(number) + 1 if number.isdigit() else number
        return str(_("%(label)s第 %(at)s 行", label=label, at=at)) + (f" · {self.reader.say(column.label)}" if column else "")

    def _conflict(self, conflict: VersionConflict | None) -> dict[str, Any] | None:
        if conflict is None or self.record is None:
            return None
        last = self.reader.records.history(self.entity.key, self.record.id, limit=1)
        who = (last[0].by.title or "") if last else ""
        when = last[0].at.astimezone().strftime("%m-%d %H:%M") if last else ""
        return {"said": say(conflict.said), "who": who, "when": when, "reload_url": request.path, "changes": []}


def typed(reader: Reader, field: Field, made: Mapping[str, Any], name: str) -> Any:
    """What somebody typed into a control, as its widget takes it again."""
    sent = request.form
    if field.type.name == "dynamic_link":
        chosen = sent.get(f"{name}.id", "")
        return {"entity": sent.get(f"{name}.entity", ""), "id": chosen, "title": _title(reader, sent.get(f"{name}.entity", ""), chosen)} if chosen else None
    if field.targets and field.pairs:
        return [{"id": one, "title": _title(reader, field.targets[0], one)} for one in sent.getlist(name) if one]
    if field.targets:
        chosen = sent.get(name, "")
        return {"id": chosen, "title": _title(reader, field.targets[0], chosen)} if chosen else None
    if field.type.name == "bool":
        return bool(sent.getlist(name)) and sent.getlist(name)[-1] not in ("", "0")
    if field.type.name in ("file", "image"):
        return made["value"]
    if field.multiple or field.type.name == "tags":
        return [one for one in sent.getlist(name) if one]
    if field.type.name == "region":
        text = sent.get(name, "")
        return {"id": text, "title": text.replace("/", " ")} if text else None
    if field.type.name == "rating":
        return int(sent.get(name, "0")) if sent.get(name, "0").isdigit() else 0
    return sent.get(name, made["value"] if made["readonly"] else "")


def _title(reader: Reader, entity: str, chosen: str) -> str:
    from yuanke.records.carried import titles_of

    target = reader.registry.entities.get(entity)
    if target is None or not chosen.isdigit() or len(chosen) > 18:
        return chosen
    return titles_of(reader.unit, reader.actor, target, [int(chosen)]).get(int(chosen), chosen)


def show(reader: Reader, entity: Entity, record: Record | None) -> Response:
    form = Form(reader, entity, record)
    if not form.grant.allowed:
        from yuanke.kernel.errors import AccessDenied

        raise AccessDenied(form.grant.reason)
    return _page(reader, form)


def save(reader: Reader, entity: Entity, record: Record | None) -> Response:
    """POST: stands and leads on, or comes back with every fault."""
    form = Form(reader, entity, record)
    values = values_of(reader, [f for f in form.fields() if form.writable(f)], request.form, record)
    try:
        stands = _stand(reader, entity, record, values)
    except ValidationFailed as fault:
        form.errors = fault.errors
        return _refused(reader, form, 422)
    except VersionConflict as fault:
        return _refused(reader, form, 422, fault)
    except Refusal as fault:
        if fault.status in (403, 404):
            raise
        form.errors = {"": [fault.said]}
        return _refused(reader, form, 422)
    return _lead_on(urls.new(entity.key) if request.form.get("then") == "new" else urls.record(entity.key, stands.id))


def _stand(reader: Reader, entity: Entity, record: Record | None, values: dict[str, Any]) -> Record:
    if record is None:
        return reader.records.create(entity.key, values)
    version = request.form.get("version", "")
    return reader.records.update(entity.key, record.id, values, int(version) if version.isdigit() else None)


def _lead_on(target: str) -> Response:
    if wants_part():
        return Response("", 200, headers={"HX-Redirect": target})
    return redirect(target, 303)  # type: ignore[return-value]


def _refused(reader: Reader, form: Form, status: int, conflict: VersionConflict | None = None) -> Response:
    """Nothing of the refused save may stand; the form is drawn from a fresh, read-only unit."""
    give_up()
    from yuanke.screens.reader import reader as fresh

    form.reader = fresh()
    context = {"form": form.model(conflict), **_context(form.reader)}
    if wants_part():
        return make_response(render_template("_form.html", **context), status)
    return make_response(render_template("form.html", shell=shell(form.reader), seen=None, **context), status)


def _page(reader: Reader, form: Form) -> Response:
    return make_response(render_template("form.html", form=form.model(), shell=shell(reader), seen=None, **_context(reader)))


def _context(reader: Reader) -> dict[str, Any]:
    return {"ctx": {"cell": False, "locale": reader.locale}, "locale": reader.locale}
