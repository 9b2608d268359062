"""Duplicates that a rule refuses (``refuse: true``): told at the field when the record is saved.

The one rule: the sentence names the other record only to whoever may see it.
"""

from __future__ import annotations

from typing import Any

from yuanke.kernel.text import message
from yuanke.metadata.registry import DuplicateRule
from yuanke.records.carried import titles_of
from yuanke.records.duplicates.finding import forms_of, ids_alike
from yuanke.records.save import Save


def check_duplicates(save: Save) -> None:
    """A fault at the first field of a rule that another record, or an earlier one of the same batch, makes a duplicate."""
    if save.verb not in ("create", "update") or save.parent is not None:
        return
    for rule in save.entity.duplicates:
        if not rule.refuse or not rule.match or not any(save.changed(name) for name in rule.match):
            continue
        values = {name: save.get(name) for name in rule.match}
        if any(value is None or value == "" for value in values.values()):
            continue
        others = [one for one in ids_alike(save.unit, save.entity, values) if one != save.id]
        if others or _in_this_batch(save, rule, values):
            _tell(save, rule, others)


def _in_this_batch(save: Save, rule: DuplicateRule, values: dict[str, Any]) -> bool:
    """Whether a save before this one, not written yet and not refused, says the same."""
    kept: dict[Any, Save] = save.unit.kept.setdefault(("refused duplicates", save.entity.key, rule.name), {})
    mark = forms_of(save.unit, save.entity, list(values), list(values.values()))
    before = kept.get(mark)
    kept[mark] = save
    return before is not None and before is not save and before.refusal is None and not before.errors and not before.id


def _tell(save: Save, rule: DuplicateRule, others: list[int]) -> None:
    field = save.entity.fields[rule.match[0]]
    titles = titles_of(save.unit, save.actor, save.entity, others[:1])
    if titles:
        said = message("已有相同的{entity}：{title}", entity=save.entity.label, title=next(iter(titles.values())))
    else:
        said = message("已有相同的{entity}", entity=save.entity.label)
    save.fault(field.key, said)
