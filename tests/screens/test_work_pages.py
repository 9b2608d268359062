"""Importing and customizing through pages: what is shown before is what happens after."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable

import pytest

from tests.screens.conftest import Site, Visitor, changed, texts
from tests.screens.html import form_of

TABLE = "主题,阶段,到期,优惠,地点\n导入一,进行中,2026-03-05,5,BJ\n导入二,谈着呢,2026-03-06,,BJ\n,进行中,2026-03-07,,\n导入四,成交,昨天,,没有的地方\n"


@pytest.fixture(scope="module")
def mo(site: Site) -> Visitor:
    return Visitor(site, "mo")


def begin(visitor: Visitor, table: str = TABLE, name: str = "交易.csv") -> str:
    answer = visitor.post("/records/deal/import", {"file": (io.BytesIO(table.encode()), name)})
    assert answer.status_code == 303, texts(answer.text)
    return answer.location


def test_the_wizard_from_the_file_to_the_rows_that_were_left_out(site: Site, mo: Visitor) -> None:
    before = site.door("mo", lambda r: r.list("deal").count)
    page = mo.get(begin(mo))
    form = form_of(page.text, "yk-step")
    assert [form.values[f"column.{n}"] for n in range(5)] == ["subject", "stage", "due", "discount", "place"]
    assert "谈着呢" in page.text and form.values["head.0"] == "主题"
    checked = mo.post(form.action, form.values)
    assert checked.status_code == 303, texts(checked.text)
    assert "正在预检" in mo.get(checked.location).text
    site.run_jobs()
    assert mo.get(checked.location, htmx=True).headers["HX-Redirect"] == checked.location
    told = mo.get(checked.location).text
    said = texts(told)
    assert "导入 1 行，跳过 3 行" in said and "3 行有错误" in said
    assert told.count('class="is-bad is-marked') == 4, "a word, an empty name, a date and a place"
    assert site.door("mo", lambda r: r.list("deal").count) == before, "nothing is written before the fourth step"
    mend = re.search(r'action="(/records/deal/import/\d+/mend)"', told).group(1)  # type: ignore[union-attr]
    again = mo.post(mend, {"field": "stage", "text": "谈着呢", "option": "open"})
    site.run_jobs()
    told = mo.get(again.location).text
    assert "导入 2 行，跳过 2 行" in texts(told)
    back = re.search(r'href="(/records/deal/import\?file=[^"]+)"', told).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    assert form_of(mo.get(back).text, "yk-step").values["value.1.0"] == "open"
    done = mo.post(f"{again.location}/run", {})
    site.run_jobs()
    result = mo.get(done.location).text
    assert "导入完成，2 行" in texts(result)
    assert site.door("mo", lambda r: r.list("deal").count) == before + 2
    errors = re.search(r'href="(/files/\d+)"', result).group(1)  # type: ignore[union-attr]
    lines = mo.get(errors).data.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("主题,阶段,到期,优惠,地点,") and len(lines) == 3


def test_the_wizard_refuses_what_cannot_be_with_a_sentence(site: Site, as_: Callable[[str], Visitor]) -> None:
    mo, lin, gao = as_("mo"), as_("lin"), as_("gao")
    assert mo.post("/records/deal/import", {}).status_code == 422
    pdf = mo.post("/records/deal/import", {"file": (io.BytesIO(b"%PDF-1.4 x"), "a.csv")}).location
    refused = mo.get(pdf)
    assert refused.status_code == 422 and "这是 PDF 文件" in texts(refused.text)
    step = begin(mo)
    form = form_of(mo.get(step).text, "yk-step")
    twice = mo.post(form.action, changed(form, **{"column.4": "subject"}))
    assert twice.status_code == 422 and "有两列都对应到" in texts(twice.text)
    assert form_of(twice.text, "yk-step").values["column.4"] == "subject"
    assert lin.get(step).status_code == 404, "somebody else's file"
    assert lin.post(form.action, form.values).status_code == 404
    assert mo.get("/records/deal/import?file=forged").status_code == 404
    assert gao.post("/records/deal/import", {"file": (io.BytesIO(b"a\n1"), "a.csv")}).status_code == 403
    job = mo.post(form.action, form.values).location
    assert lin.get(job).status_code == 404 and lin.post(f"{job}/run", {}).status_code == 404


def test_the_template_has_the_fields_one_may_fill_and_is_understood(site: Site, as_: Callable[[str], Visitor]) -> None:
    import openpyxl

    answer = as_("lin").get("/records/deal/import/template")
    heads = [cell.value for cell in openpyxl.load_workbook(io.BytesIO(answer.data)).active[1]]
    assert "主题" in heads and "毛利密" not in heads
    assert "%E5%AF%BC%E5%85%A5%E6%A8%A1%E6%9D%BF.xlsx" in answer.headers["Content-Disposition"]


# -- the designer -------------------------------------------------------------------------------------------------


def overlay(**fields: object) -> str:
    return json.dumps({"entities": {"deal": {"fields": fields}}}, ensure_ascii=False)


def planned(visitor: Visitor, sent: str) -> dict[str, str]:
    answer = visitor.post("/settings/customize/deal/plan", {"overlay": sent}, htmx=True)
    assert answer.status_code == 200, answer.text
    found = re.findall(r'name="(overlay|digest)" value="([^"]*)"', answer.text)
    return {
        "text": texts(answer.text),
        **{name: value.replace("&#34;", '"').replace("&amp;", "&") for name, value in found},
    }


def test_a_new_field_is_planned_applied_and_there_at_once(site: Site, as_: Callable[[str], Visitor]) -> None:
    root, lin = as_("root"), as_("lin")
    sent = overlay(grade={"label": "评级", "options": {"a": {"label": "优", "color": "green"}, "b": {"label": "良"}}})
    plan = planned(root, sent)
    assert "增加字段" in plan["text"] and "评级" in plan["text"]
    assert "评级" not in lin.get("/records/deal/new").text, "a plan changes nothing"
    done = root.post(
        "/settings/customize/deal/apply", {"overlay": plan["overlay"], "digest": plan["digest"]}, htmx=True
    )
    assert done.headers["HX-Redirect"] == "/settings/customize/deal"
    form = lin.form("/records/deal/new")
    assert "grade" in form.values
    made = lin.post(form.action, changed(form, subject="有评级", grade="a"))
    assert "优" in lin.get(made.location).text
    assert "评级" in lin.get("/records/deal").text, "among the columns one may choose"
    assert "f.grade" in lin.get("/records/deal").text
    assert lin.get("/records/deal?f.grade=a&q=有评级").text.count("<tr data-id") == 1


def test_what_is_wrong_with_a_change_is_told_in_the_language_of_the_page(as_: Callable[[str], Visitor]) -> None:
    root = as_("root")
    for sent, chinese, english in (
        (
            overlay(grade={"type": "text", "pattern": "[a"}),
            "E220：正则、编号格式、计划或时长读不懂",
            "The pattern cannot be read",
        ),
        (overlay(grade={"type": "integer", "min": 5, "max": 1}), "E221：字段自己会拒绝的值", "cannot be like this"),
        (overlay(grade={"type": "money", "formula": "amountt * 2"}), "E401：这里没有“amountt”", ""),
    ):
        told = planned(root, sent)["text"]
        assert chinese in told and english in told, told
    root.post("/lang", {"locale": "en"})
    told = planned(root, overlay(grade={"type": "text", "pattern": "[a"}))["text"]
    assert "E220: The pattern cannot be read" in told and "读不懂" not in told, told


def test_an_option_is_renamed_and_retired_but_kept_where_it_is_held(site: Site, as_: Callable[[str], Visitor]) -> None:
    root, mo = as_("root"), as_("mo")
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "旧选项", "stage": "won"}).id)
    sent = overlay(stage={"options": {"won": {"label": "拿下", "retired": True}}})
    plan = planned(root, sent)
    assert "改名" in plan["text"] and "停用" in plan["text"]
    assert (
        root.post("/settings/customize/deal/apply", {"overlay": sent, "digest": plan["digest"]}, htmx=True).status_code
        == 200
    )
    assert "拿下" in mo.get(f"/records/deal/{deal}").text
    assert 'value="won"' not in mo.get("/records/deal/new").text.split('name="stage"')[1].split("</select>")[0]
    form = mo.form(f"/records/deal/{deal}/edit")
    assert form.values["stage"] == "won" and mo.post(form.action, form.values).status_code == 303
    again = overlay(stage={"options": {"won": {"label": "成交", "retired": False}}})
    root.post("/settings/customize/deal/apply", {"overlay": again, "digest": planned(root, again)["digest"]}, htmx=True)


def test_two_administrators_at_once_get_a_fresh_plan(site: Site, as_: Callable[[str], Visitor]) -> None:
    root = as_("root")
    first, second = overlay(one={"label": "一号", "type": "text"}), overlay(two={"label": "二号", "type": "text"})
    plans = [planned(root, sent) for sent in (first, second)]
    assert root.post(
        "/settings/customize/deal/apply", {"overlay": first, "digest": plans[0]["digest"]}, htmx=True
    ).headers["HX-Redirect"]
    late = root.post("/settings/customize/deal/apply", {"overlay": second, "digest": plans[1]["digest"]}, htmx=True)
    assert "HX-Redirect" not in late.headers and late.headers["HX-Retarget"] == "#yk-dialogs"
    assert "这是重新算出的计划" in texts(late.text) and "二号" in late.text
    digest = re.search(r'name="digest" value="([^"]*)"', late.text).group(1)  # type: ignore[union-attr]
    assert root.post("/settings/customize/deal/apply", {"overlay": second, "digest": digest}, htmx=True).headers[
        "HX-Redirect"
    ]
    assert {"one", "two"} <= set(root.form("/records/deal/new").values)


def test_a_wrong_change_is_told_with_its_place_and_changes_nothing(site: Site, as_: Callable[[str], Visitor]) -> None:
    root, mo = as_("root"), as_("mo")
    version = root.watch.version()
    plan = planned(root, overlay(bad={"label": "坏", "type": "money", "formula": "nix * 2"}))
    assert "nix" in plan["text"]
    for sent in ("", "[]", "{", '{"nix": 1}', "null"):
        answer = root.post("/settings/customize/deal/plan", {"overlay": sent}, htmx=True)
        assert answer.status_code in (200, 422), sent
    assert mo.post("/settings/customize/deal/apply", {"overlay": "{}"}, htmx=True).status_code == 403
    assert root.watch.version() == version


def test_a_formula_is_checked_while_it_is_typed(site: Site, as_: Callable[[str], Visitor]) -> None:
    root = as_("root")
    right = root.get("/settings/customize/check?entity=deal&expect=bool&expression=total+>+0").json
    assert right["ok"] and right["used"] == ["应付"] and "符合的有" in right["count"]
    assert not root.get("/settings/customize/check?entity=deal&expect=bool&expression=totall+>+0").json["ok"]
    new = overlay(
        fresh={"label": "新", "type": "integer"}, seen={"label": "看", "type": "text", "visible_when": "fresh > 1"}
    )
    assert root.get("/settings/customize/check", HX_Request="true").status_code == 404
    answer = root.client.get(
        "/settings/customize/check",
        query_string={"entity": "deal", "expect": "bool", "expression": "fresh > 1", "overlay": new},
    )
    assert answer.json["ok"], "names of changes that are not applied yet"
    assert root.get("/settings/customize/key?label=信用评级").json == {"key": "xypj"}


def test_the_designer_shows_the_picture_of_the_workflow_where_there_is_one(site: Site) -> None:
    root = Visitor(site, "root")
    assert 'hx-get="/records/case/flow"' in root.get("/settings/customize/case").text
    assert "/flow" not in root.get("/settings/customize/place").text
    drawn = root.get("/records/case/flow")
    assert drawn.status_code == 200 and "<svg" in drawn.text and "处理中" in drawn.text
