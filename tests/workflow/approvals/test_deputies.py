"""Deputies: who decides while somebody is away, what he reads, and that it is never about himself."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound, ValidationFailed

if TYPE_CHECKING:
    from tests.workflow.approvals.conftest import Company


def away(company: Company, who: str, deputy: str, days: int = 3, **values: object) -> int:
    today = clock.today()
    row = {"deputy": company.ids[deputy], "since": str(today), "till": str(today + timedelta(days=days)), **values}
    return int(company.door(who, lambda r: r.create("deputy", row)).id)


def test_a_deputy_decides_while_somebody_is_away_and_the_log_says_so(company: Company) -> None:
    away(company, "zhu", "cai")
    claim = company.sent("500.00")
    item = company.box("cai")[0]
    assert item.instead_of == "Zhu" and company.get("claim", claim, "cai").id == claim
    company.yes("cai")
    entry = next(e for e in company.history("claim", claim) if e.verb == "approval.approve")
    assert entry.by.id == company.ids["cai"] and entry.told["stands_for"] == "Zhu"
    assert company.picture("claim", claim).stops[0].people[0].by == "Cai"
    assert [one.approval for one in company.box("cai", "done")] == [item.approval]


def test_a_deputy_reads_what_he_stands_in_for_and_no_more_when_it_is_over(company: Company) -> None:
    paper = company.sent_paper("up")
    with pytest.raises(RecordNotFound):
        company.get("paper", paper, "cai")
    number = away(company, "zhu", "cai")
    assert company.get("paper", paper, "cai").id == paper
    company.door("zhu", lambda r: r.update("deputy", number, {"till": str(clock.today()), "since": str(clock.today())}))
    with clock.stopped(datetime.now(timezone.utc) + timedelta(days=2)):
        assert company.box("cai") == []
        with pytest.raises(RecordNotFound):
            company.get("paper", paper, "cai")


def test_a_deputy_only_for_some_kinds_of_papers(company: Company) -> None:
    away(company, "zhu", "cai", entities=["claim"])
    company.sent_paper("up")
    assert company.box("cai") == []
    company.sent("500.00")
    assert len(company.box("cai")) == 1


def test_a_deputy_never_decides_his_own_paper(company: Company) -> None:
    away(company, "zhu", "li")
    company.sent("500.00")
    assert company.box("li") == []
    with pytest.raises(RecordNotFound):
        company.does("li", "approve", task=company.task("zhu"))
    company.sent("500.00", who="wang")
    company.yes("li")


def test_only_his_own_absence_is_anybodys_to_enter(company: Company) -> None:
    number = away(company, "zhu", "cai")
    with pytest.raises(RecordNotFound):
        company.door("li", lambda r: r.update("deputy", number, {"reason": "x"}))
    with pytest.raises(ValidationFailed):
        today = date.today()
        row = {"deputy": company.ids["cai"], "since": str(today), "till": str(today - timedelta(days=1))}
        company.door("zhu", lambda r: r.create("deputy", row))
