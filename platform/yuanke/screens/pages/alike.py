"""The warning of a form while somebody types: a record like this one is there already.

The one rule: it hinders nothing; of a record that is not for the reader it says that there is one, and no more.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.errors import RecordNotFound
from yuanke.metadata.registry import Entity, Field
from yuanke.records.duplicates.asked import asked_matches, compared_fields
from yuanke.records.duplicates.finding import Match
from yuanke.screens import urls
from yuanke.screens.asking import ids_of
from yuanke.screens.incoming import is_held, raw_of
from yuanke.screens.reader import Reader
from yuanke.web.language import enumerated


def part(reader: Reader, entity: Entity) -> Response:
    """POST of what the form holds, ``?id=`` of the record it edits; answers `_alike.html`."""
    if not entity.duplicates:
        raise RecordNotFound()
    sent = request.form
    fields = [entity.fields[key] for key in compared_fields(entity)]
    raw = {f.key: _plain(f, raw_of(f, f.key, sent)) for f in fields if is_held(f, f.key, sent)}
    record_id = next(iter(ids_of([request.args.get("id", "")])), None)
    found = asked_matches(reader.unit, reader.actor, entity, raw, record_id)
    return make_response(render_template("_alike.html", matches=[_told(reader, one) for one in found]))


def _plain(field: Field, raw: Any) -> Any:
    return int(raw) if field.targets and not field.pairs and str(raw).isdigit() else raw or None


def _told(reader: Reader, one: Match) -> dict[str, Any]:
    name = reader.say(one.entity.label)
    names = enumerated(reader.say(field.label) for field in one.fields)
    same = _("%(fields)s相同，不能重复保存", fields=names) if one.refuses else _("%(fields)s相同", fields=names)
    return {
        "field": one.fields[0].key, "refuses": one.refuses, "same": str(same),
        "said": str(_("已有一条%(name)s，你无权查看", name=name) if one.hidden else _("已有%(name)s", name=name)),
        "title": one.title, "url": None if one.id is None else urls.record(one.entity.key, one.id),
    }  # fmt: skip
