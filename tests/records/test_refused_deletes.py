"""Rules that are asked when a record is deleted: ``refuse: {x: {at: delete, when: ...}}``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import Refused
from yuanke.storage import Installation

from tests.records.conftest import Company

PAPERS = """
module: papers
label: 单据
version: 1.0.0
roles: {boss: {label: 老板}}
entities:
  paper:
    label: 单据
    fields: {name: text!, posted: {type: bool, default: false}, hold: {type: bool, default: false}}
    refuse:
      posted: {at: delete, when: posted, message: "{name} 记过账，不能删除"}
    checks:
      held: {at: [delete, merge], valid_when: not hold}
    permissions: {boss: {read: all, create: true, update: all, delete: all}}
"""


@pytest.fixture
def papers(installation: Installation, enterprise: Callable[..., Enterprise]) -> Company:
    return Company(installation, enterprise(PAPERS), {"boss": ["boss"]})


def test_a_record_is_not_deleted_against_its_rules(papers: Any) -> None:
    with papers.as_("boss") as door:
        plain, posted, held = (
            door.create("paper", {"name": name, **more}).id
            for name, more in (("一", {}), ("二", {"posted": True}), ("三", {"hold": True}))
        )
        with pytest.raises(Refused, match="二 记过账，不能删除"):
            door.delete("paper", posted)
        with pytest.raises(Refused):
            door.delete("paper", held)
        door.delete("paper", plain)
        assert {record.id for record in door.list("paper").records} == {posted, held}
        door.update("paper", posted, {"posted": False})
        door.delete("paper", posted)
