"""Units of measure beside a number, in the language of the page.

The one rule: what is not among the common ones stands as it was declared.
"""

from __future__ import annotations

from yuanke.kernel.text import Message, message

_COMMON = (
    message("年"), message("个月"), message("周"), message("天"), message("小时"), message("分钟"), message("秒"), message("次"), message("个"),
    message("件"), message("台"), message("块"), message("条"), message("盒"), message("箱"), message("页"), message("米"), message("公里"),
    message("公斤"), message("吨"), message("人"),
)  # fmt: skip
COMMON: dict[str, Message] = {one.text: one for one in _COMMON}
