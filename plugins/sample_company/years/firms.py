"""Three hundred firms: the sixty of the small company, and more that are put together of a city, a brand and a trade."""

from __future__ import annotations

from itertools import product
from random import Random

from pypinyin import lazy_pinyin

from ..firms import CITIES, FIRMS, Firm

_BRANDS = "宏图 金石 远航 华泰 新锐 天成 永兴 嘉禾 中恒 卓越 东升 明德 正大 安泰 百川 凌云 长青 瑞丰 汇智 同创"
_TRADES = """
科技有限公司 software
电子有限公司 electronics
机械制造有限公司 machinery
汽车配件有限公司 automotive
新材料有限公司 chemicals
食品有限公司 food
服饰有限公司 textiles
医疗器械有限公司 pharma
建筑工程有限公司 construction
新能源有限公司 energy
商贸有限公司 wholesale
物流有限公司 logistics
连锁超市有限公司 retail
酒店管理有限公司 catering
教育科技有限公司 education
文化传媒有限公司 media
农业科技有限公司 agriculture
企业管理咨询有限公司 services
"""
_STREETS = ["人民路", "建设大道", "解放路", "工业园一路", "创业街", "滨江路", "迎宾大道", "文化路"]
_SIZES = ["up_to_50", "up_to_50", "up_to_200", "up_to_200", "up_to_500", "up_to_1000", "over_1000"]


def firms(count: int, rng: Random) -> list[Firm]:
    """``count`` firms of different names, the known ones first."""
    trades = [line.split() for line in _TRADES.split("\n") if line]
    invented = list(product(CITIES, _BRANDS.split()))
    rng.shuffle(invented)
    found = FIRMS[:count]
    for at, (city, brand) in enumerate(invented[: count - len(found)]):
        found.append(_firm(city, brand, *trades[at % len(trades)], rng))
    return found


def _firm(city: str, brand: str, trade: str, industry: str, rng: Random) -> Firm:
    domain = "".join(lazy_pinyin(brand + city))
    street = f"{city}市{rng.choice(_STREETS)} {rng.randint(1, 999)} 号"
    name = f"{city}{brand}{trade}"
    return Firm(CITIES[city], name, city + brand, domain, industry, rng.choice(_SIZES), rng.choice("abbbcc"), street)
