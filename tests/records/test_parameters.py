"""Settings changed by whom they allow: checked, told, seen at once, and what is stored follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from yuanke import jobs
from yuanke.kernel.errors import ValidationFailed
from yuanke.records.parameters import change_settings, changeable, past_of_settings
from yuanke.storage import Installation

from tests.records.conftest import Company

TUNED = """
module: tuned
label: 参数
version: 1.0.0
roles: {boss: {label: 老板}, seller: {label: 销售}, clerk: {label: 文员}}
settings:
  rate: {type: percent, default: 10, min: 0, max: 100, label: 比例, group: 价格, roles: [clerk]}
  mode: {label: 方式, default: soft, options: {soft: 宽, hard: 严}}
  many: {type: bool, default: false, label: 多规格, locked_when: "exists(item[name == '锁'])", message: 有库存时不能改}
entities:
  item:
    label: 物品
    fields:
      name: text!
      price: {type: money, default: 100}
      fee: {type: money, formula: price * settings.rate / 100}
    permissions: {boss: {read: all, create: true, update: all}, clerk: {read: all}}
"""


@pytest.fixture
def company(installation: Installation, enterprise: Callable[..., Any]) -> Company:
    return Company(installation, enterprise(TUNED))


def change(company: Company, who: str, **values: Any) -> dict[str, Any]:
    with company.as_(who) as door:
        return change_settings(door.unit, door.actor, values)


def settings(company: Company) -> Any:
    with company.as_("boss", write=False) as door:
        return dict(door.unit.settings)


def test_a_changed_setting_is_seen_by_the_next_request_and_given_back_by_null(company: Company) -> None:
    assert change(company, "admin", mode="hard", timezone="Asia/Shanghai") == {"mode": "hard"}
    assert settings(company)["mode"] == "hard"
    change(company, "admin", mode=None)
    assert settings(company)["mode"] == "soft"
    with company.as_("admin") as door:
        (last, first) = past_of_settings(door.unit)
        assert (first.changes, last.changes) == ({"mode": ["soft", "hard"]}, {"mode": ["hard", "soft"]})


def test_only_those_a_setting_names_change_it(company: Company) -> None:
    with company.as_("clerk") as door:
        assert [field.key for field in changeable(door.unit, door.actor)] == ["rate"]
    with pytest.raises(ValidationFailed) as told:
        change(company, "clerk", rate="20", mode="hard")
    assert list(told.value.errors) == ["mode"] and settings(company)["rate"] == 10
    change(company, "clerk", rate="20")
    assert settings(company)["rate"] == 20


def test_wrong_values_are_told_at_their_keys_and_nothing_stands(company: Company) -> None:
    with pytest.raises(ValidationFailed) as told:
        change(company, "admin", rate="200", mode="none", nothing=1, fiscal_month="3")
    assert set(told.value.errors) == {"rate", "mode", "nothing"}
    assert settings(company)["fiscal_month"] == 1


def test_a_locked_setting_says_why(company: Company) -> None:
    change(company, "admin", many=True)
    with company.as_("boss") as door:
        door.create("item", {"name": "锁"})
    with pytest.raises(ValidationFailed) as told:
        change(company, "admin", many=False)
    assert [said.say() for said in told.value.errors["many"]] == ["有库存时不能改"]


def test_stored_figures_follow_in_the_background(company: Company) -> None:
    with company.as_("boss") as door:
        item = door.create("item", {"name": "一"}).id
        assert str(door.get("item", item).values["fee"]) == "10.00"
    change(company, "admin", rate="25")
    jobs.run_pending(company.installation, company.at)
    with company.as_("boss") as door:
        assert str(door.get("item", item).values["fee"]) == "25.00"
