"""Forms without a script: what is sent back unchanged changes nothing, what is refused comes back as it was typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from yuanke.fieldtypes import catalogue

from tests.screens.conftest import Site, Visitor, changed, texts
from tests.screens.html import form_of

#: one value of every type, as a program sends it
EVERY: dict[str, Any] = {
    "title": "一切", "once": "一次", "f_address": "科技路 1 号\n2 单元", "f_barcode": "6901234567892", "f_bool": True, "f_choice": "won",
    "f_choices": ["email", "visit"], "f_color": "#3355ff", "f_date": "2026-03-05", "f_datetime": "2026-03-05T08:30:15Z", "f_duration": 5400,
    "f_email": "a@example.cn", "f_integer": 1234567, "f_json": {"b": [1, 2.5, None], "a": "<x>"}, "f_long_text": "一行\n\n三行 <b>",
    "f_money": "1234567.89", "f_month": "2026-03", "f_number": "0.1234", "f_percent": "12.5", "f_phone": "13800138000", "f_price": "9.9999",
    "f_quantity": "3.125", "f_rating": 4, "f_region": "广东省/深圳市/南山区", "f_rich_text": "<p>粗 <strong>体</strong></p>", "f_tags": ["重点", "老客户"],
    "f_text": "  引号\"与'<>&  ", "f_time": "14:30", "f_url": "https://example.cn/?a=1&b=2",
    "f_rows": [{"what": "甲", "price": "1.50", "done": True}, {"what": "乙"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def mo(site: Site) -> Visitor:
    return Visitor(site, "mo")


@pytest.fixture(scope="module")
def thing(site: Site, mo: Visitor) -> int:
    """A record with a value in every field, files and links of each kind included."""
    tag = site.door("mo", lambda r: r.create("tag", {"name": "红"}).id)
    file_id = mo.upload(b"hello", "附件.txt").json["id"]
    image = mo.upload(b"\x89PNG\r\n\x1a\n" + b"0" * 20, "图.png").json["id"]
    user = site.users["lin"]
    more = {
        "f_link": tag, "f_links": [tag], "f_dynamic_link": {"entity": "tag", "id": tag}, "f_user": user,
        "f_file": [{"id": file_id}], "f_image": {"id": image},
    }  # fmt: skip
    more["f_department"] = site.door("root", lambda r: r.create("department", {"name": "一部"}).id)
    brought = {
        f"f_{name}": kind.sample for name, kind in catalogue().items()
    }  # types of plugins: what they show as an example
    given = {
        k: v for k, v in {**brought, **EVERY, **more}.items() if k not in ("f_color", "f_sequence")
    }  # the colour is only read
    made: int = site.door("mo", lambda r: r.create("thing", given).id)
    site.door("root", lambda r: r.update("thing", made, {"f_color": EVERY["f_color"]}))
    return made


def test_a_form_of_every_type_sent_back_unchanged_changes_nothing(site: Site, mo: Visitor, thing: int) -> None:
    before, told = site.get("thing", thing), len(site.history("thing", thing))
    assert not [key for key, value in before.values.items() if key.startswith("f_") and value in (None, [], "")]
    form = mo.form(f"/records/thing/{thing}/edit")
    answer = mo.post(form.action, form.values)
    assert answer.status_code == 303, texts(answer.text)
    after = site.get("thing", thing)
    assert after.version == before.version
    assert len(site.history("thing", thing)) == told
    assert {k: v for k, v in after.values.items() if k != "f_rows"} == {
        k: v for k, v in before.values.items() if k != "f_rows"
    }


@pytest.mark.parametrize(
    ("name", "value", "stands"),
    [
        ("f_text", "别的", "别的"), ("f_money", "1,000.5", "1000.50"), ("f_bool", None, False), ("f_choices", ["phone"], ["phone"]),
        ("f_tags", ["新"], ["新"]), ("f_choice", "new", "new"), ("f_percent", "", None), ("f_long_text", "a\r\nb", "a\nb"), ("f_file", None, None),
        ("f_region", "北京市/海淀区", "北京市/海淀区"), ("f_json", '{"x": 1}', {"x": 1}), ("f_rating", "2", 2),
    ],
)  # fmt: skip
def test_one_field_changed_is_one_change_in_the_history(
    site: Site, mo: Visitor, thing: int, name: str, value: Any, stands: Any
) -> None:
    told = len(site.history("thing", thing))
    form = mo.form(f"/records/thing/{thing}/edit")
    answer = mo.post(form.action, changed(form, **{name: value}))
    assert answer.status_code == 303, texts(answer.text)
    entries = site.history("thing", thing)
    assert len(entries) == told + 1
    assert set(entries[0].changes) - {"double"} == {name}
    field = site.get("thing", thing).entity.fields[name]
    found = site.get("thing", thing).values[name]
    assert (field.type.dump(field, found) if found is not None else None) == stands


def test_a_read_only_field_is_not_taken_from_whoever_sends_it(site: Site, mo: Visitor, thing: int) -> None:
    form = mo.form(f"/records/thing/{thing}/edit")
    assert "f_color" not in form.values and "fixed" not in form.values and "once" not in form.values
    assert mo.post(form.action, changed(form, f_color="#000000", fixed="x", once="y")).status_code == 303
    values = site.get("thing", thing).values
    assert (values["f_color"], values["fixed"], values["once"]) == ("#3355ff", None, "一次")


def test_a_new_record_from_its_form_with_rows(site: Site, mo: Visitor) -> None:
    form = mo.form(f"/records/deal/new?place={site.ids['place']}")
    assert form.values["place"] == str(site.ids["place"]) and form.values["stage"] == "open" and form.values["due"]
    sent = changed(
        form,
        subject="新的",
        discount="1",
        lines__a__what="桌",
        lines__a__count="2",
        lines__a__price="10",
        lines__b__what="",
        lines__b__count="1",
    )
    answer = mo.post(form.action, sent)
    assert answer.status_code == 303, texts(answer.text)
    made = site.get("deal", int(answer.location.rsplit("/", 1)[1]))
    assert str(made.values["total"]) == "19.00" and len(made.values["lines"]) == 1, (
        "a row with nothing but defaults is no row"
    )


def test_a_refused_form_keeps_every_letter_and_says_where_each_fault_is(site: Site, mo: Visitor) -> None:
    form = mo.form("/records/deal/new")
    sent = changed(
        form, subject="", due="1999-01-01", note="请 <b>上午</b> 送", discount="-1", lines__x1__what="", lines__x1__count="abc", lines__x1__price="3",
        lines__x2__what="椅", lines__x2__count="2",
    )  # fmt: skip
    answer = mo.post(form.action, sent)
    assert answer.status_code == 422
    again = form_of(answer.text, "yk-form")
    for name in ("due", "note", "discount", "lines.x1.count", "lines.x1.price", "lines.x2.what"):
        assert again.values[name] == sent[name], name
    said = texts(answer.text)
    for sentence in ("主题 不能为空", "到期不能早于 2020 年", "明细第 1 行 · 内容"):
        assert sentence in said, sentence
    links = {link.split('"')[0] for link in answer.text.split('<a href="#')[1:]} - {"main"}
    assert links >= {"f-subject", "f-due", "f-discount", "f-lines-x1-what", "f-lines-x1-count"}
    assert links <= again.ids, "a link of the summary leads nowhere"
    part = mo.post(form.action, sent, htmx=True)
    assert part.status_code == 422 and "<html" not in part.text and "yk-errors" in part.text


def test_a_removed_row_and_a_file_survive_a_fault_elsewhere(site: Site, mo: Visitor) -> None:
    lines = [{"what": "甲", "price": "1"}, {"what": "乙", "price": "2"}]
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "x", "lines": lines}).id)
    file_id = mo.upload(b"paper", "纸.txt").json["id"]
    form = mo.form(f"/records/deal/{deal}/edit")
    sent = changed(form, subject="", lines__0__deleted="1", paper=str(file_id))
    answer = mo.post(form.action, sent)
    assert answer.status_code == 422
    again = form_of(answer.text, "yk-form")
    assert again.values["lines.0.deleted"] == "1" and again.values.getlist("paper") == [str(file_id)]
    assert "纸.txt" in answer.text
    assert mo.post(form.action, changed(again, subject="y")).status_code == 303
    stands = site.get("deal", deal)
    assert [row.values["what"] for row in stands.values["lines"]] == ["乙"]
    assert [f["name"] for f in stands.values["paper"]] == ["纸.txt"]


def test_a_form_drawn_before_somebody_else_saved_undoes_nothing_of_his(site: Site, mo: Visitor) -> None:
    deal = site.door(
        "mo", lambda r: r.create("deal", {"subject": "原", "note": "原", "lines": [{"what": "甲", "price": "1"}]}).id
    )
    form = mo.form(f"/records/deal/{deal}/edit")
    row = site.get("deal", deal).values["lines"][0].id
    other = {"subject": "他的", "note": "他的", "lines": [{"id": row, "price": "7"}]}
    site.door("root", lambda r: r.update("deal", deal, other))
    answer = mo.post(form.action, changed(form, subject="我的", discount="3"))
    assert answer.status_code == 422
    said = texts(answer.text)
    assert "刚被别人修改过" in said and "我的" in said and "他的" in said and "Root" in said
    again = form_of(answer.text, "yk-form")
    assert (again.values["subject"], again.values["note"], again.values["discount"], again.values["lines.0.price"]) == (
        "我的",
        "他的",
        "3",
        "7.00",
    )
    assert mo.post(form.action, again.values).status_code == 303
    values = site.get("deal", deal).values
    assert (values["subject"], values["note"], str(values["discount"]), str(values["lines"][0].values["price"])) == (
        "我的",
        "他的",
        "3.00",
        "7.0000",
    )


def test_what_a_condition_hides_is_hidden_on_the_form_and_asked_for_when_it_shows(site: Site, mo: Visitor) -> None:
    html = mo.get("/records/deal/new").text
    assert 'data-field="reason" hidden' in html
    form = mo.form("/records/deal/new")
    answer = mo.post(form.action, changed(form, subject="x", stage="lost"))
    assert (
        answer.status_code == 422
        and "失败原因 不能为空" in texts(answer.text)
        and 'data-field="reason" hidden' not in answer.text
    )


def test_the_sums_beside_the_form_are_those_of_the_record(site: Site, mo: Visitor) -> None:
    html = mo.get(f"/records/deal/{site.ids['his']}/edit").text
    side = texts(html[html.index('class="yk-form-s"') :])
    assert "合计 400.00" in side and "应付 ¥ 400.00" in side, side[:200]
    spec = json.loads(html.split('id="yk-form-spec">')[1].split("</script>")[0])
    names = [one["name"] for one in spec["compute"]]
    assert names.index("lines.sum") < names.index("gross") and "total" in names


def test_a_copy_is_a_new_record_with_the_same_rows(site: Site, mo: Visitor) -> None:
    form = mo.form(f"/records/deal/new?from={site.ids['his']}")
    assert form.values["subject"] == "老板的交易" and "lines.0.id" not in form.values
    answer = mo.post(form.action, form.values)
    assert answer.status_code == 303, texts(answer.text)
    made = int(answer.location.rsplit("/", 1)[1])
    assert made != site.ids["his"] and str(site.get("deal", made).values["total"]) == "400.00"


def test_a_record_is_made_on_the_spot_and_chosen_where_it_was_asked_for(site: Site, mo: Visitor) -> None:
    address = "/records/place/new?dialog=1&asking=deal.place&for=f-place&title=深圳某处"
    html = mo.get(address, htmx=True).text
    assert 'value="深圳某处"' in html and "data-open" in html and 'name="rate"' not in html
    refused = mo.post(address, {"name": ""}, htmx=True)
    assert refused.status_code == 422 and "名称 不能为空" in texts(refused.text)
    answer = mo.post(address, {"name": "深圳某处"}, htmx=True)
    told = json.loads(answer.headers["HX-Trigger"])["yk-created"]
    assert (answer.status_code, answer.text, told["for"], told["item"]["title"]) == (200, "", "f-place", "深圳某处")
    assert str(site.get("place", told["item"]["id"]).values["rate"]) == "13.0000"


def test_a_lookup_is_narrowed_by_what_the_form_holds(site: Site, mo: Visitor) -> None:
    place = site.ids["place"]
    inside = {site.ids["mine"], site.ids["his"]}
    every = {one["id"] for one in mo.get("/lookup/deal?for=deal.helper").json["result"]}
    narrowed = {one["id"] for one in mo.get(f"/lookup/deal?for=deal.helper&place={place}").json["result"]}
    assert inside <= narrowed and site.ids["hostile"] in every - narrowed
    assert [one["title"] for one in mo.get("/lookup/place?q=bj").json["result"]] == ["北京某处"], "by initials or code"


def test_a_role_that_may_not_see_a_link_keeps_it(site: Site, as_: Callable[[str], Visitor]) -> None:
    hidden, own = site.ids["his"], site.door("lin", lambda r: r.create("deal", {"subject": "带关联"}).id)
    site.door("root", lambda r: r.update("deal", own, {"helper": hidden, "place": site.ids["place"]}))
    lin = as_("lin")
    html = lin.get(f"/records/deal/{own}").text
    assert "无权查看" in texts(html) and "老板的交易" not in html
    form = lin.form(f"/records/deal/{own}/edit")
    assert lin.post(form.action, changed(form, subject="改了")).status_code == 303
    assert site.get("deal", own).values["helper"].id == hidden


def test_an_invented_form_does_not_break_anything(site: Site, mo: Visitor) -> None:
    deal, before = site.ids["his"], site.get("deal", site.ids["his"]).version
    for sent in (
        {"lines:given": "1", "lines.9.id": "99999999999999999999", "lines.9.what": "x"}, {"version": "x", "seen": "x", "subject": "老板的交易"},
        {"paper": "999999", "paper:given": "1"}, {"place": "abc"}, {"due": "2026-13-40"}, {"discount": "1e999"}, {"subject": "\0"},
    ):  # fmt: skip
        answer = mo.post(f"/records/deal/{deal}/edit", MultiDict(sent))
        assert answer.status_code in (303, 422), sent
    assert site.get("deal", deal).version == before
