"""The matrix of roles and rights, and changing it."""

from __future__ import annotations

from collections.abc import Callable

from tests.screens.conftest import Site, Visitor, form_of, texts


def test_the_matrix_shows_what_the_door_answers_by(as_: Callable[[str], Visitor]) -> None:
    root = as_("root")
    html = root.get("/settings/roles?role=sales").text
    assert "角色和权限" in html and "交易" in html
    row = texts(html.split("交易")[1].split("</tr>")[0])
    assert "本人" in row or "全部" in row
    assert as_("mo").get("/settings/roles").status_code == 403


def test_a_right_is_given_after_its_plan_was_seen_and_taken_back(site: Site, as_: Callable[[str], Visitor]) -> None:
    root, lin = as_("root"), as_("lin")
    his = site.ids["his"]
    assert lin.get(f"/records/deal/{his}").status_code == 404
    for wanted, status in (("all", 200), ("own", 404)):
        asked = root.get("/settings/roles/sales/deal", htmx=True)
        form = form_of(asked.text, None)
        plan = root.post("/settings/roles/sales/deal", {**form.values, "read": wanted}, htmx=True)
        assert plan.status_code == 200 and "yk-plan" in plan.text, plan.text
        sent = form_of(plan.text, None).values
        done = root.post(
            "/settings/roles/sales/deal/apply", {"overlay": sent["overlay"], "digest": sent["digest"]}, htmx=True
        )
        assert done.headers["HX-Redirect"] == "/settings/roles?role=sales", done.text
        assert lin.get(f"/records/deal/{his}").status_code == status


def test_no_change_is_no_plan(as_: Callable[[str], Visitor]) -> None:
    root = as_("root")
    form = form_of(root.get("/settings/roles/sales/deal", htmx=True).text, None)
    assert "没有改动" in root.post("/settings/roles/sales/deal", form.values, htmx=True).text
