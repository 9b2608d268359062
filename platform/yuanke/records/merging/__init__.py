"""Records that say the same thing twice become one, and come apart again when that was a mistake."""

from yuanke.records.merging import undone as _undone  # noqa: F401 - says what the details of a merge mean for undoing it
from yuanke.records.merging.merge import MOST, Merged, merge
from yuanke.records.merging.preview import Preview, preview
from yuanke.records.redirects import led_on

__all__ = ["MOST", "Merged", "Preview", "led_on", "merge", "preview"]
