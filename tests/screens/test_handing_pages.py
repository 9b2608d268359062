"""Transfer, share, merge, duplicates and the log of what can be undone, as pages without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from tests.records.handed.world import World
from tests.screens.conftest import Site, Visitor, texts
from tests.served import app, database_url, home  # noqa: F401  fixtures of an application for each test


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def world(installation: Any) -> World:
    return World.standing(installation)


@pytest.fixture
def site(app: Any, world: World) -> Site:  # noqa: F811
    return Site(app, world.at, world.ids)


@pytest.fixture
def as_(site: Site) -> Callable[[str], Visitor]:
    return lambda username: Visitor(site, username)


def ids(*wanted: int, **more: Any) -> MultiDict[str, Any]:
    return MultiDict([*(("id", str(one)) for one in wanted), *((k, str(v)) for k, v in more.items())])


def undo_at(html: str) -> str:
    """Where the button of the toast leads."""
    found = re.search(r'class="yk-toast [^>]*>.*?action="(/changes/\d+/undo)"', html, re.S)
    assert found is not None, texts(html)
    return found[1]


# -- transfer -----------------------------------------------------------------------------------------------------


def test_records_go_to_a_new_owner_with_what_follows_and_come_back_from_the_toast(as_: Any, world: World) -> None:
    firm = world.make("ann", "firm", name="蓝天")
    person = world.make("ann", "person", firm=firm, name="张三")
    visit = world.make("ann", "visit", firm=firm, topic="见面")
    chief = as_("chief")
    asked = texts(chief.get(f"/records/firm/transfer?id={firm}", htmx=True).text)
    assert "转移 1 条单位" in asked and "联系人" in asked and "未完成的来访" in asked and "未结的单" in asked
    sent = ids(firm, owner=world.ids["bob"], reason="换区", **{"with:given": 1, "keep": "read"})
    sent.add("with", "people")
    answer = chief.post("/records/firm/transfer", sent, htmx=True, HX_Current_URL="http://localhost/records/firm?q=蓝")
    assert answer.status_code == 200 and answer.headers["HX-Redirect"].startswith("/records/firm?q=")
    page = chief.get("/records/firm").text
    assert "已转移 1 条，随同联系人 1 条" in texts(page)
    owners = [world.values(e, i)["owner"].id for e, i in (("firm", firm), ("person", person), ("visit", visit))]
    assert owners == [world.ids["bob"], world.ids["bob"], world.ids["ann"]]
    assert firm in world.seen("ann", "firm")  # she keeps a share for reading
    assert chief.post(undo_at(page), htmx=False).status_code == 303
    assert world.values("firm", firm)["owner"].id == world.ids["ann"]
    assert "已撤销，恢复了 2 条记录；取消了 3 个共享" in texts(chief.get("/records/firm").text)


def test_a_transfer_that_is_refused_comes_back_in_its_dialog(as_: Any, world: World) -> None:
    firm, sealed = world.make("ann", "firm", name="蓝天"), world.make("ann", "firm", name="封存", sealed=True)
    chief = as_("chief")
    answer = chief.post("/records/firm/transfer", ids(firm, reason="换人"), htmx=True)
    assert answer.status_code == 422 and "请选择新的负责人" in answer.text and "换人" in answer.text
    answer = chief.post("/records/firm/transfer", ids(sealed, owner=world.ids["bob"]), htmx=True)
    assert answer.status_code == 422 and "封存 已封存" in answer.text
    answer = chief.post("/records/firm/transfer", ids(firm, sealed, owner=world.ids["bob"]), htmx=True)
    assert answer.status_code == 200
    said = texts(chief.get("/records/firm").text)
    assert "已转移 1 条；1 条没有转移：封存：封存 已封存" in said
    hidden = world.make("admin", "firm", name="看不到")
    assert chief.post("/records/firm/transfer", ids(firm, hidden, owner=world.ids["ann"])).status_code == 404
    assert world.values("firm", firm)["owner"].id == world.ids["bob"]
    assert as_("ann").get(f"/records/firm/transfer?id={firm}").status_code == 403


def test_where_no_feature_is_declared_the_owner_is_handed_over_as_a_field_and_can_be_taken_back(
    as_: Any, world: World
) -> None:
    firm = world.make("ann", "firm", name="蓝天")
    person = world.make("ann", "person", firm=firm, name="张三")
    chief = as_("chief")
    assert chief.post("/records/person/transfer", ids(person, owner=world.ids["bob"], one=1)).status_code == 303
    page = chief.get(f"/records/person/{person}").text
    assert world.values("person", person)["owner"].id == world.ids["bob"]
    chief.post(undo_at(page))
    assert world.values("person", person)["owner"].id == world.ids["ann"]


# -- share --------------------------------------------------------------------------------------------------------


def test_a_record_is_shared_listed_and_taken_back_one_by_one(as_: Any, world: World) -> None:
    firm = world.make("ann", "firm", name="蓝天")
    ann = as_("ann")
    assert "取消共享" not in ann.get(f"/records/firm/share?id={firm}&one=1", htmx=True).text
    sent = ids(firm, one=1, level="write", users=world.ids["bob"], roles="reader", expires="2099-01-01")
    answer = ann.post("/records/firm/share", sent, htmx=True)
    assert answer.headers["HX-Redirect"] == f"/records/firm/{firm}"
    assert firm in world.seen("bob", "firm")
    dialog = ann.get(f"/records/firm/share?id={firm}&one=1", htmx=True).text
    assert "bob" in dialog and "读写，到 2099-01-01" in texts(dialog) and "旁观" in dialog
    told = texts(ann.get(f"/records/firm/{firm}").text)
    assert "共享了记录" in told and "bob、旁观（读写）" in told
    left = ann.post("/records/firm/share", ids(firm, one=1, end=f"user:{world.ids['bob']}"), htmx=True).text
    assert ">bob<" not in left and "role:reader" in left
    assert firm not in world.seen("bob", "firm")


def test_a_share_that_says_nobody_or_a_day_that_is_gone_comes_back(as_: Any, world: World) -> None:
    firm = world.make("ann", "firm", name="蓝天")
    ann = as_("ann")
    answer = ann.post("/records/firm/share", ids(firm, reason="一起跟"), htmx=True)
    assert answer.status_code == 422 and "请选择共享给谁" in answer.text and "一起跟" in answer.text
    for day in ("2001-01-01", "bald"):
        answer = ann.post("/records/firm/share", ids(firm, users=world.ids["bob"], expires=day), htmx=True)
        assert answer.status_code == 422 and "yk-wrong" in answer.text
    assert as_("eve").get(f"/records/firm/share?id={firm}").status_code == 403
    assert as_("bob").get(f"/records/firm/share?id={firm}").status_code == 404


# -- merge --------------------------------------------------------------------------------------------------------


def test_two_records_are_compared_field_by_field_and_become_the_one_that_was_chosen(as_: Any, world: World) -> None:
    a = world.make("ann", "firm", name="蓝天科技", remark="老客户", tags=["华东"])
    b = world.make("bob", "firm", name="蓝天科技有限公司", tel="021 6888 0000", tags=["重点"])
    for one, name in ((a, "张三"), (b, "张三"), (b, "李四")):
        world.make("chief", "person", firm=one, name=name, mobile="13900001111" if name == "张三" else None)
    chief = as_("chief")
    answer = chief.get(f"/records/firm/merge?id={a}&id={b}", htmx=True)
    assert answer.headers["HX-Redirect"] == f"/records/firm/merge?id={a}&id={b}"
    page = chief.get(f"/records/firm/merge?id={a}&id={b}&keep={b}").text
    said = texts(page)
    assert "合并 2 条单位" in said and "保留这一条" in said and "联系人 1 2" in said and "相同的下级记录也合并" in said
    assert re.search(rf'name="choice.remark" value="{a}" checked', page)  # what is empty in the kept one is taken
    assert re.search(r'name="choice.tags" value="both" checked', page)
    assert "30 天内可以撤销" in page
    sent = ids(a, b, keep=b, reason="重复录入", **{"choice.name": a, "choice.remark": a, "choice.tags": "both"})
    answer = chief.post("/records/firm/merge", sent)
    assert answer.status_code == 303 and answer.headers["Location"] == f"/records/firm/{b}"
    values = world.values("firm", b)
    assert (values["name"], values["remark"], sorted(values["tags"])) == ("蓝天科技", "老客户", ["华东", "重点"])
    page = chief.get(f"/records/firm/{b}").text
    assert "已把 2 条合并为一条" in texts(page) and "并入了别的记录" in texts(page)
    old = chief.get(f"/records/firm/{a}")
    assert old.status_code == 301 and old.headers["Location"].startswith(f"/records/firm/{b}")
    assert old.headers["Cache-Control"] == "no-store"
    assert "你打开的那条已合并到这里" in texts(chief.get(old.headers["Location"]).text)
    assert as_("ann").get(f"/records/firm/{a}").status_code == 404  # what it leads to is not hers
    chief.post(undo_at(page))
    assert chief.get(f"/records/firm/{a}").status_code == 200 and world.values("firm", b)["name"] == "蓝天科技有限公司"


def test_a_merge_that_is_refused_says_why_and_keeps_what_was_chosen(as_: Any, world: World) -> None:
    a, sealed = world.make("ann", "firm", name="蓝天"), world.make("ann", "firm", name="晴空", sealed=True)
    chief = as_("chief")
    page = chief.get(f"/records/firm/merge?id={a}&id={sealed}").text
    assert "“晴空”不能合并" in texts(page) and "disabled" in page
    answer = chief.post("/records/firm/merge", ids(a, sealed, keep=a, **{"choice.name": sealed}))
    assert answer.status_code == 422 and "晴空 已封存" in answer.text
    assert re.search(rf'name="choice.name" value="{sealed}" checked', answer.text)
    hidden = world.make("admin", "firm", name="看不到")
    for path in (f"/records/firm/merge?id={a}&id={hidden}", f"/records/firm/{hidden}"):
        assert chief.get(path).status_code == 404
    assert chief.post("/records/firm/merge", ids(a, hidden, keep=a)).status_code == 404
    assert as_("ann").get(f"/records/firm/merge?id={a}&id={sealed}").status_code == 403
    assert chief.get(f"/records/person/merge?id={a}&id={sealed}").status_code == 404  # it has no such feature


def test_from_one_record_the_likely_other_is_proposed(as_: Any, world: World) -> None:
    a, b = world.make("ann", "firm", name="蓝天（上海）有限公司"), world.make("bob", "firm", name="蓝天上海")
    chief = as_("chief")
    dialog = chief.get(f"/records/firm/merge?id={a}", htmx=True).text
    assert f'<option value="{b}" selected>' in dialog and "查重找到的已经填好" in dialog
    answer = chief.post("/records/firm/merge/choose", ids(a, others=b), htmx=True)
    assert answer.headers["HX-Redirect"] == f"/records/firm/merge?id={a}&id={b}"
    answer = chief.post("/records/firm/merge/choose", ids(a), htmx=True)
    assert answer.status_code == 422


# -- duplicates ---------------------------------------------------------------------------------------------------


def test_the_page_of_duplicates_groups_what_is_the_same_and_forgets_what_is_not(
    as_: Any, world: World, site: Site
) -> None:
    a, b = world.make("ann", "firm", name="蓝天（上海）有限公司"), world.make("bob", "firm", name="蓝天上海")
    world.make("ann", "firm", name="上海兰天科技发展"), world.make("ann", "firm", name="上海蓝天科技发展")
    chief = as_("chief")
    said = texts(chief.get("/records/firm/duplicates").text)
    assert "名称相同" in said and "蓝天（上海）有限公司" in said and "上海兰天科技发展" not in said
    started = chief.post("/records/firm/duplicates/search")
    at = started.headers["Location"]
    assert started.status_code == 303 and 'id="yk-run"' in chief.get(at).text
    site.run_jobs()
    assert chief.get(at, htmx=True).headers["HX-Redirect"] == "/records/firm/duplicates"
    said = texts(chief.get("/records/firm/duplicates").text)
    assert "名称相似 88%" in said and "名称相近的上次查找于" in said
    chief.post("/records/firm/duplicates/apart", ids(a, b))
    said = texts(chief.get("/records/firm/duplicates").text)
    assert "已记下，不再提示这 2 条重复" in said and "名称相同" not in said
    ann = texts(as_("ann").get("/records/firm/duplicates").text)  # she sees hers, and merges nothing
    assert "上海兰天科技发展" in ann and "合并选中的" not in ann
    assert as_("ann").post("/records/firm/duplicates/apart", ids(a, b)).status_code in (403, 404)
    assert as_("eve").get("/records/firm/duplicates").status_code == 404
    assert chief.get("/records/person/duplicates").status_code == 404


def test_a_form_is_told_of_what_is_there_and_nothing_of_what_is_hidden(as_: Any, world: World) -> None:
    mine = world.make("ann", "firm", name="蓝天（上海）有限公司")
    world.make("admin", "firm", name="绝密单位有限公司", tel="13800138000")
    ann = as_("ann")
    page = ann.get("/records/firm/new").text
    assert 'data-alike="/records/firm/alike" data-alike-of="name,tel,code"' in page
    shown = ann.post("/records/firm/alike", {"name": "蓝天上海", "tel": "", "code": ""}, htmx=True).text
    assert "已有单位" in shown and "蓝天（上海）有限公司" in shown and f'href="/records/firm/{mine}"' in shown
    hidden = ann.post("/records/firm/alike", {"name": "绝密单位", "tel": "+86 138-0013-8000"}, htmx=True).text
    assert "已有一条单位，你无权查看" in hidden and "绝密" not in hidden and "<a " not in hidden
    assert "yk-alike" not in ann.post(f"/records/firm/alike?id={mine}", {"name": "蓝天上海"}, htmx=True).text
    assert as_("eve").post("/records/firm/alike", {"name": "绝密单位"}).status_code == 403
    assert ann.post("/records/label/alike", {"name": "x"}).status_code == 404


# -- the log ------------------------------------------------------------------------------------------------------


def test_a_bulk_edit_stands_in_the_log_and_is_taken_back_there(as_: Any, world: World) -> None:
    firms = [world.make("ann", "firm", name=f"单位{n}", remark=f"旧{n}") for n in range(3)]
    chief = as_("chief")
    sent = ids(*firms, field="remark", change=1, remark="统一")
    assert chief.post("/records/firm/bulk", sent, htmx=True).status_code == 200
    page = chief.get("/records/firm").text
    set_at = undo_at(page).removesuffix("/undo")
    with world.as_("ann") as door:
        door.update("firm", firms[0], {"remark": "后来改的"})
    assert set_at in chief.get("/changes").text and "批量修改" in texts(chief.get("/changes?kind=bulk").text)
    assert "没有操作记录" in texts(chief.get("/changes?kind=merge").text)
    one = texts(chief.get(set_at).text)
    assert "单位0" in one and "单位2" in one and "撤销这次操作" in one
    answer = chief.post(f"{set_at}/undo")
    assert answer.headers["Location"] == set_at  # something was left
    assert [world.values("firm", f)["remark"] for f in firms] == ["后来改的", "旧1", "旧2"]
    after = texts(chief.get(set_at).text)
    assert "撤销 恢复了 2 条记录" in after and "1 处保持现状" in after and "单位0：备注" in after
    assert "撤销这次操作" not in after
    again = chief.post(f"{set_at}/undo")
    assert again.status_code == 303 and "这次操作已经撤销过了" in texts(chief.get(set_at).text)
    assert as_("ann").get(set_at).status_code == 404 and as_("ann").post(f"{set_at}/undo").status_code == 404
    assert set_at not in as_("ann").get("/changes").text


def test_what_a_reader_may_not_see_is_counted_and_not_named(as_: Any, world: World) -> None:
    firms = [world.make("ann", "firm", name=f"单位{n}") for n in range(2)]
    as_("chief").post("/records/firm/transfer", ids(*firms, owner=world.ids["bob"]))
    at = re.search(r"/changes/\d+", as_("chief").get("/changes").text)
    assert at is not None
    with world.as_("admin") as door:
        door.update("firm", firms[0], {"owner": world.ids["admin"]})
    said = texts(as_("chief").get(at[0]).text)
    assert "单位1" in said and "单位0" not in said and "另有 1 条不在这里列出" in said


def test_an_import_is_found_by_the_rules_and_taken_back_from_its_page(as_: Any, world: World, site: Site) -> None:
    import io

    kept = world.make("chief", "firm", name="蓝天（上海）有限公司")
    with world.as_("admin") as door:
        door.update("user", world.ids["chief"], {"roles": ["chief", "admin"]})
    chief = as_("chief")
    file = "名称,备注\n蓝天上海,导入的\n晴空贸易,新的\n".encode("utf-8-sig")
    first = chief.post("/records/firm/import", {"file": (io.BytesIO(file), "a.csv")})
    page = chief.get(first.headers["Location"]).text
    assert '<option value="@duplicates"' in page
    token = re.search(r'name="import" value="([^"]+)"', page)
    assert token is not None
    sent = {"import": token[1], "key": "@duplicates", "mode": "update", "column.0": "name", "head.0": "名称",
            "column.1": "remark", "head.1": "备注"}  # fmt: skip
    checked = chief.post("/records/firm/import/check", sent).headers["Location"]
    site.run_jobs()
    run = chief.post(f"{checked}/run").headers["Location"]
    site.run_jobs()
    done = chief.get(run).text
    assert world.values("firm", kept)["remark"] == "导入的" and "撤销这次导入" in done
    assert len(world.seen("chief", "firm")) == 2
    undo = re.search(r'action="(/changes/\d+/undo)"', done)
    assert undo is not None
    chief.post(undo[1])
    assert world.values("firm", kept)["remark"] is None and world.seen("chief", "firm") == {kept}
    assert "撤销这次导入" not in chief.get(run).text


# -- leaving ------------------------------------------------------------------------------------------------------


def test_whoever_leaves_hands_over_what_runs_under_his_name(as_: Any, world: World) -> None:
    firm = world.make("ann", "firm", name="蓝天")
    won = world.make("ann", "deal", firm=firm, state="won")
    root, ann = as_("admin"), world.ids["ann"]
    dialog = texts(root.get(f"/records/user/{ann}/hand_over", htmx=True).text)
    assert "离职交接：ann" in dialog and "单位 1 条" in dialog and "单 1 条" not in dialog
    assert root.post(f"/records/user/{ann}/hand_over", {"reason": "走"}, htmx=True).status_code == 422
    sent = MultiDict([("to", str(world.ids["bob"])), ("entities:given", "1"), ("entities", "firm"), ("after", "left")])
    answer = root.post(f"/records/user/{ann}/hand_over", sent, htmx=True)
    assert answer.headers["HX-Redirect"] == f"/records/user/{ann}"
    assert "已交接：单位 1 条" in texts(root.get(f"/records/user/{ann}").text)
    assert world.values("firm", firm)["owner"].id == world.ids["bob"] and world.values("deal", won)["owner"].id == ann
    assert world.values("user", ann)["status"] == "left"
    assert as_("chief").get(f"/records/user/{ann}/hand_over").status_code == 403


# -- where it is offered ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "there"),
    [
        ("chief", {"转移负责人", "共享", "合并", "查重"}),
        ("ann", {"共享", "查重"}),
        ("eve", set()),
    ],
)
def test_only_what_one_may_do_is_offered(as_: Any, world: World, who: str, there: set[str]) -> None:
    firm = world.make("ann", "firm", name="蓝天")
    page = as_(who).get("/records/firm").text
    labels = {"转移负责人": "/records/firm/transfer", "共享": "/records/firm/share", "合并": "/records/firm/merge",
              "查重": "/records/firm/duplicates"}  # fmt: skip
    assert {label for label, url in labels.items() if f'"{url}"' in page} == there
    menu = as_(who).get(f"/records/firm/{firm}").text
    assert (f"/records/firm/merge?id={firm}" in menu) == ("合并" in there)
    assert (f"/records/firm/share?id={firm}" in menu) == ("共享" in there)
    assert (f"/records/firm/transfer?id={firm}" in menu) == ("转移负责人" in there)
