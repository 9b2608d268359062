"""One document made of another on its filled form: nothing is saved before, the link back is set, what is left shrinks."""

from __future__ import annotations

import pytest

from tests.screens.conftest import Site, Visitor, changed


@pytest.fixture
def mo(site: Site) -> Visitor:
    return Visitor(site, "mo")


def test_a_document_opens_the_next_one_filled_and_saves_it_linked(site: Site, mo: Visitor) -> None:
    lines = [{"what": "桌", "count": "3"}, {"what": "椅", "count": "1"}]
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "要发货", "lines": lines}).id)
    html = mo.get(f"/records/deal/{deal}").text
    assert f"/records/parcel/new?becomes=deal.{deal}.parcel" in html and "yk-chain" not in html
    form = mo.form(f"/records/parcel/new?becomes=deal.{deal}.parcel")
    assert (
        form.values["subject"] == "要发货"
        and form.values["items.0.what"] == "桌"
        and form.values["items.0.count"] == "3"
    )
    answer = mo.post(form.action, changed(form, **{"items.0.count": "2"}))
    assert answer.status_code == 303, answer.text
    made = site.get("parcel", int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert made.values["deal"].id == deal and [str(r.values["count"]) for r in made.values["items"]] == [
        "2.000000",
        "1.000000",
    ]
    assert all(row.values["of"].id for row in made.values["items"])
    left = mo.form(f"/records/parcel/new?becomes=deal.{deal}.parcel")
    assert left.values["items.0.count"] == "1" and "items.1.what" not in {k for k, v in left.values.items() if v}
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
