"""Sentences in the language of somebody who is not here: files and mails that a job writes.

The one rule: faces that answer a request translate with Flask-Babel; only what has no request asks here.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from pathlib import Path

from yuanke.kernel.text import Translate

FOLDER = Path(__file__).resolve().parent.parent / "translations"


@lru_cache(maxsize=8)
def translator(locale: str) -> Translate:
    """What `Message.say` takes, for ``zh``, ``en`` or any other code; an unknown one says Chinese."""
    return gettext.translation("messages", FOLDER, [locale.partition("_")[0]], fallback=True).gettext
