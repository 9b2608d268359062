"""Every page for everybody: who gets it, what it may not say, and that looking changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.screens.conftest import Site, Visitor, texts
from tests.screens.world import HOSTILE, SECRET

#: path -> answers to boss, sales (rows of his own), guest (no rights at all)
PAGES: dict[str, tuple[int, int, int]] = {
    "/": (200, 200, 200),
    "/dashboards/home": (200, 200, 200),
    "/dashboards/nix": (404, 404, 404),
    "/all": (200, 200, 200),
    "/search?q=交易": (200, 200, 200),
    "/bin": (200, 200, 200),
    "/bin?entity=deal": (200, 200, 200),
    "/me": (200, 200, 200),
    "/me/password": (200, 200, 200),
    "/messages": (200, 200, 200),
    "/regions?q=深圳": (200, 200, 200),
    "/lookup/place?q=北京": (200, 200, 200),
    "/lookup/nix": (404, 404, 404),
    "/settings": (403, 403, 403),
    "/settings/customize": (403, 403, 403),
    "/settings/customize/deal": (403, 403, 403),
    "/settings/customize/check?entity=deal&expression=true": (403, 403, 403),
    "/settings/customize/key?label=x": (403, 403, 403),
    "/settings/customize/versions": (403, 403, 403),
    "/settings/customize/drafts": (403, 403, 403),
    "/settings/packs": (403, 403, 403),
    "/settings/packs/nix": (403, 403, 403),
    "/settings/customize/drafts/1": (403, 403, 403),
    "/settings/customize/yaml": (403, 403, 403),
    "/settings/customize/versions/1": (403, 403, 403),
    "/records/deal": (200, 200, 403),
    "/records/deal?v=mine&f.stage=open&sort=-due&limit=20": (200, 200, 403),
    "/records/deal?view=kanban": (200, 200, 403),
    "/records/deal?view=calendar": (200, 200, 403),
    "/records/deal?f.nix=1": (400, 400, 403),
    "/records/deal?filter=nix": (400, 400, 403),
    "/records/deal?sort=nix": (400, 400, 403),
    "/records/deal?f.margin.from=1": (200, 400, 403),
    "/records/deal?sort=margin": (200, 400, 403),
    "/records/deal?filter=margin+>+1": (200, 400, 403),
    "/records/deal/events?start=2026-01-01&end=2026-02-01": (200, 200, 404),
    "/records/deal/events?start=x&end=2026-02-01": (400, 400, 400),
    "/records/deal/new": (200, 200, 403),
    "/records/deal/new?dialog=1&asking=deal.helper": (200, 200, 403),
    "/records/deal/{mine}": (200, 200, 404),
    "/records/deal/{mine}/edit": (200, 200, 404),
    "/records/deal/{mine}/history": (200, 200, 404),
    "/records/deal/{mine}/related/lines": (200, 200, 404),
    "/records/deal/{mine}/related/nix": (404, 404, 404),
    "/records/deal/{mine}/fields/subject": (200, 200, 404),
    "/records/deal/{mine}/fields/margin": (200, 404, 404),
    "/records/deal/{mine}/fields/total": (404, 404, 404),
    "/records/deal/{his}": (200, 404, 404),
    "/records/deal/{his}/edit": (200, 404, 404),
    "/records/deal/{his}/history": (200, 404, 404),
    "/records/deal/{his}/fields/subject": (200, 404, 404),
    "/records/deal/999999": (404, 404, 404),
    "/records/deal/import": (200, 200, 403),
    "/records/deal/import/template": (200, 200, 403),
    "/records/deal/export": (200, 403, 403),
    "/records/deal/bulk?id={mine}": (200, 200, 403),
    "/records/deal/transfer?id={mine}": (200, 200, 403),
    "/records/deal/views/new": (200, 200, 200),
    "/records/deal/views/99/edit": (404, 404, 404),
    "/records/place": (200, 200, 403),
    "/records/place/{place}": (200, 200, 404),
    "/records/place/{place}/edit": (200, 403, 404),
    "/records/place/{place}/related/deals": (200, 200, 404),
    "/records/nix": (404, 404, 404),
    "/records/user": (200, 200, 200),
    "/records/login_log": (403, 403, 403),
    "/records/user/1/password": (403, 403, 403),
    "/files/999": (404, 404, 404),
    "/jobs/999": (404, 404, 404),
}


@pytest.fixture(scope="module")
def people(site: Site) -> dict[str, Visitor]:
    return {name: Visitor(site, name) for name in ("root", "mo", "lin", "gao")}


@pytest.mark.parametrize("path", PAGES)
def test_each_page_answers_each_role_as_its_rights_say(site: Site, people: dict[str, Visitor], path: str) -> None:
    address = path.format(**site.ids)
    found = tuple(people[name].get(address).status_code for name in ("mo", "lin", "gao"))
    assert found == PAGES[path]


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_the_login_and_back(site: Site, path: str) -> None:
    address = path.format(**site.ids)
    answer = site.app.test_client().get(address)
    assert answer.status_code == 302 and answer.location.startswith("/login"), answer.location


@pytest.mark.parametrize("path", [path for path, (_boss, sales, _guest) in PAGES.items() if sales == 200])
def test_what_is_hidden_from_a_role_stands_on_none_of_its_pages(
    site: Site, people: dict[str, Visitor], path: str
) -> None:
    answer = people["lin"].get(path.format(**site.ids))
    html = (
        answer.text if answer.mimetype in ("text/html", "application/json") else ""
    )  # the workbook has a test of its own
    for word in ("毛利密", "margin", SECRET, "987,654.32"):
        assert word not in html, f"{word} stands on {path}"
    assert "老板的交易" not in html


@pytest.mark.parametrize("path", [path for path, (boss, _sales, _guest) in PAGES.items() if boss == 200])
def test_hostile_values_are_text_everywhere(site: Site, people: dict[str, Visitor], path: str) -> None:
    answer = people["mo"].get(path.format(**site.ids))
    if answer.mimetype == "text/html":
        assert "<script>alert" not in answer.text and "'<b>" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/records/deal/{hostile}", "/records/deal/{hostile}/edit", "/records/deal?q=alert", "/records/deal?view=kanban"],
)
def test_a_hostile_title_is_shown_as_it_was_typed(site: Site, people: dict[str, Visitor], path: str) -> None:
    from markupsafe import escape

    html = people["mo"].get(path.format(**site.ids)).text
    assert str(escape(HOSTILE)) in html and "<script>alert" not in html


def test_an_administrator_has_the_pages_of_settings(people: dict[str, Visitor]) -> None:
    for path in (
        "/settings",
        "/settings/customize/deal",
        "/settings/customize/check?entity=deal&expression=stage+==+open&expect=bool",
    ):
        assert people["root"].get(path).status_code == 200, path
    assert people["root"].get("/settings/customize").status_code == 302


def test_the_menu_and_the_functions_show_only_what_opens(people: dict[str, Visitor]) -> None:
    boss, guest = texts(people["mo"].get("/all").text), texts(people["gao"].get("/all").text)
    assert "交易" in boss and "地点" in boss
    assert "地点" not in guest
    assert "/records/deal" not in people["gao"].get("/").text


def test_what_nobody_asked_with_a_token_changes_nothing(site: Site, people: dict[str, Visitor]) -> None:
    deal = site.ids["mine"]
    posts = {
        f"/records/deal/{deal}/edit": {"subject": "x"}, f"/records/deal/{deal}/delete": {}, "/records/deal/new": {"subject": "x"},
        "/records/deal/move": {"id": deal, "to": "won"}, f"/records/deal/{deal}/star": {}, f"/records/deal/{deal}/say": {"text": "x"},
        "/me": {"email": "a@b.cn"}, "/me/sessions": {}, "/settings/customize/deal/apply": {"overlay": "{}"},
        "/records/deal/bulk": {"id": deal}, "/records/deal/transfer": {"id": deal}, "/records/deal/views": {"name": "x"},
    }  # fmt: skip
    lin = people["lin"]
    before = lin.watch.version()
    for path, data in posts.items():
        assert lin.client.post(path, data=data).status_code == 400, path
    assert lin.watch.version() == before


def test_others_records_are_not_changed_by_whoever_knows_their_number(site: Site, as_: Callable[[str], Any]) -> None:
    lin, his = as_("lin"), site.ids["his"]
    before = site.get("deal", his).version
    for path, data in {
        f"/records/deal/{his}/edit": {"subject": "x"}, f"/records/deal/{his}/delete": {}, f"/records/deal/{his}/star": {},
        f"/records/deal/{his}/say": {"text": "x"}, f"/records/deal/{his}/fields/subject": {"subject": "x"},
        "/records/deal/move": {"id": his, "to": "won"}, "/records/deal/reschedule": {"id": his, "to": "2026-01-01"},
    }.items():  # fmt: skip
        assert lin.post(path, data, htmx=True).status_code == 404, path
    assert site.get("deal", his).version == before


def test_an_entry_of_the_menu_that_names_a_view_has_its_label_and_is_the_one_that_is_current(
    people: dict[str, Visitor],
) -> None:
    view, mo = "/records/case?view=urgent", people["mo"]

    def current(path: str) -> list[str]:
        menu = mo.get(path).text.partition('<nav class="yk-nav"')[2].partition("</nav>")[0]
        assert f'href="{view}"' in menu and "急单" in menu
        return re.findall(r'href="([^"]*)" aria-current="page"', menu)

    assert (current("/records/case"), current(view), current("/records/case?view=kanban")) == (
        ["/records/case"], [view], ["/records/case"],
    )  # fmt: skip
    assert "急单" in mo.get("/all").text and view not in people["gao"].get("/").text


def test_a_moment_that_is_proposed_has_no_seconds(people: dict[str, Visitor]) -> None:
    proposed = people["mo"].form("/records/case/new").values["since"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", proposed), proposed
