"""What this package brings to the platform: the guard of states at every save."""

from __future__ import annotations

from typing import Any

from yuanke.kernel.hooks import impl
from yuanke.workflow.guard import guard_state


@impl
def before_save(save: Any) -> None:
    guard_state(save)
