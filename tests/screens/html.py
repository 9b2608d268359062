"""Forms read out of pages as a browser without scripts would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from werkzeug.datastructures import MultiDict

NOT_SENT = {"submit", "button", "file", "image", "reset"}


@dataclass
class Form:
    """``values`` are what is sent when nothing is touched; ``ids`` the ids of everything on the page."""

    action: str = ""
    values: MultiDict[str, str] = field(default_factory=MultiDict)
    ids: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self, wanted: str) -> None:
        super().__init__()
        self.wanted, self.form, self.inside, self.templates = wanted, Form(), False, 0
        self.select: tuple[str, bool] | None = None
        self.chosen: list[str] = []
        self.option: list[str] | None = None
        self.area: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.form.ids.add(given["id"])
        if tag == "template":
            self.templates += 1
        if tag == "form" and (self.any or given.get("id") == self.wanted):
            self.inside, self.form.action = True, given.get("action", "")
        mine = (self.inside or given.get("form") == self.wanted) and not self.templates and "disabled" not in given
        if mine:
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name"), given.get("type", "text")
        if tag == "input" and name and kind not in NOT_SENT:
            if kind not in ("checkbox", "radio") or "checked" in given:
                self.form.values.add(name, given.get("value", "on" if kind in ("checkbox", "radio") else ""))
        elif tag == "select" and name:
            self.select, self.chosen, self.first = (name, "multiple" in given), [], None
        elif tag == "option" and self.select:
            if self.first is None:
                self.first = given.get("value", "")
            if "selected" in given:
                self.chosen.append(given.get("value", ""))
        elif tag == "textarea" and name:
            self.area = (name, [])

    first: str | None = None
    any: bool = False  # every form is the wanted one

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self.templates -= 1
        elif tag == "form":
            self.inside = False
        elif tag == "select" and self.select:
            name, multiple = self.select
            for value in self.chosen if multiple else (self.chosen[-1:] or [self.first or ""]):
                self.form.values.add(name, value)
            self.select = None
        elif tag == "textarea" and self.area:
            name, said = self.area
            text = "".join(said).removeprefix("\n")
            self.form.values.add(name, text.replace("\r\n", "\n").replace("\n", "\r\n"))
            self.area = None


def form_of(html: str, form_id: str) -> Form:
    reader = _Reader(form_id)
    reader.feed(html)
    assert reader.form.values, f"no form {form_id} on the page"
    return reader.form


def dialog_form(html: str) -> Form:
    """The form of the dialog that an answer brings."""
    reader = _Reader("")
    reader.any = True
    reader.feed(html)
    assert reader.form.action, "no form in the answer"
    return reader.form
