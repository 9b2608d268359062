"""Documents that make the next one (``becomes``) and rows kept in step with others (``fills``).

The one rule: what is left to convert is a figure of the document, never a counter: a second click offers what is left.
"""

from yuanke.workflow.documents.becomes import Draft, drafts, follow, make, offered
from yuanke.workflow.documents.chain import chain

__all__ = ["Draft", "chain", "drafts", "follow", "make", "offered"]
