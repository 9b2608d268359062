"""Values as cells ``(kind, text, extra)``, formatted before the template sees them.

The one rule: one function a field, made once for each definition, language and zone; a row costs one call a cell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from yuanke.fieldtypes import Place
from yuanke.metadata.registry import Entity, Field, Option
from yuanke.records import LinkValue, Record
from yuanke.screens import urls
from yuanke.screens.assets import tint
from yuanke.web.language import enumerated

FILES = ("file", "image")
Cell = tuple[str, str, Any]
Show = Callable[[Any], Cell]
EMPTY: Cell = ("none", "", None)
COLOURS = {"grey": "gray", None: "gray"}
_made: dict[tuple[Any, ...], Show] = {}


def colour(option: Option | None) -> str:
    said = option.color if option is not None else None
    return COLOURS.get(said, said or "gray")


def show_of(entity: Entity, field: Field, place: Place) -> Show:
    """How values of ``field`` become cells for readers in ``place``."""
    mark = (entity.digest, entity.key, field.key, place.locale, place.timezone, place.currency, id(field))
    found = _made.get(mark)
    if found is None:
        if len(_made) > 20_000:
            _made.clear()
        found = _made[mark] = _make(entity, field, place)
    return found


def cell(record: Record, field: Field, place: Place) -> Cell:
    """The cell of one field; the record's title leads to it."""
    value = record.values.get(field.key)
    made = EMPTY if value is None else shown(record, field, value, place)
    if field.key == record.entity.title and made[0] in ("text", "num"):
        return "title", made[1], urls.record(record.entity.key, record.id)
    return made


def shown(record: Record, field: Field, value: Any, place: Place) -> Cell:
    """One value of ``record``; a file's address names the record, which is what opens it."""
    if field.type.name in FILES:
        return _files(record, field, value)
    return show_of(record.entity, field, place)(value)


def _files(record: Record, field: Field, value: Any) -> Cell:
    files = [f for f in (value if isinstance(value, list) else [value]) if isinstance(f, dict)]
    pairs = [(str(f.get("name") or f"#{f.get('id')}"), file_url(f["id"], record)) for f in files]
    if not pairs:
        return EMPTY
    return ("images" if field.type.name == "image" else "files"), "", pairs


def file_url(file_id: int, of: Record | None = None) -> str:
    return urls.with_query(f"/files/{file_id}", {"entity": of.entity.key, "record": of.id} if of is not None else {})


def _make(entity: Entity, field: Field, place: Place) -> Show:
    kind = field.type.name
    if field.options is not None:
        state = entity.workflow is not None and entity.workflow.get("field") == field.key
        return _choices(field, place) if field.multiple else _choice(field, place, "state" if state else "tag")
    if field.pairs:
        return _links(field)
    if field.targets:
        return _user if field.targets == ("user",) else _link(field)
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(field, place)
    name = "num" if field.type.numeric else "text"
    text = field.type.text
    return lambda value: (name, text(field, value, place), None)


def _choice(field: Field, place: Place, kind: str) -> Show:
    """Options without any colour are plain words: a grey tag in every row says nothing."""
    options = (field.options or {}).items()
    kind = kind if kind == "state" or any(o.color for _k, o in options) else "text"
    cells = {k: (kind, o.label.say(place.locale), colour(o)) for k, o in options}
    return lambda value: cells.get(value, ("text", str(value), None))


def _choices(field: Field, place: Place) -> Show:
    tags = {k: (o.label.say(place.locale), colour(o)) for k, o in (field.options or {}).items()}
    return lambda values: ("tags", "", [tags.get(v, (str(v), "gray")) for v in values]) if values else EMPTY


def hidden() -> Cell:
    return "none", str(_("（无权查看）")), None


def _user(value: LinkValue) -> Cell:
    return hidden() if value.hidden else ("user", value.title or "", tint(value.id))


def _link(field: Field) -> Show:
    def show(value: LinkValue) -> Cell:
        if value.hidden or value.id is None:
            return hidden()
        return "link", value.title or "", urls.record(value.entity or field.targets[0], value.id)

    return show


def _links(field: Field) -> Show:
    target = field.targets[0]

    def show(values: list[LinkValue]) -> Cell:
        if not values:
            return EMPTY
        pairs = [
            (v.title or str(_("（无权查看）")), None if v.id is None else urls.record(target, v.id)) for v in values
        ]
        return "links", enumerated(text for text, _url in pairs), pairs

    return show


def _bool(field: Field, place: Place) -> Show:
    return lambda value: ("bool", field.type.text(field, value, place), bool(value))


def _href(prefix: str) -> Callable[[Field, Place], Show]:
    def make(field: Field, place: Place) -> Show:
        def show(value: Any) -> Cell:
            text = field.type.text(field, value, place)
            return "href", text, prefix + str(value) if prefix else str(value)

        return show

    return make


def _tags(field: Field, place: Place) -> Show:
    return lambda values: ("tags", "", [(str(v), "gray") for v in values]) if values else EMPTY


def _stars(field: Field, place: Place) -> Show:
    most = int(field.max or 5)
    return lambda value: ("stars", f"{value} / {most}", (int(value), most))


def _colour(field: Field, place: Place) -> Show:
    return lambda value: ("colour", str(value), str(value))


def _html(field: Field, place: Place) -> Show:
    return lambda value: ("html", "", Markup(value))


_SPECIAL: dict[str, Callable[[Field, Place], Show]] = {
    "bool": _bool,
    "url": _href(""),
    "email": _href("mailto:"),
    "phone": _href("tel:"),
    "tags": _tags,
    "rating": _stars,
    "color": _colour,
    "rich_text": _html,
}
