"""Followers and comments: told of what they may see, by others, and of nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.kernel.errors import ValidationFailed
from yuanke.messages.comments import mentioned

from tests.messages.conftest import Firm


def change(firm: Firm, who: str, deal: int, door: str = "api", **values: Any) -> None:
    firm.door(who, lambda r: r.update("deal", deal, values), door)
    firm.run()


def follow(firm: Firm, who: str, deal: int) -> None:
    firm.door(who, lambda r: r.create("favourite", {"entity": "deal", "record": deal, "label": "x"}))


def say(firm: Firm, who: str, deal: int, body: str, **values: Any) -> int:
    made = firm.door(who, lambda r: r.create("comment", {"entity": "deal", "record": deal, "body": body, **values}).id)
    firm.run()
    return int(made)


# -- changes ------------------------------------------------------------------------------------------------------


def test_the_owner_is_told_of_changes_by_others_and_not_of_his_own(firm: Firm) -> None:
    deal = firm.deal("lin")
    change(firm, "lin", deal, subject="之江扩容二期")
    assert firm.texts("lin") == []
    change(firm, "mo", deal, stage="won", amount="12")
    told = firm.inbox("lin")[0]
    assert told.text == "Mo 修改了交易“之江扩容二期”：阶段、金额"
    assert (told.kind, told.entity, told.record, told.by) == ("change", "deal", deal, firm.ids["mo"])


def test_who_keeps_a_record_at_hand_follows_it(firm: Firm) -> None:
    deal = firm.deal("lin")
    follow(firm, "mo", deal)
    change(firm, "lin", deal, amount="3")
    assert firm.texts("mo") == ["Lin 修改了交易“之江扩容”：金额"] and firm.texts("lin") == []
    firm.door("mo", lambda r: [r.delete("favourite", one.id) for one in r.list("favourite").records])
    change(firm, "lin", deal, amount="4")
    assert len(firm.texts("mo")) == 1


def test_an_owner_who_does_not_want_it_is_told_nothing(firm: Firm) -> None:
    firm.prefer("lin", auto_follow=False)
    deal = firm.deal("lin")
    change(firm, "mo", deal, amount="3")
    assert firm.texts("lin") == []


def test_a_change_of_a_hidden_field_is_no_change_to_whom_it_is_hidden_from(firm: Firm) -> None:
    deal = firm.deal("lin")
    change(firm, "mo", deal, margin="777.25")
    assert firm.texts("lin") == []
    change(firm, "mo", deal, margin="778.5", amount="5")
    assert firm.texts("lin") == ["Mo 修改了交易“之江扩容”：金额"]


def test_a_follower_who_may_not_read_the_record_any_more_is_told_nothing(firm: Firm) -> None:
    deal = firm.deal("yu")
    firm.door(
        "root",
        lambda r: r.create("favourite", {"entity": "deal", "record": deal, "label": "x", "owner": firm.ids["lin"]}),
    )
    change(firm, "mo", deal, amount="5")
    assert firm.texts("lin") == [] and len(firm.texts("yu")) == 1


def test_who_is_handed_a_record_is_told_so(firm: Firm) -> None:
    deal = firm.deal("lin")
    change(firm, "mo", deal, owner=firm.ids["yu"])
    assert firm.texts("yu") == ["Mo 把交易“之江扩容”交给你负责"]
    assert firm.texts("lin") == []


def test_changes_made_before_the_job_runs_are_one_message(firm: Firm) -> None:
    deal = firm.deal("lin")
    for number in range(4):
        firm.door("mo", lambda r, n=number: r.update("deal", deal, {"amount": str(n + 1), "stage": "won"}))
    firm.run()
    assert firm.texts("lin") == ["Mo 修改了交易“之江扩容”：金额、阶段"]
    assert len(firm.jobs("tell_followers")) == 1


def test_a_newer_message_about_a_record_takes_the_place_of_one_not_yet_read(firm: Firm) -> None:
    deal = firm.deal("lin")
    change(firm, "mo", deal, amount="1")
    change(firm, "mo", deal, stage="won")
    assert [told.text for told in firm.inbox("lin", only_unread=True)] == ["Mo 修改了交易“之江扩容”：阶段"]


def test_many_records_changed_at_once_are_told_in_one_sentence(firm: Firm) -> None:
    deals = [firm.deal("lin") for _ in range(7)]
    firm.door("mo", lambda r: r.batch("deal", update=[{"id": one, "amount": "9"} for one in deals]))
    firm.run()
    assert firm.texts("lin") == ["Mo 修改了你关注的 7 条交易"]


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("door", ["import", "command"])
def test_files_and_commands_tell_nobody(firm: Firm, door: str) -> None:
    deal = firm.deal("lin")
    change(firm, "mo", deal, door, amount="3")
    assert firm.texts("lin") == [] and firm.jobs("tell_followers") == []


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_job_that_died_before_its_end_tells_once(firm: Firm) -> None:
    deal = firm.deal("lin")
    change(firm, "mo", deal, amount="3")
    with firm.unit() as unit:
        unit.execute(
            JOB.update().where(JOB.c.kind == "tell_followers").values(state="queued", run_at=clock.now(), attempts=1)
        )
    firm.run()
    assert len(firm.texts("lin")) == 1


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_it_is_said_in_the_language_of_whom_it_is_for(firm: Firm) -> None:
    with firm.unit() as unit:
        unit.execute(unit.tables["user"].update().where(unit.tables["user"].c.username == "lin").values(locale="en"))
    deal = firm.deal("lin")
    change(firm, "mo", deal, amount="3", stage="won")
    assert firm.texts("lin") == ["Mo changed Deal “之江扩容”: Amount, Stage"]


# -- comments -----------------------------------------------------------------------------------------------------


def test_mentioned_people_are_told_with_what_was_said(firm: Firm) -> None:
    deal = firm.deal("lin")
    comment = say(firm, "lin", deal, "@Mo 请看一下报价")
    told = firm.inbox("mo")[0]
    assert told.text == "Lin 在交易“之江扩容”的评论里提到你：@Mo 请看一下报价"
    assert (told.kind, told.entity, told.record, told.by) == ("mention", "deal", deal, firm.ids["lin"])
    mentions = firm.door("lin", lambda r: r.get("comment", comment, ["mentions"])).values["mentions"]
    assert [one.id for one in mentions] == [firm.ids["mo"]]


def test_nobody_is_told_of_a_record_that_he_may_not_read(firm: Firm) -> None:
    deal = firm.deal("lin")
    comment = say(firm, "lin", deal, "@Yu @Gao @Mo 机密")
    assert firm.texts("yu") == firm.texts("gao") == [] and len(firm.texts("mo")) == 1
    mentions = firm.door("root", lambda r: r.get("comment", comment, ["mentions"])).values["mentions"]
    assert [one.id for one in mentions] == [firm.ids["mo"]]
    with pytest.raises(ValidationFailed) as fault:
        say(firm, "lin", deal, "x", mentions=[firm.ids["yu"]])
    assert "mentions" in fault.value.errors


def test_the_right_is_asked_again_when_it_is_told(firm: Firm) -> None:
    deal = firm.deal("yu")
    firm.door("yu", lambda r: r.create("comment", {"entity": "deal", "record": deal, "body": "@Mo"}))
    with firm.unit() as unit:
        from yuanke.access import people

        people.set_roles(unit, firm.ids["mo"], ["sales"])
    firm.run()
    assert firm.texts("mo") == []
    with firm.unit() as unit:
        people.set_roles(unit, firm.ids["mo"], ["boss"])


def test_followers_and_the_owner_are_told_of_comments_once_each(firm: Firm) -> None:
    deal = firm.deal("lin")
    follow(firm, "root", deal)
    say(firm, "mo", deal, "@Lin 已报价")
    assert firm.texts("lin") == ["Mo 在交易“之江扩容”的评论里提到你：@Lin 已报价"]
    assert firm.texts("root") == ["Mo 评论了交易“之江扩容”：@Lin 已报价"]
    assert firm.texts("mo") == []


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_who_is_answered_is_told(firm: Firm) -> None:
    deal = firm.deal("lin")
    firm.prefer("lin", auto_follow=False)
    first = say(firm, "mo", deal, "报价了吗")
    firm.door(
        "root", lambda r: r.create("comment", {"entity": "deal", "record": deal, "body": "报了", "answers": first})
    )
    firm.run()
    assert firm.texts("mo") == ["Root 回复了你在交易“之江扩容”的评论：报了"]


def test_a_changed_comment_tells_only_those_mentioned_newly(firm: Firm) -> None:
    deal = firm.deal("lin")
    comment = say(firm, "lin", deal, "@Mo 请看")
    firm.door("lin", lambda r: r.update("comment", comment, {"body": "@Mo @Root 请看"}))
    firm.run()
    assert len(firm.texts("mo")) == 1 and len(firm.texts("root")) == 1
    mentions = firm.door("lin", lambda r: r.get("comment", comment, ["mentions"])).values["mentions"]
    assert {one.id for one in mentions} == {firm.ids["mo"], firm.ids["root"]}
    firm.door("lin", lambda r: r.update("comment", comment, {"body": "请看"}))
    firm.run()
    assert firm.door("lin", lambda r: r.get("comment", comment, ["mentions"])).values["mentions"] == []


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_comment_mentions_no_crowd(firm: Firm) -> None:
    from yuanke.access import people

    with firm.unit() as unit:
        for number in range(51):
            people.create_user(unit, f"p{number:02}", f"P{number:02}", None, ["boss"])
    with pytest.raises(ValidationFailed):
        say(firm, "lin", firm.deal("lin"), " ".join(f"@p{number:02}" for number in range(51)))


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_which_names_a_text_means(firm: Firm) -> None:
    from yuanke.access import people

    with firm.unit() as unit:
        made = {
            name: people.create_user(unit, user, name, None, ["boss"])
            for user, name in (("zs1", "张三"), ("zsf", "张三丰"))
        }
        twin = people.create_user(unit, "zs2", "张三丰", None, ["boss"])
        found = {
            text: mentioned(unit, text)
            for text in (
                "@张三请看", "@张三丰", "@张三丰(zsf) @张三丰（zs2）", "@zs2", "@ZS2 @zs2", "a@张三.com", "邮箱 x@zs2", "@", "@@张三", "＠张三", "@不在", "@lin，@mo。",
            )
        }  # fmt: skip
    assert found == {
        "@张三请看": [made["张三"]], "@张三丰": [made["张三"]], "@张三丰(zsf) @张三丰（zs2）": [made["张三丰"], twin], "@zs2": [twin], "@ZS2 @zs2": [twin],
        "a@张三.com": [], "邮箱 x@zs2": [], "@": [], "@@张三": [made["张三"]], "＠张三": [made["张三"]], "@不在": [], "@lin，@mo。": [firm.ids["lin"], firm.ids["mo"]],
    }  # fmt: skip
