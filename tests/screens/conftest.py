"""The application with one enterprise for all tests of a file, and browsers without a script: forms and pages as HTML."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.datastructures import MultiDict

from tests.everykind import every_kind
from tests.screens.html import Form, form_of
from tests.screens.world import HOSTILE, SECRET, WORLD
from tests.served import PASSWORD, Watch, browser

if TYPE_CHECKING:
    from werkzeug.test import TestResponse
    from yuanke.kernel.actor import Enterprise
    from yuanke.records import Records
    from yuanke.web.application import Application

PEOPLE = {"root": ("admin",), "mo": ("boss", "maker"), "lin": ("sales",), "gao": ("guest",)}


@dataclass
class Site:
    """``ids`` are the records everybody begins with: ``place``, ``mine`` (of lin), ``his`` (of mo), ``hostile``, ``thing``."""

    app: Application
    enterprise: Enterprise
    users: dict[str, int]
    ids: dict[str, int] = field(default_factory=dict)

    def door(self, username: str, work: Callable[[Records], Any]) -> Any:
        """``work`` with the door of this person, committed."""
        from yuanke.access.sessions import actor_of
        from yuanke.records import Records

        with self.app.installation.unit(self.enterprise, write=True) as unit:
            return work(Records(unit, actor_of(unit, self.users[username], "screen")))

    def get(self, entity: str, record_id: int, username: str = "mo") -> Any:
        return self.door(username, lambda records: records.get(entity, record_id))

    def history(self, entity: str, record_id: int) -> list[Any]:
        return self.door("root", lambda records: records.history(entity, record_id))

    def run_jobs(self) -> None:
        from yuanke.jobs import run_pending

        run_pending(self.app.installation, self.enterprise)


class Visitor:
    """A browser that has logged in. ``htmx=True`` asks for a part, as a script would."""

    def __init__(self, site: Site, username: str) -> None:
        self.site = site
        self.client = browser(site.app, site.enterprise.slug, username, PASSWORD)
        self.watch = Watch(site.app, site.enterprise.slug)

    def get(self, path: str, htmx: bool = False, **headers: str) -> TestResponse:
        before = self.watch.version()
        answer = self.client.get(path, headers=_headers(htmx, headers))
        assert self.watch.version() == before, f"GET {path} changed the database"
        return answer

    def post(self, path: str, data: Any = None, htmx: bool = False, **headers: str) -> TestResponse:
        sent = {"X-CSRF-Token": self.client.token, **_headers(htmx, headers)}
        return self.client.post(path, data=data if data is not None else {}, headers=sent)

    def form(self, path: str) -> Form:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return form_of(answer.text, "yk-form")

    def upload(self, content: bytes = b"hello", name: str = "a.txt") -> TestResponse:
        return self.post("/files", {"file": (io.BytesIO(content), name)})


def _headers(htmx: bool, more: dict[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {**({"HX-Request": "true"} if htmx else {}), **named}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    from yuanke.access import people
    from yuanke.app import create_app, plugins
    from yuanke.metadata import Layer
    from yuanke.storage import create_enterprise

    plugins.load()
    app = create_app({"YUANKE_HOME": tmp_path_factory.mktemp("site"), "YUANKE_DATABASE_URL": None})
    layers = [Layer.read_text(WORLD, "world.yaml", "module"), Layer.read_text(every_kind(), "every.yaml", "module")]
    enterprise = create_enterprise(app.installation, "acme", "爱客 科技", layers=layers)
    with app.installation.unit(enterprise, write=True) as unit:
        users = {name: people.create_user(unit, name, name.title(), PASSWORD, roles) for name, roles in PEOPLE.items()}
    made = Site(app, enterprise, users)
    _fill(made)
    yield made
    app.installation.close()


def _fill(site: Site) -> None:
    line = {"what": "写字桌", "count": "2", "price": "150.5"}
    place = site.door("mo", lambda r: r.create("place", {"name": "北京某处", "code": "BJ"}).id)
    mine = {"subject": "林的交易", "place": place, "lines": [line]}
    his = {"subject": "老板的交易", "place": place, "margin": SECRET, "lines": [line, {"what": "椅子", "price": "99"}]}
    site.ids = {
        "place": place,
        "mine": site.door("lin", lambda r: r.create("deal", mine).id),
        "his": site.door("mo", lambda r: r.create("deal", his).id),
        "hostile": site.door("mo", lambda r: r.create("deal", {"subject": HOSTILE, "note": HOSTILE}).id),
    }


@pytest.fixture
def as_(site: Site) -> Callable[[str], Visitor]:
    """``as_("lin")`` is a browser in which lin has logged in."""
    return lambda username: Visitor(site, username)


def texts(html: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def changed(form: Form, **values: Any) -> MultiDict[str, Any]:
    """The form as it stands with some values changed; None takes a name away."""
    sent = MultiDict(form.values)
    for name, value in values.items():
        name = name.replace("__", ".")
        if value is None:
            sent.poplist(name)
        else:
            sent.setlist(name, value if isinstance(value, list) else [value])
    return sent
