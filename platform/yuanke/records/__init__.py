"""The one door to data: authorise, validate, compute, number, store, index, audit, tell."""

from yuanke.records.door import Records
from yuanke.records.save import Save
from yuanke.records.values import (
    Batch,
    Condition,
    HistoryEntry,
    LinkValue,
    Outcome,
    Page,
    Query,
    Record,
    SearchHit,
    Typed,
)

__all__ = [
    "Batch",
    "Condition",
    "HistoryEntry",
    "LinkValue",
    "Outcome",
    "Page",
    "Query",
    "Record",
    "Records",
    "Save",
    "SearchHit",
    "Typed",
]
