"""The records of a list on the days they name, moved by drag.

The one rule: a move is an update of one field through the door; a span keeps its length.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify, make_response, render_template, request

from yuanke.kernel.errors import QueryFault, RecordNotFound, Refusal
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Condition, Query, Record
from yuanke.records.fetch import ids_within
from yuanke.screens import periods, urls
from yuanke.screens.asked import Asked, asked
from yuanke.screens.cells import colour
from yuanke.screens.pages.board import sentence
from yuanke.screens.pages.list_frame import head
from yuanke.screens.reader import Reader
from yuanke.screens.shell import shell
from yuanke.web.requests import give_up

PAGE, MOST_PAGES = 500, 4
LONGEST_SPAN = timedelta(days=400)
#: the strong tone of an option's colour; the calendar's theme makes a pale ground of it
PAINT = {
    "gray": "#475467", "blue": "#2440d4", "green": "#067647", "amber": "#93480b", "orange": "#93480b", "red": "#b42318", "purple": "#6427c9",
    "cyan": "#0a5a66", "yellow": "#7a5406", "pink": "#a01a5f", "teal": "#0c5f50", "indigo": "#3a35b1",
}  # fmt: skip


def calendar_page(reader: Reader, entity: Entity) -> Response:
    ask, day = asked(entity), _day(reader, entity)
    at = f"/records/{entity.key}"
    kept = {k: ask.args.getlist(k) for k in ask.args if k != "view"}
    model = {
        "events_url": urls.with_query(f"{at}/events", kept), "move_url": f"{at}/reschedule" if _may_move(reader, entity, day) else None,
        "create_url": f"{urls.new(entity.key)}?{day.key}={{date}}" if reader.may(entity, "create") else None,
        "week_start": 0 if reader.place.settings.get("week_start") == "sunday" else 1,
    }  # fmt: skip
    context = {
        "list": head(reader, entity, ask, "calendar"),
        "calendar": model,
        "shell": shell(reader),
        "seen": None,
        "locale": reader.locale,
    }
    return make_response(render_template("calendar.html", ctx={"cell": False, "locale": reader.locale}, **context))


def _day(reader: Reader, entity: Entity, word: str = "date") -> Field:
    """The field that places a record in the calendar. RecordNotFound when there is none for this reader."""
    view = entity.views.get("calendar")
    field = entity.fields.get(str(view.body.get(word, ""))) if view else None
    if field is None or field.retired or field.key not in reader.records.grant(entity.key).readable:
        raise RecordNotFound()
    return field


def _optional(reader: Reader, entity: Entity, word: str) -> Field | None:
    try:
        return _day(reader, entity, word)
    except RecordNotFound:
        return None


def _may_move(reader: Reader, entity: Entity, day: Field) -> bool:
    given = reader.records.grant(entity.key, "update")
    return given.allowed and day.key in given.writable


# -- what stands where --------------------------------------------------------------------------------------------


def events(reader: Reader, entity: Entity) -> Response:
    """GET ``start``, ``end`` (days): ``[{id, title, start, end, url, version, color, editable}]`` under the reader's rights."""
    first, last = _asked_day("start"), _asked_day("end")
    if last - first > LONGEST_SPAN:
        raise QueryFault(message("一次最多看 {days} 天", days=LONGEST_SPAN.days), parameter="end")
    day, end, paint = _day(reader, entity), _optional(reader, entity, "end"), _optional(reader, entity, "color")
    fields = [f for f in (entity.fields.get(entity.title), day, end, paint) if f is not None]
    found = _records(reader, entity, asked(entity), day, fields, first, last)
    movable = (
        ids_within(reader.unit, reader.actor, entity, "update", [r.id for r in found])
        if _may_move(reader, entity, day)
        else set()
    )
    return jsonify([_event(reader, entity, record, day, end, paint, record.id in movable) for record in found])


