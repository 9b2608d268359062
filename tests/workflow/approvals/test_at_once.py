"""Several people at once, and random people on a real database: one decision each, one effect, never stuck."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yuanke.kernel.errors import RecordNotFound, Refusal, Refused

if TYPE_CHECKING:
    from tests.workflow.approvals.conftest import Company


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Begin all together; what each gave, or its refusal."""
    ready, found = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        ready.wait()
        try:
            found[place] = work()
        except Exception as fault:
            found[place] = fault

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_two_who_decide_at_once_the_second_gets_a_sentence(company: Company) -> None:
    for _ in range(3):
        claim = company.sent("20000.00")
        company.yes("zhu")
        tasks = {who: company.task(who) for who in ("cai", "cao")}
        found = at_once(*(partial(company.does, who, "approve", task=task) for who, task in tasks.items()))
        refused = [one for one in found if isinstance(one, Exception)]
        assert len(refused) == 1 and isinstance(refused[0], Refused) and refused[0].status == 409, found
        assert company.asked() == ["bao"]
        company.back("bao")
        assert len([said for said in company.told("claim", claim) if said.endswith("approve")]) == 2


def test_of_all_who_must_agree_both_count_and_it_happens_once(company: Company) -> None:
    for _ in range(3):
        paper = company.sent_paper("all_finance")
        tasks = {who: company.task(who) for who in ("cai", "cao")}
        found = at_once(*(partial(company.does, who, "approve", task=task) for who, task in tasks.items()))
        assert not [one for one in found if isinstance(one, Exception)], found
        assert company.value("paper", paper, "state") == "done"
        assert len([e for e in company.history("paper", paper) if e.verb == "all_finance"]) == 1


def test_approved_while_it_is_withdrawn_only_one_of_both_stands(company: Company) -> None:
    for _ in range(3):
        claim = company.sent("500.00")
        task, number = company.task("zhu"), company.instance("claim", claim)["id"]
        yes, back = at_once(
            partial(company.does, "zhu", "approve", task=task), partial(company.does, "li", "withdraw", task=number)
        )
        assert isinstance(yes, Refused) != isinstance(back, Refused), (yes, back)
        state = company.value("claim", claim, "approval")
        assert state == ("withdrawn" if isinstance(yes, Refused) else "approved")
        assert company.asked() == []


def test_submitted_twice_at_once_it_is_asked_once(company: Company) -> None:
    claim = company.claim(amount="500.00")
    found = at_once(*(lambda: company.submit("claim", claim) for _ in range(2)))
    assert len([one for one in found if isinstance(one, Refused)]) == 1 and company.asked() == ["zhu"]


VERBS = st.sampled_from(
    ["yes", "yes", "yes", "no", "back", "give", "add", "add_behind", "withdraw", "submit", "edit", "leave"]
)
ACTS = (
    "by_chain",
    "by_heads",
    "all_finance",
    "half",
    "branches",
    "guests",
    "up",
    "allow_me",
    "goes_on",
    "any_time",
    "by_field",
)
PEOPLE = ("root", "bao", "zhu", "li", "wang", "cai", "cao", "gao")


@pytest.mark.parametrize("dialect", ["sqlite"])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_people_do_no_paper_is_stuck_and_every_act_is_in_its_history(
    company: Company, data: st.DataObject
) -> None:
    company.sweep()
    act = data.draw(st.sampled_from(ACTS))
    paper = company.paper(size=data.draw(st.integers(1, 3)), reviewer=data.draw(st.sampled_from(PEOPLE)))
    company.submit("paper", paper, act)
    for verb in data.draw(st.lists(VERBS, max_size=8)):
        before = len(company.told("paper", paper))
        try:
            done = _any_verb(company, paper, act, verb, data)
        except (Refusal, RecordNotFound):
            done = False
        if done is not None:
            assert len(company.told("paper", paper)) == before + done
        _sound(company, paper)
    _sound(company, paper)


def _any_verb(company: Company, paper: int, act: str, verb: str, data: st.DataObject) -> bool | None:
    """Whether it was done; None when what follows is the platform's own doing."""
    number = company.instance("paper", paper)["id"]
    if verb == "withdraw":
        company.does("li", "withdraw", task=number)
        return True
    if verb == "submit":
        company.submit("paper", paper, act)
        return company.value("paper", paper, "approval") != "not_needed"
    if verb == "edit":
        company.door("li", lambda r: r.update("paper", paper, {"size": data.draw(st.integers(1, 3))}))
        return False
    asked = company.asked()
    if not asked:
        return False
    who = data.draw(st.sampled_from(asked))
    if verb == "leave":
        if who in ("root", "li"):
            return False
        company.door("root", lambda r: r.update("user", company.ids[who], {"status": "left"}))
        company.run()
        assert who not in company.asked()
        return None
    other = company.ids[data.draw(st.sampled_from(PEOPLE))]
    match verb:
        case "yes":
            company.yes(who)
        case "no":
            company.no(who)
        case "back":
            company.back(who, data.draw(st.sampled_from([None, "a", "b"])))
        case "give":
            company.does(who, "reassign", other)
        case "add" | "add_behind":
            company.does(who, "add_signer", [other], before=verb == "add")
    return True


def _sound(company: Company, paper: int) -> None:
    """It waits for people who can decide it, or it is over; the record says the same as the approval."""
    found = company.instance("paper", paper)
    approval = company.value("paper", paper, "approval")
    asked = company.asked()
    assert bool(asked) == (found["state"] == "pending")
    for who in asked:
        assert any(one.record == paper for one in company.box(who)), f"{who} is asked and does not see it"
        assert company.get("paper", paper, who).id == paper
    told = {
        "pending": {"submitted", "pending"}, "approved": {"approved", "unsent"}, "rejected": {"rejected"}, "returned": {"unsent"},
        "withdrawn": {"withdrawn"},
    }  # fmt: skip
    assert approval in told[found["state"]], (approval, found["state"])
    assert (company.value("paper", paper, "state") == "done") == (found["state"] == "approved")
