"""Records handed over to another person, with what goes along; all of somebody who leaves.

The one rule: a transfer is a right of its own, it moves out of the giver's sight, and it can be taken back for a while.
"""

from yuanke.records.transferring.leaving import Belongings, HandedOver, belongings, hand_over
from yuanke.records.transferring.transfer import Transferred, transfer

__all__ = ["Belongings", "HandedOver", "Transferred", "belongings", "hand_over", "transfer"]
