"""The last yes asks the conditions of the transition again: what holds no more goes back, and no yes is lost."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from yuanke.kernel import clock
from yuanke.kernel.errors import Refused, ValidationFailed

if TYPE_CHECKING:
    from tests.workflow.approvals.conftest import Company


def allow(company: Company, limit: str) -> None:
    """What the condition of these transitions reads changes beside the paper."""
    found = _limits(company)
    company.door("root", lambda r: r.update("limits", found, {"most": limit}))


def _limits(company: Company) -> int:
    with company.unit(False) as unit:
        found = unit.connection.scalars(sa.select(unit.tables["limits"].c.id)).first()
    return found or int(company.door("root", lambda r: r.create("limits", {"name": "额度", "most": "1000"})).id)


def held(company: Company, act: str = "within_limit", **values: object) -> int:
    """A paper within its limit when it was sent, and above it at the last yes."""
    allow(company, "1000")
    paper = company.paper(size=500, limits=_limits(company), **values)
    company.submit("paper", paper, act)
    allow(company, "100")
    return paper


@pytest.mark.parametrize("act", ["within_limit", "checks_limit", "refuses_limit"])
def test_a_condition_that_holds_no_more_sends_it_back_and_tells_both(company: Company, act: str) -> None:
    paper = held(company, act)
    company.yes("zhu")
    said = "现在不能" if act == "within_limit" else "超过额度 100"
    stands = company.get("paper", paper).values
    assert (stands["state"], stands["approval"]) == ("draft", "unsent") and company.asked() == []
    for who in ("li", "zhu"):
        last = company.messages(who)[-1]
        assert last.startswith("文件“方案”已全部同意，但没有完成：") and said in last
    assert company.told("paper", paper) == ["li submit", "zhu approve", "zhu held"]
    assert (
        company.instance("paper", paper)["state"] == "returned" and company.instance("paper", paper)["ended_at"] is None
    )


def test_what_is_required_and_was_taken_away_is_named(company: Company) -> None:
    allow(company, "1000")
    paper = company.paper(limits=_limits(company))
    company.submit("paper", paper, "wants_limit")
    with company.unit() as unit:  # by a job of the engine: people cannot
        table = unit.tables["paper"]
        unit.execute(table.update().where(table.c.id == paper).values(limits=None))
    company.yes("zhu")
    assert "额度" in company.messages("li")[-1] and company.value("paper", paper, "state") == "draft"


def test_sent_again_unchanged_it_happens_with_the_yeses_that_stand(company: Company) -> None:
    paper = held(company)
    company.yes("zhu")
    with pytest.raises(Refused):
        company.submit("paper", paper, "within_limit")
    allow(company, "1000")
    company.submit("paper", paper, "within_limit")
    stands = company.get("paper", paper).values
    assert (stands["state"], stands["approval"]) == ("done", "approved") and company.asked() == []
    assert company.told("paper", paper)[-1] == "li submit"


def test_sent_again_with_other_content_it_is_asked_anew(company: Company) -> None:
    paper = held(company)
    company.yes("zhu")
    company.door("li", lambda r: r.update("paper", paper, {"size": 50}))
    company.submit("paper", paper, "within_limit")
    assert company.asked() == ["zhu"] and company.value("paper", paper, "state") == "draft"
    company.yes("zhu")
    assert company.value("paper", paper, "state") == "done"


def test_it_is_asked_for_the_one_who_submitted_not_for_the_one_who_agrees(company: Company) -> None:
    paper = company.sent_paper("mine")
    company.yes("zhu")
    assert company.value("paper", paper, "state") == "done"


def test_a_warning_that_was_read_is_not_asked_again(company: Company) -> None:
    paper = company.paper(size=500)
    with pytest.raises(Refused):
        company.submit("paper", paper, "warns")

    def send(unit: object, actor: object) -> None:
        from yuanke.workflow import perform

        perform(unit, actor, "paper", paper, "warns", {}, confirm=["big"])  # type: ignore[arg-type]

    company.as_("li", send)
    company.yes("zhu")
    assert company.value("paper", paper, "state") == "done"


def test_nobody_there_what_it_causes_is_refused_it_goes_back_with_the_reason(company: Company) -> None:
    """Time is up and the flow says yes: with nobody to be told at once it would hang for ever."""
    paper = company.sent_paper("late_fails", size=50)
    with clock.stopped(datetime.now(timezone.utc) + timedelta(minutes=61)):
        company.run()
    stands = company.get("paper", paper).values
    assert (stands["state"], stands["approval"], stands["size"]) == ("draft", "unsent", 50)
    assert any(said.startswith("文件“方案”已全部同意，但没有完成：大小：不能大于") for said in company.messages("li"))
    with pytest.raises(ValidationFailed):
        company.submit("paper", paper, "late_fails")


def test_each_is_told_in_his_language(company: Company) -> None:
    company.door("root", lambda r: r.update("user", company.ids["li"], {"locale": "en"}))
    held(company)
    company.yes("zhu")
    assert (
        company.messages("li")[-1].startswith("Everybody agreed to Paper “方案”, but it could not be done")
        and "已" not in company.messages("li")[-1]
    )
    assert company.messages("zhu")[-1].startswith("文件“方案”已全部同意")
