"""What moves business: transitions and actions, the steps they do, approvals, automations.

The one rule: only this package writes a workflow's state field.
"""

from yuanke.workflow.acts import Act, act, acts
from yuanke.workflow.offers import Offer, offers
from yuanke.workflow.perform import carry_out, perform

__all__ = ["Act", "Offer", "act", "acts", "carry_out", "offers", "perform"]
