"""The system log: what was done everywhere, for administrators alone."""

from __future__ import annotations

from collections.abc import Callable

from tests.screens.conftest import Site, Visitor, texts


def test_an_administrator_reads_what_was_done_and_narrows_it(site: Site, as_: Callable[[str], Visitor]) -> None:
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "记一笔"}).id)
    site.door("mo", lambda r: r.update("deal", deal, {"discount": "3"}))
    site.door("mo", lambda r: r.create("place", {"name": "别处"}))
    root = as_("root")
    html = root.get("/settings/log?entity=deal").text
    assert "记一笔" in html and "优惠" in html and "别处" not in html and f"/records/deal/{deal}" in html
    assert "别处" in root.get("/settings/log").text and "记一笔" not in root.get("/settings/log?entity=place").text
    assert "没有记录" in texts(root.get("/settings/log?by=999").text)
    assert root.get("/settings/log?before=1&by=x&entity=nothing").status_code == 200


def test_an_older_page_goes_on_where_the_newer_one_ended(site: Site, as_: Callable[[str], Visitor]) -> None:
    for number in range(60):
        site.door("mo", lambda r, number=number: r.create("place", {"name": f"第{number:02}处"}))
    root = as_("root")
    first = root.get("/settings/log?entity=place").text
    older = first.split('class="yk-pager"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert "第59处" in first and "第59处" not in root.get(older).text and "第05处" in root.get(older).text


def test_the_log_is_for_administrators(as_: Callable[[str], Visitor]) -> None:
    assert as_("mo").get("/settings/log").status_code == 403
