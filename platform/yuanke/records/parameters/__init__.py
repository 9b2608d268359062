"""Values of settings: who may change which, what they must keep to, and what follows from a change.

The one rule: a change is seen by every worker on its next request, and stored figures that read it are computed anew.
"""

from yuanke.records.parameters.changing import change_settings, changeable, past_of_settings
from yuanke.records.parameters.refill import REFILL, refill

__all__ = ["REFILL", "change_settings", "changeable", "past_of_settings", "refill"]
