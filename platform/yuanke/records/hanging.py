"""What hangs on records by name and number (comments, favourites): only on records that its author may read.

The one rule: whoever may read a record may say something about it; a number is no right to write beside it.
"""

from __future__ import annotations

from typing import Any

from yuanke.kernel.errors import AccessDenied, RecordNotFound
from yuanke.kernel.text import message
from yuanke.records.reading import get_record

HANGING = frozenset({"comment", "favourite"})


def check_hanging(save: Any) -> None:
    """A fault at ``record`` for one that is not there, or not for this reader."""
    if save.entity.key not in HANGING or save.verb not in ("create", "update") or save.actor.engine:
        return
    if save.old is not None and not (save.changed("entity") or save.changed("record")):
        return
    entity = save.unit.registry.entities.get(str(save.get("entity") or ""))
    if entity is None or entity.kind == "pair":
        save.fault("entity", message("没有名为 {entity} 的数据", entity=save.get("entity") or ""))
    elif save.get("record") is not None:
        try:
            get_record(save.unit, save.actor, entity, int(save.get("record")), ())
        except (RecordNotFound, AccessDenied):
            save.fault("record", message("没有找到这条记录，或你无权查看"))
