"""Lists: what is asked by click and by word, views people keep, what is done with several records at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.screens.conftest import Site, Visitor, texts


@pytest.fixture(scope="module")
def mo(site: Site) -> Visitor:
    return Visitor(site, "mo")


@pytest.fixture(scope="module")
def deals(site: Site) -> dict[str, int]:
    """Three deals with values to tell them apart."""
    place = site.door("mo", lambda r: r.create("place", {"name": "上海某处"}).id)
    bodies = {
        "甲": {"place": place, "due": "2026-03-05", "discount": "5", "note": "急"},
        "乙": {"stage": "won", "due": "2026-04-05", "lines": [{"what": "x", "price": "10"}]},
        "丙": {"stage": "lost", "reason": "贵", "due": None},
    }
    made = {
        name: site.door("mo", lambda r, b=body, n=name: r.create("deal", {"subject": f"筛选{n}", **b}).id)
        for name, body in bodies.items()
    }
    return {**made, "place": place}


def found(visitor: Visitor, query: str) -> set[str]:
    """Which of the three a list with this query shows."""
    answer = visitor.get(f"/records/deal?limit=100&{query}")
    assert answer.status_code == 200, texts(answer.text)[-400:]
    return {name for name in "甲乙丙" if f"筛选{name}" in answer.text}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=筛选", "甲乙丙"), ("q=sx", "甲乙丙"), ("f.subject=选乙", "乙"), ("f.stage=won", "乙"), ("f.stage=won&f.stage=lost", "乙丙"),
        ("f.due.from=2026-03-01&f.due.to=2026-03-31", "甲"), ("f.due.within=none", "丙"), ("f.due.from=2026-04-01", "乙"),
        ("f.total.from=5&q=筛选", "乙"), ("f.discount.to=5&f.discount.from=5", "甲"), ("f.owner=me&q=筛选", "甲乙丙"), ("f.place={place}", "甲"),
        ("f.place=-&q=筛选", "乙丙"), ("filter=stage+%3D%3D+won+and+total+>+1", "乙"), ("f.reason=贵", "丙"), ("f.paper=0&q=筛选", "甲乙丙"),
        ("f.paper=1", ""), ("f.stage=&f.subject=&q=筛选", "甲乙丙"), ("v=mine&q=筛选", "甲乙丙"),
    ],
)  # fmt: skip
def test_a_click_narrows_the_list(mo: Visitor, deals: dict[str, int], query: str, names: str) -> None:
    assert found(mo, query.format(**deals)) == set(names)


def test_choices_outside_the_columns_stand_in_the_bar_while_there_is_room(mo: Visitor) -> None:
    html = mo.get("/records/thing?cols=number,title").text
    behind = re.findall(r'name="with" value="f\.(\w+)"', html)
    in_bar = set(re.findall(r'name="f\.(\w+?)(?:\.\w+)?"', html))
    assert {"f_choice", "f_choices"} <= in_bar and not {"f_choice", "f_choices"} & set(behind)
    assert len(in_bar) <= 4 < len(behind)


def test_filters_of_every_type_can_be_opened_and_set(site: Site, mo: Visitor) -> None:
    html = mo.get("/records/thing").text
    keys = set(re.findall(r'name="with" value="f\.(\w+)"', html)) | set(re.findall(r'name="f\.(\w+?)(?:\.\w+)?"', html))
    assert len(keys) > 20
    for key in sorted(keys):
        answer = mo.get(f"/records/thing?with=f.{key}", htmx=True)
        assert answer.status_code == 200 and f'name="f.{key}' in answer.text, key
        names = set(re.findall(rf'name="(f\.{key}(?:\.\w+)?)"', answer.text))
        for name in names:
            value = {"from": "1", "to": "2", "within": "this_week"}.get(name.rsplit(".", 1)[1], "1")
            assert mo.get(f"/records/thing?{name}={value}", htmx=True).status_code in (200, 422), name


def test_a_wrong_expression_is_marked_where_it_is_wrong(mo: Visitor) -> None:
    html = mo.get("/records/deal?filter=stagee+%3D%3D+won", htmx=True).text
    assert "<mark>stagee</mark>" in html and 'aria-invalid="true"' in html and 'value="stagee == won"' in html
    assert "筛选" not in texts(html).split("条件有误，先改正它")[-1]


def test_pages_go_there_and_back(site: Site, mo: Visitor, deals: dict[str, int]) -> None:
    for at in range(25):
        site.door("mo", lambda r, n=at: r.create("place", {"name": f"翻页 {n:02}"}))
    first = mo.get("/records/place?q=翻页&sort=name", htmx=True).text  # its list says `limit: 20`
    assert "第 1–20 条，共 25 条" in texts(first) and "翻页 00" in first and "翻页 20" not in first
    second = mo.get(_link(first, "下一页"), htmx=True).text
    assert "第 21–25 条，共 25 条" in texts(second) and "翻页 20" in second
    back = mo.get(_link(second, "上一页"), htmx=True).text
    assert "第 1–20 条，共 25 条" in texts(back) and "翻页 00" in back
    assert "第 1–25 条" in texts(mo.get("/records/place?q=翻页&sort=name&limit=50", htmx=True).text)


def _link(html: str, words: str) -> str:
    tag = next(tag for tag in re.findall(r"<a class=\"btn btn-sm\".*?</a>", html, re.S) if words in tag)
    return re.search(r'href="([^"]+)"', tag).group(1).replace("&amp;", "&")  # type: ignore[union-attr]


def test_columns_are_kept_in_this_browser(as_: Callable[[str], Visitor]) -> None:
    lin = as_("lin")
    answer = lin.post("/records/deal/columns", {"column": ["subject", "note", "margin", "nix"]}, htmx=True)
    heads = re.findall(r"<th[^>]*scope=\"col\".*?</th>", answer.text, re.S)
    assert [texts(head).strip() for head in heads] == ["主题", "备注"], "a hidden and an unknown field are no columns"
    assert "备注" in texts(lin.get("/records/deal").text.split("<tbody>")[0].split("<thead>")[1])
    assert "备注" not in as_("lin").get("/records/deal").text.split("<tbody>")[0].split("<thead>")[1]
    lin.post("/records/deal/columns", {"reset": "1"}, htmx=True)
    assert "地点" in texts(lin.get("/records/deal").text.split("<thead>")[1].split("<tbody>")[0])


# -- views that people keep ---------------------------------------------------------------------------------------


def test_a_view_keeps_conditions_sort_and_columns_for_its_owner_and_when_shared_for_all(
    site: Site, as_: Callable[[str], Visitor]
) -> None:
    mo, lin = as_("mo"), as_("lin")
    here = "http://localhost/records/deal?f.stage=won&sort=-due"
    dialog = mo.get("/records/deal/views/new", htmx=True, HX_Current_URL=here).text
    came = re.search(r'name="came" value="([^"]*)"', dialog).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    assert came == "f.stage=won&sort=-due"
    assert mo.post("/records/deal/views", {"came": came, "name": ""}, htmx=True).status_code == 422
    made = mo.post("/records/deal/views", {"came": came, "name": "赢的 <b>"}, htmx=True)
    address = made.headers["HX-Redirect"]
    assert re.fullmatch(r"/records/deal\?s=\d+&f\.stage=won&sort=-due", address)
    html = mo.get(address).text
    assert "赢的 &lt;b&gt;" in html and "改名或共享" in html and 'aria-sort="descending"' in html
    assert "赢的" not in lin.get("/records/deal").text
    view = re.search(r"s=(\d+)", address).group(1)  # type: ignore[union-attr]
    assert mo.post(f"/records/deal/views/{view}/edit", {"name": "大家的", "shared": "1"}, htmx=True).status_code == 200
    shown = lin.get("/records/deal").text
    assert "大家的" in shown and f"s={view}" in shown
    assert "改名或共享" not in lin.get(f"/records/deal?s={view}").text
    for path in (
        f"/records/deal/views/{view}",
        f"/records/deal/views/{view}/edit",
        f"/records/deal/views/{view}/delete",
    ):
        assert lin.post(path, {"name": "x"}, htmx=True).status_code == 404
    saved = mo.post(
        f"/records/deal/views/{view}", {}, htmx=True, HX_Current_URL="http://localhost/records/deal?f.stage=lost"
    )
    assert saved.headers["HX-Redirect"] == f"/records/deal?s={view}&f.stage=lost"
    assert mo.post(f"/records/deal/views/{view}/delete", {}).status_code == 303
    assert "大家的" not in mo.get("/records/deal").text


# -- several at once ----------------------------------------------------------------------------------------------


def test_one_field_of_several_records_is_changed_each_under_its_own_rights(
    site: Site, as_: Callable[[str], Visitor]
) -> None:
    lin, mine, his = as_("lin"), site.ids["mine"], site.ids["his"]
    first = lin.get(f"/records/deal/bulk?id={mine}&id={his}", htmx=True).text
    assert 'value="note"' in first and "margin" not in first and f'name="id" value="{mine}"' in first
    second = lin.post("/records/deal/bulk", {"id": [mine, his], "field": "note"}, htmx=True)
    assert 'name="note"' in second.text and 'name="change" value="1"' in second.text
    done = lin.post(
        "/records/deal/bulk", {"id": [mine, his], "field": "note", "change": "1", "note": "一起"}, htmx=True
    )
    assert done.headers["HX-Redirect"] == "/records/deal"
    said = texts(lin.get("/records/deal").text)
    assert "已修改 1 条" in said and "1 条没有修改" in said
    assert (site.get("deal", mine).values["note"], site.get("deal", his).values["note"]) == ("一起", None)


def test_a_value_that_no_record_takes_comes_back_to_the_dialog(site: Site, mo: Visitor) -> None:
    answer = mo.post(
        "/records/deal/bulk", {"id": site.ids["his"], "field": "discount", "change": "1", "discount": "-5"}, htmx=True
    )
    assert answer.status_code == 422 and 'value="-5"' in answer.text and "yk-wrong" in answer.text
    hidden = mo.post(
        "/records/deal/bulk", {"id": site.ids["his"], "field": "total", "change": "1", "total": "5"}, htmx=True
    )
    assert hidden.status_code == 422, "a computed field is none that can be changed"


def test_the_owner_is_handed_over_and_the_new_one_sees_it(site: Site, as_: Callable[[str], Visitor]) -> None:
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "要转"}).id)
    mo, lin = as_("mo"), as_("lin")
    assert lin.get(f"/records/deal/{deal}").status_code == 404
    assert mo.post("/records/deal/transfer", {"id": deal, "owner": ""}, htmx=True).status_code == 422
    assert mo.post("/records/deal/transfer", {"id": deal, "owner": site.users["lin"]}, htmx=True).status_code == 200
    assert lin.get(f"/records/deal/{deal}").status_code == 200
    given = lin.post("/records/deal/transfer", {"id": deal, "owner": site.users["mo"]}, htmx=True)
    assert given.status_code == 422 and "超出你的权限范围" in texts(given.text)
    assert site.get("deal", deal).values["owner"].id == site.users["lin"]


def test_what_is_not_deleted_says_why(site: Site, mo: Visitor) -> None:
    free = site.door("mo", lambda r: r.create("place", {"name": "没人用"}).id)
    answer = mo.post("/records/place/delete", {"id": [free, site.ids["place"]]}, htmx=True)
    assert answer.headers["HX-Redirect"] == "/records/place"
    said = texts(mo.get("/records/place").text)
    assert "1 条已移到回收站" in said and "1 条没有删除：北京某处：" in said and "引用" in said
    assert "没人用" in texts(mo.get("/bin?entity=place").text)
    assert mo.post(f"/records/place/{free}/restore", {}).status_code == 303
    assert "没人用" in mo.get("/records/place?limit=100").text


def test_the_chosen_ones_are_exported_alone(site: Site, mo: Visitor, deals: dict[str, int]) -> None:
    dialog = mo.get(f"/records/deal/export?id={deals['甲']}&id={deals['丙']}", htmx=True).text
    assert "选中的记录" in texts(dialog)
    sent: dict[str, Any] = {
        "scope": "chosen",
        "format": "csv",
        "id": [deals["甲"], deals["丙"]],
        "columns": ["subject", "stage"],
    }
    job = mo.post("/records/deal/export", sent).location
    site.run_jobs()
    page = mo.get(f"{job}?start=1").text
    file = re.search(r'content="0; url=(/files/\d+)"', page).group(1)  # type: ignore[union-attr]
    lines = mo.get(file).data.decode("utf-8-sig").splitlines()
    assert lines[0] == "主题,阶段" and sorted(lines[1:]) == ["筛选丙,失败", "筛选甲,进行中"]


def test_what_the_list_asks_is_what_is_exported_without_what_is_hidden(
    site: Site, as_: Callable[[str], Visitor], deals: dict[str, int]
) -> None:
    mo = as_("mo")
    dialog = mo.get(
        "/records/deal/export", htmx=True, HX_Current_URL="http://localhost/records/deal?f.stage=won&q=筛选"
    ).text
    came = re.search(r'name="came" value="([^"]*)"', dialog).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    job = mo.post(
        "/records/deal/export", {"scope": "list", "format": "csv", "came": came, "columns": ["subject"]}
    ).location
    site.run_jobs()
    assert as_("lin").get(job).status_code == 404, "somebody else's job"
    file = re.search(r'href="(/files/\d+)"', mo.get(job).text).group(1)  # type: ignore[union-attr]
    assert mo.get(file).data.decode("utf-8-sig").splitlines() == ["主题", "筛选乙"]
    assert as_("lin").get(file).status_code == 404


# -- kanban and calendar ------------------------------------------------------------------------------------------


def test_a_card_is_moved_with_its_version_and_a_stale_move_says_so(site: Site, mo: Visitor) -> None:
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "卡片"}).id)
    assert f'data-id="{deal}" data-version="1"' in mo.get("/records/deal?view=kanban").text
    moved = mo.post("/records/deal/move", {"id": deal, "version": "1", "to": "won"}, htmx=True)
    assert (
        moved.status_code == 200
        and '"version": 2' in moved.headers["HX-Trigger"]
        and 'hx-swap-oob="true"' in moved.text
    )
    stale = mo.post("/records/deal/move", {"id": deal, "version": "1", "to": "open"}, htmx=True)
    assert (stale.status_code, stale.mimetype) == (409, "text/plain") and "刚被别人修改过" in stale.text
    refused = mo.post("/records/deal/move", {"id": deal, "version": "2", "to": "lost"}, htmx=True)
    assert refused.status_code == 422 and "失败原因 不能为空" in refused.text
    assert mo.post("/records/deal/move", {"id": deal, "to": "nix"}, htmx=True).status_code == 404


def test_days_of_the_calendar_are_the_readers_own_records(
    site: Site, as_: Callable[[str], Visitor], deals: dict[str, int]
) -> None:
    span = "start=2026-03-01T00:00:00%2B08:00&end=2026-04-01T00:00:00%2B08:00"
    events = as_("mo").get(f"/records/deal/events?{span}").json
    assert [(e["title"], e["start"], e["editable"]) for e in events if e["title"].startswith("筛选")] == [
        ("筛选甲", "2026-03-05", True)
    ]
    assert as_("lin").get(f"/records/deal/events?{span}").json == []
    version = next(e["version"] for e in events if e["title"] == "筛选甲")
    moved = as_("mo").post("/records/deal/reschedule", {"id": deals["甲"], "to": "2026-03-09", "version": version})
    assert moved.json == {"version": version + 1}
    assert site.get("deal", deals["甲"]).values["due"].isoformat() == "2026-03-09"
    early = as_("mo").post("/records/deal/reschedule", {"id": deals["甲"], "to": "1999-03-09"}, htmx=True)
    assert early.status_code == 422 and early.text == "到期不能早于 2020 年"
