"""What happens by itself: after or before what people do, at moments, on schedules, when another system calls.

The one rule: an automation runs after the commit, as a job, and its effect stands once; only ``before:`` belongs to the
transaction that sets it off.
"""

from yuanke.workflow.automations.declared import Automation, automations, find

__all__ = ["Automation", "automations", "find"]
