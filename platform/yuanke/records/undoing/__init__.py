"""What one person did at once, kept together so that it can be taken back: merges, transfers, shares, imports, bulk
edits, acts.

The one rule: undoing gives back only what still stands as it was written; whatever came later stays, and is told.
"""

from yuanke.records.undoing.backwards import Left, Undone
from yuanke.records.undoing.sets import ChangeSet, recorded, resumed
from yuanke.records.undoing.undo import undo, why_not

__all__ = ["ChangeSet", "Left", "Undone", "recorded", "resumed", "undo", "why_not"]
