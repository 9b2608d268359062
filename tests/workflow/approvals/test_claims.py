"""An expense claim on its way: who is asked, what everybody may do, what stands at the end."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records import Records

if TYPE_CHECKING:
    from tests.workflow.approvals.conftest import Company


def test_a_claim_goes_from_the_head_to_finance_and_happens_at_the_last_yes(company: Company) -> None:
    claim = company.claim(amount="1500.00", watchers=[company.ids["wang"]])
    company.submit("claim", claim, urgent=True)
    assert (
        company.value("claim", claim, "state") == "draft" and company.value("claim", claim, "approval") == "submitted"
    )
    assert company.asked() == ["zhu"]
    company.yes("zhu")
    assert company.asked() == ["cai", "cao"] and company.value("claim", claim, "approval") == "pending"
    company.yes("cao")
    assert company.asked() == []
    stands = company.get("claim", claim).values
    assert (stands["state"], stands["approval"], stands["memo"]) == ("approved", "approved", "加急")
    assert company.told("claim", claim) == ["li submit", "zhu approve", "cao approve"]
    moved = [entry for entry in company.history("claim", claim) if "state" in entry.changes and entry.verb == "submit"]
    assert moved[0].changes["state"] == ("draft", "approved") and moved[0].by.id == company.ids["cao"]
    assert company.messages("zhu") == ["Li的报销单“出差”等你审批"] and company.messages("li") == [
        "你的报销单“出差”已审批通过"
    ]


@pytest.mark.parametrize(("amount", "chain"), [("1000.00", ["zhu"]), ("1000.01", ["zhu", "cai"]), ("10000.00", ["zhu", "cai"]), ("10000.01", ["zhu", "cai", "bao"])])  # fmt: skip
def test_how_long_the_chain_is_follows_from_the_amount(company: Company, amount: str, chain: list[str]) -> None:
    claim = company.sent(amount)
    for who in chain:
        assert company.value("claim", claim, "state") == "draft"
        company.yes(who)
    assert company.value("claim", claim, "state") == "approved"


def test_what_needs_no_approval_happens_at_once(company: Company) -> None:
    claim = company.sent("100.00")
    stands = company.get("claim", claim).values
    assert (stands["state"], stands["approval"]) == ("approved", "not_needed") and company.asked() == []
    paper = company.sent_paper("plain")
    assert company.value("paper", paper, "state") == "done" and company.value("paper", paper, "approval") == "unsent"


def test_an_applicant_who_is_the_head_goes_to_the_next_higher_manager(company: Company) -> None:
    company.sent("500.00", who="zhu")
    assert company.asked() == ["bao"]


def test_a_refusal_ends_it_does_what_the_flow_says_and_the_claim_can_be_sent_anew(company: Company) -> None:
    claim = company.sent("500.00")
    with pytest.raises(ValidationFailed):
        company.does("zhu", "reject", said="  ")
    company.no("zhu", "超标")
    stands = company.get("claim", claim).values
    assert (stands["state"], stands["approval"], stands["memo"]) == ("rejected", "rejected", "被否决")
    entry = next(e for e in company.history("claim", claim) if e.verb == "approval.reject")
    assert entry.told == {"step": ["部门主管", "Manager"], "note": "超标"} and entry.by.id == company.ids["zhu"]
    assert company.messages("li") == ["你的报销单“出差”被否决"]
    company.door("li", lambda r: r.update("claim", claim, {"memo": "再议"}))
    company.submit("claim", claim)
    company.yes("zhu")
    assert company.value("claim", claim, "state") == "approved"


def test_returned_it_is_unlocked_and_begins_again(company: Company) -> None:
    claim = company.sent("1500.00")
    company.yes("zhu")
    company.back("cai")
    assert company.value("claim", claim, "approval") == "unsent" and company.value("claim", claim, "state") == "draft"
    company.door("li", lambda r: r.update("claim", claim, {"memo": "补了"}))
    company.submit("claim", claim)
    assert company.asked() == ["zhu"] and company.instance("claim", claim)["round"] == 2
    company.yes("zhu", "cai")
    assert company.value("claim", claim, "state") == "approved"
    assert company.told("claim", claim) == [
        "li submit",
        "zhu approve",
        "cai return",
        "li submit",
        "zhu approve",
        "cai approve",
    ]


def test_sent_back_to_an_earlier_step_that_step_is_asked_again(company: Company) -> None:
    claim = company.sent("20000.00")
    company.yes("zhu", "cai")
    company.back("bao", "manager")
    assert company.asked() == ["zhu"] and company.value("claim", claim, "approval") == "pending"
    with pytest.raises(Refused):
        company.back("zhu", "finance")
    company.yes("zhu", "cao", "bao")
    assert company.value("claim", claim, "state") == "approved"


def test_what_was_returned_is_over_when_another_transition_is_taken(company: Company) -> None:
    claim = company.sent("500.00")
    company.back("zhu")
    company.submit("claim", claim, "cancel")
    assert company.value("claim", claim, "state") == "rejected"
    company.submit("claim", claim)
    assert company.instance("claim", claim)["round"] == 1


def test_the_applicant_withdraws_before_the_first_decision_only(company: Company) -> None:
    claim = company.sent("1500.00")
    number = company.instance("claim", claim)["id"]
    with pytest.raises(AccessDenied):
        company.does("cai", "withdraw", task=number)
    with pytest.raises(RecordNotFound):
        company.does("wang", "withdraw", task=number)
    company.does("li", "withdraw", task=number)
    assert company.value("claim", claim, "approval") == "withdrawn" and company.asked() == []
    assert company.messages("zhu")[-1] == "报销单“出差”已撤回，不用再审批"
    company.submit("claim", claim)
    company.yes("zhu")
    with pytest.raises(Refused, match="已有人审批"):
        company.does("li", "withdraw", task=company.instance("claim", claim)["id"])


def test_passed_on_somebody_else_decides(company: Company) -> None:
    claim = company.sent("500.00")
    company.does("zhu", "reassign", company.ids["cai"], said="我不熟")
    assert company.asked() == ["cai"]
    company.yes("cai")
    assert company.value("claim", claim, "state") == "approved"
    told = next(e for e in company.history("claim", claim) if e.verb == "approval.reassign").told
    assert told["to"] == "Cai" and told["note"] == "我不熟"


@pytest.mark.parametrize("who", ["li", "gao", "zhu"])
def test_it_is_passed_on_only_to_people_who_can_decide(company: Company, who: str) -> None:
    """Not to the applicant, not to somebody whose roles do not read claims, not to oneself."""
    company.sent("500.00")
    with pytest.raises(Refused):
        company.does("zhu", "reassign", company.ids[who])
    with pytest.raises(Refused):
        company.does("zhu", "add_signer", [company.ids[who]])


def test_an_added_signer_before_and_one_behind(company: Company) -> None:
    claim = company.sent("500.00")
    company.does("zhu", "add_signer", [company.ids["cai"]], said="先看票")
    assert company.asked() == ["cai"]
    company.yes("cai")
    company.does("zhu", "add_signer", [company.ids["bao"]], before=False)
    assert company.asked() == ["bao"]
    company.yes("bao")
    assert company.value("claim", claim, "state") == "approved"
    assert company.told("claim", claim) == [
        "li submit",
        "zhu add_before",
        "cai approve",
        "zhu add_after",
        "bao approve",
    ]


def test_an_administrator_moves_what_hangs_on_somebody(company: Company) -> None:
    claim = company.sent("500.00")
    company.does("root", "reassign", company.ids["cai"], task=company.task("zhu"))
    assert company.asked() == ["cai"]
    company.does("root", "withdraw", task=company.instance("claim", claim)["id"])
    assert company.value("claim", claim, "approval") == "withdrawn"


def test_a_task_is_nobody_elses(company: Company) -> None:
    company.sent("500.00")
    task = company.task("zhu")
    for who in ("li", "wang", "cai", "gao", "root"):
        for verb in ("approve", "reject", "send_back"):
            with pytest.raises(RecordNotFound):
                company.does(who, verb, task=task, **({} if verb == "approve" else {"said": "不行"}))
    assert company.asked() == ["zhu"]


def test_a_decision_is_made_once(company: Company) -> None:
    company.sent("1500.00")
    company.yes("zhu")
    late = company.task("cai")
    company.yes("cao")
    with pytest.raises(Refused, match="已经通过"):
        company.does("cai", "approve", task=late)
    company.sent("20000.00")
    company.yes("zhu")
    late = company.task("cai")
    company.yes("cao")
    with pytest.raises(Refused, match="已由别人处理"):
        company.does("cai", "approve", task=late)


def test_who_is_asked_reads_the_record_with_the_fields_of_his_role(company: Company) -> None:
    claim = company.claim(amount="500.00")
    with pytest.raises(RecordNotFound):
        company.get("claim", claim, "zhu")
    company.submit("claim", claim)
    assert company.get("claim", claim, "zhu").values["total"] == Decimal("500.00")
    company.yes("zhu")
    assert company.get("claim", claim, "zhu").id == claim, "after he was asked too"
    assert company.door("zhu", lambda r: [one.id for one in r.list("claim").records]) == [claim]
    with pytest.raises(AccessDenied):
        company.door("zhu", lambda r: r.update("claim", claim, {"memo": "x"}))


# -- what approvers change ----------------------------------------------------------------------------------------


def test_an_approver_changes_what_his_step_opens_and_nothing_else(company: Company) -> None:
    items = [
        {"what": "的士", "amount": "86.50"},
        {"what": "酒店", "amount": "856.00"},
        {"what": "高铁", "amount": "553.50"},
    ]
    claim = company.sent(items=items)
    taxi, hotel, _train = company.get("claim", claim).values["items"]
    with pytest.raises(ValidationFailed) as refused:
        company.does("zhu", "approve", values={"offset": "1"})
    assert list(refused.value.errors) == ["offset"]
    company.yes("zhu")
    wrong: dict[str, Any] = {
        "memo": "x", "nothing": 1,
        "items": [{"id": hotel.id, "amount": "1"}, {"what": "新"}, {"id": taxi.id, "deleted": True}],
    }  # fmt: skip
    with pytest.raises(ValidationFailed) as refused:
        company.does("cai", "approve", values=wrong)
    assert set(refused.value.errors) == {"memo", "nothing", "items.0.amount", "items.1", "items.2"}
    company.does(
        "cai", "approve", values={"offset": "1000.00", "items": [{"id": hotel.id, "approved_amount": "800.00"}]}
    )
    stands = company.get("claim", claim).values
    assert (stands["total"], stands["approved_total"], stands["offset"]) == (
        Decimal("1496.00"),
        Decimal("1440.00"),
        Decimal("1000.00"),
    )
    assert stands["state"] == "approved" and stands["approval"] == "approved"
    changed = [entry for entry in company.history("claim", claim) if "offset" in entry.changes]
    assert changed[-1].by.id == company.ids["cai"]


def test_the_conditions_of_later_steps_see_what_approvers_changed(company: Company) -> None:
    """A yes whose changes break a rule of the record is refused as a whole."""
    claim = company.sent("1500.00")
    company.yes("zhu")
    row = company.get("claim", claim).values["items"][0]
    with pytest.raises(ValidationFailed):
        company.does("cai", "approve", values={"items": [{"id": row.id, "approved_amount": "viel"}]})
    assert company.asked() == ["cai", "cao"]


# -- the lock, and what was approved ------------------------------------------------------------------------------


def test_a_record_under_approval_is_locked_with_its_rows_at_every_door(company: Company) -> None:
    claim = company.sent("1500.00")
    row = company.get("claim", claim).values["items"][0].id
    tries: list[Any] = [
        lambda r: r.update("claim", claim, {"memo": "x"}),
        lambda r: r.update("claim", claim, {"items": [{"id": row, "amount": "2"}]}),
        lambda r: r.update("claim", claim, {"items": [{"what": "新", "amount": "1"}]}),
        lambda r: r.update("claim", claim, {"items": [{"id": row, "deleted": True}]}),
        lambda r: r.update("claim_items", row, {"amount": "2"}),
        lambda r: r.delete("claim_items", row),
        lambda r: r.update("claim", claim, {"watchers": [company.ids["wang"]]}),
        lambda r: r.delete("claim", claim),
        lambda r: r.batch("claim", update=[{"id": claim, "memo": "x"}]),
    ]
    before = company.get("claim", claim).version
    for who in ("li", "bao", "root"):
        for attempt in tries:
            with pytest.raises(Refused, match="正在审批"):
                company.door(who, attempt)
    assert company.get("claim", claim).version == before
    for act in ("cancel", "submit"):
        with pytest.raises(Refused, match="正在审批"):
            company.submit("claim", claim, act)
    company.door("root", lambda r: r.update("claim", claim, {"owner": company.ids["wang"]}))
    assert company.value("claim", claim, "approval") == "submitted", "who is responsible for it may change"


def test_nobody_writes_the_field_of_approval(company: Company) -> None:
    claim = company.claim()
    for who in ("li", "bao", "root"):
        with pytest.raises(ValidationFailed):
            company.door(who, lambda r: r.update("claim", claim, {"approval": "approved"}))
    with pytest.raises(ValidationFailed):
        company.door("li", lambda r: r.create("claim", {"name": "x", "approval": "approved"}))


def test_a_later_change_of_what_was_approved_takes_the_approval_away_and_shows_the_difference(company: Company) -> None:
    claim = company.sent("500.00")
    company.yes("zhu")
    row = company.get("claim", claim).values["items"][0].id
    company.door(
        "bao", lambda r: r.update("claim", claim, {"items": [{"id": row, "amount": "900.00"}], "memo": "改了"})
    )
    assert (
        company.value("claim", claim, "approval") == "unsent" and company.value("claim", claim, "state") == "approved"
    )
    with pytest.raises(Refused):
        company.submit("claim", claim, "pay", who="cai")
    found = {
        (one.rows.key if one.rows else "", one.field.key): (one.before, one.after)
        for one in company.picture("claim", claim).differences
    }
    assert found == {("", "memo"): (None, "改了"), ("items", "amount"): ("500.00", "900.00")}


def test_it_is_approved_once_more_without_happening_once_more(company: Company) -> None:
    claim = company.sent("500.00")
    company.yes("zhu")
    company.door("bao", lambda r: r.update("claim", claim, {"memo": "改了"}))

    def renew(who: str) -> None:
        from yuanke.workflow import approvals

        company.as_(who, lambda unit, actor: approvals.renew(unit, actor, unit.registry.entities["claim"], claim))

    with pytest.raises(AccessDenied):
        renew("cai")
    renew("li")
    assert company.value("claim", claim, "approval") == "submitted" and company.asked() == ["zhu"]
    with pytest.raises(Refused):
        renew("li")
    company.yes("zhu")
    stands = company.get("claim", claim).values
    assert (stands["approval"], stands["state"], stands["memo"]) == ("approved", "approved", "改了")
    assert company.picture("claim", claim).differences == ()
    company.submit("claim", claim, "pay", who="cai")
    assert company.value("claim", claim, "approval") == "approved", "what acts write takes nothing away"


def test_a_flow_says_which_fields_it_is_about(company: Company) -> None:
    paper = company.sent_paper("only_size")
    company.yes("zhu")
    company.door("li", lambda r: r.update("paper", paper, {"name": "别的"}))
    assert company.value("paper", paper, "approval") == "approved"
    company.door("li", lambda r: r.update("paper", paper, {"size": 7}))
    assert company.value("paper", paper, "approval") == "unsent"


def test_a_yes_whose_transition_is_refused_is_refused_with_it(company: Company) -> None:
    paper = company.sent_paper("fails", size=50)
    with pytest.raises(ValidationFailed):
        company.yes("zhu")
    assert company.asked() == ["zhu"] and company.value("paper", paper, "approval") == "submitted"
    company.back("zhu")
    assert company.value("paper", paper, "approval") == "unsent"


def test_a_running_approval_keeps_its_version_of_the_flow(company: Company) -> None:
    claim = company.sent("1500.00")
    number = company.instance("claim", claim)["id"]
    with company.unit() as unit:  # as it was declared another day
        table = unit.tables["approval_instance"]
        flow = dict(company.instance("claim", claim)["flow"])
        flow["steps"] = {
            **flow["steps"],
            "finance": {
                "label": ["出纳", "Cashier"],
                "by": "owner.manager.manager",
                "when": "gone_function(total) > 3",
            },
        }
        unit.execute(table.update().where(table.c.id == number).values(flow=flow))
    company.yes("zhu")
    assert company.asked() == ["bao"], "and what can no longer be read asks rather than passes over"


def test_attachments_hang_on_the_decision(company: Company) -> None:
    import io

    from yuanke.workflow import approvals

    claim = company.sent("500.00")

    def upload(unit: Any, actor: Any) -> int:
        return int(unit.files.put(io.BytesIO("票".encode()), "票.txt", actor.user_id).id)

    foreign, mine = company.as_("li", upload), company.as_("zhu", upload)
    with pytest.raises(ValidationFailed):
        company.does("zhu", "approve", said=approvals.Said("好", [foreign]))
    company.does("zhu", "approve", said=approvals.Said("好", [mine]))
    sitting = company.picture("claim", claim).stops[0].people[0]
    assert [one["name"] for one in sitting.files] == ["票.txt"] and sitting.note == "好"


def test_automations_hear_how_it_ended(company: Company) -> None:
    company.sent("500.00")
    company.no("zhu")
    company.sent("500.00")
    company.yes("zhu")
    company.run()
    assert [said for said in company.messages("zhu") if "已核准" in said] == ["出差 已核准 ¥500.00"]


def test_the_field_of_approval_is_filtered_like_any_other(company: Company) -> None:
    first, second = company.sent("500.00"), company.claim(amount="5.00")
    company.yes("zhu")

    def listed(door: Records) -> list[int]:
        from yuanke.records import Query

        return [one.id for one in door.list("claim", Query(filter="approval == approved")).records]

    assert company.door("bao", listed) == [first] and second
