"""A record's page: comments, stars, editing in place, what hangs on it, the one before and after, files."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.screens.conftest import Site, Visitor, texts
from tests.screens.html import form_of
from tests.screens.world import HOSTILE


@pytest.fixture(scope="module")
def mo(site: Site) -> Visitor:
    return Visitor(site, "mo")


def test_who_may_read_a_record_may_say_something_and_reads_what_all_said(
    site: Site, as_: Callable[[str], Visitor]
) -> None:
    deal = site.ids["mine"]
    lin, mo = as_("lin"), as_("mo")
    said = lin.post(f"/records/deal/{deal}/say", {"text": "林说 " + HOSTILE}, htmx=True)
    assert said.status_code == 200 and "林说" in said.text and "<script>alert" not in said.text
    assert mo.post(f"/records/deal/{deal}/say", {"text": "莫说"}).status_code == 303
    for reader in (lin, mo):
        page = texts(reader.get(f"/records/deal/{deal}").text)
        assert "林说" in page and "莫说" in page
    assert mo.post(f"/records/deal/{deal}/say", {"text": "  "}, htmx=True).status_code == 200
    assert site.door("root", lambda r: r.list("comment").count) == 2, "an empty comment is none"


def test_comments_are_read_on_the_page_of_their_record_alone(site: Site, as_: Callable[[str], Visitor]) -> None:
    as_("mo").post(f"/records/deal/{site.ids['his']}/say", {"text": "机密的话"}, htmx=True)
    bodies = site.door("lin", lambda r: [c.values["body"] for c in r.list("comment").records])
    assert "机密的话" not in bodies
    from yuanke.kernel.errors import ValidationFailed

    for value in (
        {"entity": "deal", "record": site.ids["his"], "body": "x"},
        {"entity": "nix", "record": 1, "body": "x"},
    ):
        with pytest.raises(ValidationFailed):
            site.door("lin", lambda r, v=value: r.create("comment", v))


def test_a_star_is_put_and_taken_and_shows_on_the_page_of_functions(site: Site, as_: Callable[[str], Visitor]) -> None:
    mo, deal = as_("mo"), site.ids["his"]
    assert mo.post(f"/records/deal/{deal}/star", {}, htmx=True).status_code == 204
    assert mo.post("/records/place/star", {}, htmx=True).status_code == 204
    favourites = mo.get("/all").text.split('class="yk-favs"')[1].split("</section>")[0]
    assert "老板的交易" in favourites and "/records/place" in favourites
    assert 'aria-pressed="true"' in mo.get(f"/records/deal/{deal}").text
    assert "yk-favs" not in as_("lin").get("/all").text
    assert mo.post(f"/records/deal/{deal}/star", {}, htmx=True).status_code == 204
    assert "老板的交易" not in mo.get("/all").text


def test_a_star_on_what_is_no_longer_ones_own_says_nothing_of_it(site: Site, as_: Callable[[str], Visitor]) -> None:
    deal = site.door("lin", lambda r: r.create("deal", {"subject": "曾经是我的"}).id)
    lin = as_("lin")
    lin.post(f"/records/deal/{deal}/star", {}, htmx=True)
    assert "曾经是我的" in lin.get("/all").text
    site.door("root", lambda r: r.update("deal", deal, {"owner": site.users["mo"]}))
    assert "曾经是我的" not in lin.get("/all").text


def test_one_field_is_edited_in_place(site: Site, mo: Visitor) -> None:
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "原题", "due": "2026-01-01"}).id)
    at = f"/records/deal/{deal}/fields/subject"
    assert at in mo.get(f"/records/deal/{deal}").text
    control = mo.get(at, htmx=True).text
    version = re.search(r'name="version" value="(\d+)"', control).group(1)  # type: ignore[union-attr]
    saved = mo.post(at, {"subject": "新题", "version": version}, htmx=True)
    assert (
        (saved.status_code, saved.headers["HX-Trigger"]) == (200, "yk-changed")
        and "新题" in saved.text
        and "<input" not in saved.text
    )
    stale = mo.post(at, {"subject": "旧人", "version": version}, htmx=True)
    assert stale.status_code == 422 and "刚被别人修改过" in stale.text and 'value="旧人"' in stale.text
    wrong = mo.post(f"/records/deal/{deal}/fields/due", {"due": "1999-01-01"}, htmx=True)
    assert wrong.status_code == 422 and "到期不能早于 2020 年" in wrong.text
    assert "新题" in mo.get(f"{at}?shown=1", htmx=True).text
    stands = site.get("deal", deal)
    assert (stands.values["subject"], stands.values["due"].isoformat()) == ("新题", "2026-01-01")


def test_related_lists_have_counts_and_a_way_to_make_one_more(site: Site, mo: Visitor) -> None:
    html = mo.get(f"/records/place/{site.ids['place']}").text
    tab = re.search(r'id="yk-rt-deals".*?</button>', html, re.S).group(0)  # type: ignore[union-attr]
    assert re.search(r">(\d+)<", tab).group(1) == str(
        site.door("mo", lambda r: r.related("place", site.ids["place"], "deals").count)
    )  # type: ignore[union-attr]
    assert f"/records/deal/new?place={site.ids['place']}" in html
    rows = mo.get(f"/records/deal/{site.ids['his']}/related/lines", htmx=True).text
    assert "写字桌" in rows and "椅子" in rows


def test_one_walks_through_the_list_one_came_from(site: Site, mo: Visitor) -> None:
    for at in range(5):
        site.door("mo", lambda r, n=at: r.create("place", {"name": f"路 {n}"}))
    listing = "/records/place?q=路&sort=name&limit=20"
    ids = re.findall(r'data-id="(\d+)"', mo.get(listing, htmx=True).text)
    assert len(ids) == 5
    page = mo.get(f"/records/place/{ids[2]}", Referer=f"http://localhost{listing}").text
    for name, other in (("上一条", ids[1]), ("下一条", ids[3])):
        assert f"/records/place/{other}?in=" in _arrow(page, name)
    onward = _arrow(page, "下一条")
    assert f"/records/place/{ids[4]}?in=" in _arrow(mo.get(onward).text, "下一条")
    narrow = "/records/place?q=路&sort=name&limit=2"
    first = mo.get(f"/records/place/{ids[1]}", Referer=f"http://localhost{narrow}").text
    assert f"/records/place/{ids[2]}?in=" in _arrow(first, "下一条"), "over the edge of a page"
    assert f"/records/place/{ids[1]}?in=" in _arrow(mo.get(_arrow(first, "下一条")).text, "上一条"), "and back"
    assert "上一条" not in mo.get(f"/records/place/{ids[0]}?in=filter%3Dnix").text


def _arrow(html: str, name: str) -> str:
    tag = re.search(rf'<a class="btn btn-sm btn-icon" href="([^"]+)" aria-label="{name}"', html)
    assert tag is not None, name
    return tag.group(1).replace("&amp;", "&")


def test_history_is_told_with_old_and_new_and_goes_on(site: Site, mo: Visitor) -> None:
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "史"}).id)
    for at in range(25):
        site.door("mo", lambda r, n=at: r.update("deal", deal, {"note": f"第{n}次"}))
    html = mo.get(f"/records/deal/{deal}").text
    said = texts(html)
    assert "第23次 第24次" in said.replace("→", "") and "第1次" not in said
    more = re.search(r'hx-get="(/records/deal/\d+/history\?[^"]+)"', html).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    older = texts(mo.get(more, htmx=True).text)
    assert "第1次" in older and "新建了记录" in older and "第24次" not in older


# -- files --------------------------------------------------------------------------------------------------------


def test_a_file_is_opened_by_who_may_read_the_record_that_holds_it(site: Site, as_: Callable[[str], Visitor]) -> None:
    mo, lin, gao = as_("mo"), as_("lin"), as_("gao")
    put = mo.upload(b"hello", "合同.txt")
    assert put.status_code == 200 and put.json["name"] == "合同.txt" and put.json["url"] == f"/files/{put.json['id']}"
    file_id, deal = put.json["id"], site.ids["mine"]
    site.door("mo", lambda r: r.update("deal", deal, {"paper": [{"id": file_id}]}))
    where = f"/files/{file_id}?entity=deal&record={deal}"
    assert where.replace("&", "&amp;") in lin.get(f"/records/deal/{deal}").text
    got = lin.get(where)
    assert (
        got.data == b"hello"
        and "sandbox" in got.headers["Content-Security-Policy"]
        and "attachment" in got.headers["Content-Disposition"]
    )
    for path in (
        f"/files/{file_id}",
        f"/files/{file_id}?entity=deal&record={site.ids['his']}",
        f"/files/{file_id}?entity=nix&record=1",
    ):
        assert lin.get(path).status_code == 404, path
    assert gao.get(where).status_code == 404


def test_an_upload_that_cannot_be_kept_says_why_in_one_sentence(as_: Callable[[str], Visitor]) -> None:
    mo = as_("mo")
    empty = mo.upload(b"")
    assert empty.status_code == 422 and empty.json == {"detail": "文件是空的"}
    assert mo.post("/files", {}).status_code == 422
    assert mo.client.post("/files", data={}).status_code == 400, "no token"


# -- one's own page -----------------------------------------------------------------------------------------------


def test_a_person_changes_of_himself_what_decides_no_rights(site: Site, as_: Callable[[str], Visitor]) -> None:
    gao = as_("gao")
    sent = {
        "email": "gao@example.cn",
        "mobile": "13900139000",
        "locale": "en",
        "name": "Chef",
        "roles": '["admin"]',
        "department": "1",
        "status": "left",
    }
    assert gao.post("/me", sent).status_code == 303
    stands = site.get("user", site.users["gao"], "root").values
    assert (stands["email"], stands["locale"], stands["name"], stands["roles"]) == (
        "gao@example.cn",
        "en",
        "Gao",
        ["guest"],
    )
    assert "Profile" in gao.get("/me").text or "Change" in gao.get("/me").text
    wrong = gao.post("/me", {"email": "kein at"})
    assert wrong.status_code == 422 and 'value="kein at"' in wrong.text


def test_a_new_password_ends_every_other_login(site: Site, as_: Callable[[str], Visitor]) -> None:
    here, elsewhere = as_("lin"), as_("lin")
    for sent, sentence in (
        ({"old": "falsch", "new": "neues-wort", "again": "neues-wort"}, "原密码不正确"),
        ({"old": "geheim-geheim", "new": "neues-wort", "again": "anderes"}, "两次输入的新密码不一样"),
        ({"old": "geheim-geheim", "new": "kurz", "again": "kurz"}, "密码需要 8 到 256 位"),
    ):
        answer = here.post("/me/password", sent)
        assert answer.status_code == 422 and sentence in texts(answer.text), sentence
        assert "neues-wort" not in answer.text and "geheim" not in answer.text
    assert elsewhere.get("/me").status_code == 200
    changed = here.post("/me/password", {"old": "geheim-geheim", "new": "neues-wort", "again": "neues-wort"})
    assert changed.status_code == 303
    assert here.get("/me").status_code == 200 and elsewhere.get("/me").status_code == 302
    back = here.post("/me/password", {"old": "neues-wort", "new": "geheim-geheim", "again": "geheim-geheim"})
    assert back.status_code == 303
    third = as_("lin")
    assert third.post("/me/sessions", {}).status_code == 303
    assert third.get("/me").status_code == 200 and here.get("/me").status_code == 302


def test_an_administrator_makes_a_user_with_roles_and_a_password(site: Site, as_: Callable[[str], Visitor]) -> None:
    root = as_("root")
    html = root.get("/records/user/new").text
    form = form_of(html, "yk-form")
    sent = form.values.copy()
    sent.setlist("roles", ["sales"])
    sent["username"], sent["name"] = "neu", "新人"
    made = root.post(form.action, sent)
    assert made.status_code == 303, texts(made.text)
    page = root.get(made.location).text
    assert "还没有密码" in page and "销售" in page
    assert root.post(f"{made.location}/password", {"password": "kurz"}, htmx=True).status_code == 422
    assert root.post(f"{made.location}/password", {"password": "geheim-geheim"}, htmx=True).status_code == 200
    assert as_("neu").get("/records/deal").status_code == 200
    assert as_("mo").post(f"{made.location}/password", {"password": "geheim-geheim"}, htmx=True).status_code == 403
