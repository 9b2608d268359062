from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from yuanke.jobs import run_pending
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.storage.backup import backup
from yuanke.storage.restore import restore


def test_a_restored_copy_runs_none_of_the_jobs_it_was_copied_with(
    installation: Any, enterprise: Any, tmp_path: Path
) -> None:
    at = enterprise("entities: {thing: {fields: {name: text!}}}")
    with installation.unit(at, write=True) as unit:
        row = {
            "kind": "refresh_day", "arguments": {}, "state": "queued", "progress": 0.0, "run_at": clock.now(), "attempts": 0,
            "cancel_asked": False, "acting": "engine", "created_at": clock.now(), "once": "ever",
        }  # fmt: skip
        unit.execute(JOB.insert().values(row))
    backup(installation, at.slug, tmp_path / "copy")
    copy = restore(installation, tmp_path / "copy", "copy", "副本")
    assert run_pending(installation, copy) == 0
    with installation.unit(copy) as unit:
        assert unit.execute(sa.select(JOB.c.state)).scalars().all() == ["cancelled"]
    with installation.unit(at) as unit:
        assert unit.execute(sa.select(JOB.c.state)).scalars().all() == ["queued"]
