"""Who is asked: by field, chain, level, heads, roles, shares, branches; who is late, who left, who gets a copy."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound, Refused

if TYPE_CHECKING:
    from tests.workflow.approvals.conftest import Company


@pytest.fixture
def dialect() -> str:
    """Who is asked is worked out in Python; what asks the database runs on both in the other files."""
    return "sqlite"


def settle(company: Company, paper: int, *people: str) -> None:
    """Each of ``people`` says yes when it is his turn; then the paper is done."""
    for who in people:
        assert company.value("paper", paper, "state") == "draft"
        company.yes(who)
    assert company.value("paper", paper, "state") == "done"


def test_a_field_of_the_record_names_who_approves(company: Company) -> None:
    paper = company.sent_paper("by_field", reviewer="cai")
    assert company.asked() == ["cai"]
    settle(company, paper, "cai")


@pytest.mark.parametrize(("size", "chain"), [(1, ["zhu"]), (2, ["zhu", "bao"]), (9, ["zhu", "bao"])])
def test_a_chain_of_managers_goes_on_until_its_condition_holds(company: Company, size: int, chain: list[str]) -> None:
    settle(company, company.sent_paper("by_chain", size=size), *chain)


def test_a_level_of_the_chain_alone(company: Company) -> None:
    settle(company, company.sent_paper("by_level"), "bao")


def test_a_level_that_is_not_there_goes_to_the_administrator(company: Company) -> None:
    paper = company.sent_paper("by_level", owner="cai")
    assert company.asked() == ["root"] and company.picture("paper", paper).stops[0].reason == "missing"
    settle(company, paper, "root")


def test_heads_of_the_department_and_of_those_above(company: Company) -> None:
    settle(company, company.sent_paper("by_heads"), "zhu", "bao")


def test_several_expressions_name_several_people_each_once(company: Company) -> None:
    paper = company.sent_paper("by_several", reviewer="cao")
    assert company.asked() == ["cao", "zhu"]
    settle(company, paper, "cao", "zhu")
    company.sent_paper("by_several", reviewer="zhu")
    assert company.asked() == ["zhu"]


def test_all_holders_of_a_role_or_a_share_of_several_roles(company: Company) -> None:
    settle(company, company.sent_paper("all_finance"), "cai", "cao")
    settle(company, company.sent_paper("half"), "zhu", "cao")


def test_branches_run_side_by_side(company: Company) -> None:
    paper = company.sent_paper("branches", reviewer="zhu")
    company.yes("zhu")
    assert company.asked() == ["cai", "cao"], "who agreed before is not asked twice"
    settle(company, paper, "cai", "bao")


def test_nobody_is_asked_who_may_not_read_such_papers(company: Company) -> None:
    """gao holds the role, but none of his roles reads papers."""
    paper = company.sent_paper("guests")
    assert company.asked() == ["root"] and company.picture("paper", paper).stops[0].reason == "unreadable"
    paper = company.sent_paper("skips")
    assert company.picture("paper", paper).stops[0].state == "skipped" and "bao" in company.asked()


def test_nobody_there_may_refuse_the_submission(company: Company) -> None:
    with pytest.raises(Refused, match="找不到能审批的人"):
        company.sent_paper("refuses")
    assert company.asked() == []


def test_nobody_there_and_passed_over_it_happens_at_once_and_counts_as_approved(company: Company) -> None:
    paper = company.sent_paper("nobody")
    assert company.value("paper", paper, "state") == "done" and company.value("paper", paper, "approval") == "approved"


def test_the_applicants_own_step(company: Company) -> None:
    company.sent_paper("up")
    assert company.asked() == ["zhu"]
    company.yes("zhu")
    company.sent_paper("skip_me")
    assert company.asked() == ["bao"]
    company.yes("bao")
    company.sent_paper("allow_me")
    assert company.asked() == ["li"]


def test_of_a_role_another_holder_is_asked_than_the_applicant(company: Company) -> None:
    company.sent_paper("all_finance", owner="cai")
    assert company.asked() == ["cao"]


def test_who_may_not_approve_is_not_asked(company: Company) -> None:
    company.sent_paper("not_him", reviewer="cai")
    assert company.asked() == ["cao"]


def test_it_goes_on_where_it_was_returned(company: Company) -> None:
    paper = company.sent_paper("goes_on")
    company.yes("zhu")
    company.back("bao")
    company.door("li", lambda r: r.update("paper", paper, {"size": 2}))
    company.submit("paper", paper, "goes_on")
    assert company.asked() == ["bao"]


def test_withdrawn_at_any_time_where_the_flow_says_so(company: Company) -> None:
    paper = company.sent_paper("any_time")
    company.yes("zhu")
    company.does("li", "withdraw", task=company.instance("paper", paper)["id"])
    assert company.asked() == []


# -- too late, and gone -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "asked", "state", "approval"),
    [("late_up", ["bao"], "draft", "submitted"), ("late_yes", [], "done", "approved"), ("late_no", [], "draft", "rejected"), ("late_tell", ["zhu"], "draft", "submitted")],
)  # fmt: skip
def test_what_happens_when_the_time_is_over(
    company: Company, act: str, asked: list[str], state: str, approval: str
) -> None:
    paper = company.sent_paper(act)
    company.run()
    assert company.asked() == ["zhu"], "not before"
    with clock.stopped(datetime.now(timezone.utc) + timedelta(minutes=61)):
        company.run()
        assert company.asked() == asked
        stands = company.get("paper", paper).values
        assert (stands["state"], stands["approval"]) == (state, approval)
        assert (
            company.told("paper", paper)[-1]
            == f"- {act.replace('yes', 'approve').replace('no', 'refuse').replace('tell', 'remind')}"
        )
    if act == "late_tell":
        assert company.messages("zhu")[-1].startswith("已超时")
        with clock.stopped(datetime.now(timezone.utc) + timedelta(minutes=130)):
            company.run()
            assert len([said for said in company.messages("zhu") if said.startswith("已超时")]) == 2


def test_time_that_counts_working_hours_stands_still_at_the_weekend(company: Company) -> None:
    friday = datetime(2027, 3, 5, 9, tzinfo=timezone.utc)  # 17:00 there
    with clock.stopped(friday):
        paper = company.sent_paper("late_work")
    with clock.stopped(friday + timedelta(days=2)):
        company.run()
        assert company.asked() == ["zhu"]
    with clock.stopped(datetime(2027, 3, 8, 1, 1, tzinfo=timezone.utc)):  # Monday 09:01
        company.run()
    assert company.value("paper", paper, "state") == "done"


def test_whoever_was_quick_is_not_late(company: Company) -> None:
    paper = company.sent_paper("late_no")
    company.yes("zhu")
    with clock.stopped(datetime.now(timezone.utc) + timedelta(hours=3)):
        company.run()
    assert company.value("paper", paper, "approval") == "approved"


def test_passed_on_the_time_begins_anew(company: Company) -> None:
    paper = company.sent_paper("late_yes")
    with clock.stopped(datetime.now(timezone.utc) + timedelta(minutes=50)):
        company.does("zhu", "reassign", company.ids["cai"])
    with clock.stopped(datetime.now(timezone.utc) + timedelta(minutes=70)):
        company.run()
        assert company.asked() == ["cai"]
    with clock.stopped(datetime.now(timezone.utc) + timedelta(minutes=111)):
        company.run()
    assert company.value("paper", paper, "state") == "done"


def test_what_waits_for_somebody_who_left_goes_to_the_administrator(company: Company) -> None:
    claim, paper = company.sent("500.00"), company.sent_paper("by_chain", size=2)
    company.door("root", lambda r: r.update("user", company.ids["zhu"], {"status": "left"}))
    company.run()
    assert company.asked() == ["root", "root"]
    assert company.told("claim", claim)[-1].endswith(" left")
    company.yes("root", "root")
    assert company.value("claim", claim, "state") == "approved"
    company.yes("bao")
    assert company.value("paper", paper, "state") == "done"


def test_who_left_is_not_asked_any_more(company: Company) -> None:
    company.door("root", lambda r: r.update("user", company.ids["zhu"], {"status": "left"}))
    company.sent("500.00")
    assert company.asked() == ["root"]


# -- reminding and copies -----------------------------------------------------------------------------------------


def test_the_applicant_reminds_once_an_hour(company: Company) -> None:
    claim = company.sent("500.00")
    number = company.instance("claim", claim)["id"]
    company.does("li", "remind", task=number)
    assert company.messages("zhu")[-1] == "Li催办：报销单“出差”等你审批"
    with pytest.raises(Refused, match="刚刚催办过"):
        company.does("li", "remind", task=number)
    with clock.stopped(datetime.now(timezone.utc) + timedelta(minutes=61)):
        company.does("li", "remind", task=number)
    company.yes("zhu")
    with pytest.raises(Refused, match="已经通过"):
        company.does("li", "remind", task=number)


def test_copies_go_to_whom_the_flow_and_people_name_if_they_may_read(company: Company) -> None:
    claim = company.sent("1500.00", watchers=[company.ids["gao"], company.ids["wang"]])
    company.yes("zhu")
    assert company.box("bao", "cc") == []
    company.yes("cai")
    copy = company.box("bao", "cc")[0]
    assert copy.unread and company.get("claim", claim, "wang").id == claim, "of the end, to those who watch"
    assert company.box("gao", "cc") == [], "his roles do not read claims"
    company.does("bao", "read_copy", task=copy.task)
    assert not company.box("bao", "cc")[0].unread
    number = company.instance("claim", claim)["id"]
    company.does("li", "copy", [company.ids["cao"]], task=number)
    assert [one.record for one in company.box("cao", "cc")] == [claim]
    with pytest.raises(Refused):
        company.does("li", "copy", [company.ids["cao"], company.ids["gao"]], task=number)
    with pytest.raises(RecordNotFound):
        company.does("wang", "copy", [company.ids["cao"]], task=number)
