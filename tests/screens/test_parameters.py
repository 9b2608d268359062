"""The page of system parameters."""

from __future__ import annotations

from collections.abc import Callable

from tests.screens.conftest import Visitor, changed


def test_an_administrator_changes_parameters_and_sees_what_was_done(as_: Callable[[str], Visitor]) -> None:
    root = as_("root")
    assert "/settings/parameters" in root.get("/settings").text
    form = root.form("/settings/parameters")
    assert form.values["timezone"] == "Asia/Shanghai" and form.values["fiscal_month"] == "1"
    assert root.post(form.action, changed(form, fiscal_month="4")).status_code == 303
    html = root.get("/settings/parameters").text
    assert (
        root.form("/settings/parameters").values["fiscal_month"] == "4"
        and "财年起始月" in html.split("最近的设置改动")[-1]
    )


def test_a_wrong_value_comes_back_as_it_was_typed(as_: Callable[[str], Visitor]) -> None:
    root = as_("root")
    form = root.form("/settings/parameters")
    answer = root.post(form.action, changed(form, fiscal_month="40", week_start="sunday"))
    assert answer.status_code == 422 and 'value="40"' in answer.text
    assert root.form("/settings/parameters").values["week_start"] == "monday"


def test_nobody_else_opens_it(as_: Callable[[str], Visitor]) -> None:
    assert as_("lin").get("/settings/parameters").status_code == 403
