"""One document made of another on its filled form: nothing is saved before, the link back is set, what is left shrinks."""

from __future__ import annotations

import pytest

from tests.screens.conftest import Site, Visitor, changed
from tests.screens.html import Form


@pytest.fixture
def mo(site: Site) -> Visitor:
    return Visitor(site, "mo")


def rows(form: Form) -> list[str]:
    """The page's keys of the rows, from the top."""
    keys = dict.fromkeys(k.split(".")[1] for k in form.values if k.startswith("items.") and "__key__" not in k)
    return list(keys)


def row(form: Form, at: int, field: str) -> str:
    return f"items.{rows(form)[at]}.{field}"


def test_a_document_opens_the_next_one_filled_and_saves_it_linked(site: Site, mo: Visitor) -> None:
    lines = [{"what": "桌", "count": "3"}, {"what": "椅", "count": "1"}]
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "要发货", "lines": lines}).id)
    html = mo.get(f"/records/deal/{deal}").text
    assert f"/records/parcel/new?becomes=deal.{deal}.parcel" in html and "yk-chain" not in html
    form = mo.form(f"/records/parcel/new?becomes=deal.{deal}.parcel")
    assert (
        form.values["subject"] == "要发货"
        and form.values[row(form, 0, "what")] == "桌"
        and form.values[row(form, 0, "count")] == "3"
    )
    answer = mo.post(form.action, changed(form, **{row(form, 0, "count"): "2"}))
    assert answer.status_code == 303, answer.text
    made = site.get("parcel", int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert made.values["deal"].id == deal and [str(r.values["count"]) for r in made.values["items"]] == [
        "2.000000",
        "1.000000",
    ]
    assert all(row.values["of"].id for row in made.values["items"])
    left = mo.form(f"/records/parcel/new?becomes=deal.{deal}.parcel")
    assert left.values[row(left, 0, "count")] == "1" and len(rows(left)) == 1
    assert "yk-chain" in mo.get(f"/records/deal/{deal}").text


def test_nothing_left_is_said_plainly(site: Site, mo: Visitor) -> None:
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "空"}).id)
    answer = mo.get(f"/records/parcel/new?becomes=deal.{deal}.parcel")
    assert answer.status_code == 409 and "没有可以生成包裹的内容" in answer.text


def test_a_form_of_something_else_does_nothing_to_the_document_its_address_names(site: Site, mo: Visitor) -> None:
    lines = [{"what": "桌", "count": "3"}]
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "要发货", "lines": lines}).id)
    form = mo.form("/records/place/new")
    before = site.get("deal", deal).version
    answer = mo.post(f"/records/place/new?becomes=deal.{deal}.parcel", changed(form, name="别处"))
    assert answer.status_code == 404, answer.text
    assert site.get("deal", deal).version == before


def test_rows_that_others_took_meanwhile_keep_their_own_and_those_that_are_gone_are_told(
    site: Site, mo: Visitor
) -> None:
    lines = [{"what": "桌", "count": "3"}, {"what": "椅", "count": "5"}]
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "两人同时", "lines": lines}).id)
    at = f"/records/parcel/new?becomes=deal.{deal}.parcel"
    first, second = mo.form(at), mo.form(at)
    gone = rows(first)[1]
    sent = changed(first, **{k: None for k in first.values if k.startswith(f"items.{gone}.")})
    assert mo.post(first.action, sent).status_code == 303  # all tables are on their way
    typed = {row(second, 1, "count"): "4"}
    answer = mo.post(second.action, changed(second, **typed))
    assert answer.status_code == 422 and "已经被别人转走" in answer.text
    gone = rows(second)[0]
    done = mo.post(
        second.action, changed(second, **typed, **{k: None for k in second.values if k.startswith(f"items.{gone}.")})
    )
    assert done.status_code == 303, done.text
    made = site.get("parcel", int(done.headers["Location"].rsplit("/", 1)[1]))
    taken = site.get("deal", deal).values["lines"]
    assert [r.values["of"].id for r in made.values["items"]] == [taken[1].id]
    assert [str(one.values["left"]) for one in taken] == ["0.000000", "1.000000"]