def _asked_day(name: str) -> date:
    said = request.args.get(name, "")
    try:
        return date.fromisoformat(said[:10])
    except ValueError as fault:
        raise QueryFault(message("日期应形如 2026-03-05，收到 {said}", said=said[:40]), parameter=name) from fault


def _records(
    reader: Reader, entity: Entity, ask: Asked, day: Field, fields: list[Field], first: date, last: date
) -> list[Record]:
    low, high = (first, last) if day.type.name == "date" else periods.instants(first, last, reader.place)
    asking = ask.query(reader, fields, "none")
    query = Query(
        filter=asking.filter, q=asking.q, view=asking.view, fields=asking.fields, sort=(day.key,), limit=PAGE, count="none",
        conditions=(*asking.conditions, Condition(day.key, "between", [low, high])),
    )  # fmt: skip
    found: list[Record] = []
    after = None
    for _ in range(MOST_PAGES):
        page = reader.records.list(entity.key, Query(**{**query.__dict__, "after": after}))
        found += page.records
        after = page.next
        if after is None:
            break
    return found


def _event(
    reader: Reader, entity: Entity, record: Record, day: Field, end: Field | None, paint: Field | None, movable: bool,
) -> dict[str, Any]:  # fmt: skip
    made = {
        "id": str(record.id), "title": record.title, "start": _said(reader, record.values.get(day.key)), "url": urls.record(entity.key, record.id),
        "version": record.version, "editable": movable,
    }  # fmt: skip
    if end is not None and record.values.get(end.key) is not None:
        made["end"] = _said(reader, record.values[end.key])
    option = (paint.options or {}).get(str(record.values.get(paint.key))) if paint is not None else None
    if option is not None:
        made["color"] = PAINT.get(colour(option), PAINT["blue"])
    return made


def _said(reader: Reader, value: Any) -> str:
    """A day, or the wall clock of the enterprise."""
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(reader.place.timezone)).strftime("%Y-%m-%dT%H:%M:%S")
    return str(value)


# -- moving -------------------------------------------------------------------------------------------------------


def reschedule(reader: Reader, entity: Entity) -> Response:
    """POST id, version, to (a day, or a moment on the wall clock): ``{version}``, or one plain sentence."""
    day, end = _day(reader, entity), _optional(reader, entity, "end")
    record_id, version = request.form.get("id", ""), request.form.get("version", "")
    if not record_id.isdigit() or len(record_id) > 18:
        raise RecordNotFound()
    keys = [f.key for f in (day, end) if f is not None]
    standing = reader.records.get(entity.key, int(record_id), keys)
    try:
        values = _moved(reader, standing, day, end, request.form.get("to", ""))
        record = reader.records.update(entity.key, standing.id, values, int(version) if version.isdigit() else None)
    except Refusal as refusal:
        give_up()
        return Response(sentence(refusal), refusal.status, mimetype="text/plain")
    return jsonify(version=record.version)


def _moved(reader: Reader, standing: Record, day: Field, end: Field | None, to: str) -> dict[str, Any]:
    was = standing.values.get(day.key)
    try:
        now: Any = date.fromisoformat(to[:10]) if day.type.name == "date" else _moment(reader, was, to)
    except ValueError as fault:
        raise QueryFault(message("日期应形如 2026-03-05，收到 {said}", said=to[:40])) from fault
    values = {day.key: now}
    until = standing.values.get(end.key) if end is not None else None
    if end is not None and until is not None and was is not None:
        values[end.key] = until + (now - was)
    return values


def _moment(reader: Reader, was: Any, to: str) -> datetime:
    """Where the calendar says only the day, the time of day stays."""
    zone = ZoneInfo(reader.place.timezone)
    if len(to) > 10:
        return datetime.fromisoformat(to[:19]).replace(tzinfo=zone)
    clock = was.astimezone(zone).time() if isinstance(was, datetime) else datetime.min.time()
    return datetime.combine(date.fromisoformat(to[:10]), clock, zone)
