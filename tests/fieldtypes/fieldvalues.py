"""Values of every type that has a column, as they are once parsed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st
from yuanke.fieldtypes import FieldType, Place, Pointer, ValueFault, catalogue
from yuanke.fieldtypes import SampleField as Spec
from yuanke.fieldtypes import SampleOption as Option
from yuanke.fieldtypes.region import divisions
from yuanke.kernel.text import Label


class LinkValue(NamedTuple):
    """A link as whoever reads records hands it out."""

    id: int | None
    title: str | None
    hidden: bool = False


OPTIONS = {
    "new": Option(Label("新建", "New")),
    "won": Option(Label("赢单", "Won"), {"probability": 100}),
    "a,b": Option(Label("甲，乙", "A, B")),
    "丙": Option(Label("新建", "Third")),  # shares its Chinese label with `new`
}
SPECS = {
    "choice": Spec(options=OPTIONS),
    "choices": Spec(options=OPTIONS, multiple=True),
    "dynamic_link": Spec(targets=("a", "b_c")),
    "file": Spec(multiple=True),
    "link": Spec(targets=("customer",)),
}

PLACES = [Place(), Place(locale="en", timezone="America/New_York", currency="USD"), Place(timezone="UTC")]
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


def spec_of(kind: FieldType) -> Spec:
    return SPECS.get(kind.name, Spec())


def exact(places: int, digits: int) -> st.SearchStrategy[Decimal]:
    most = 10**digits - 1
    return st.integers(-most, most).map(lambda units: Decimal(units).scaleb(-places))


def scalars() -> st.SearchStrategy[Any]:
    return (
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | words
    )


RAW: dict[str, st.SearchStrategy[Any]] = {
    "text": words,
    "long_text": st.lists(words, max_size=4).map("\n".join),
    "address": words,
    "position": st.fixed_dictionaries({"lat": st.floats(-90, 90), "lng": st.floats(-180, 180)}),
    "sequence": words,
    "rich_text": st.lists(st.tuples(st.sampled_from(["p", "b", "h1", "script", "li"]), words), max_size=4).map(
        lambda parts: "".join(f"<{tag}>{text}</{tag}>" for tag, text in parts)
    ),
    "barcode": st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
    "integer": st.integers(-(2**53) + 1, 2**53 - 1),
    "rating": st.integers(1, 5),
    "number": exact(6, 18),
    "quantity": exact(6, 18),
    "money": exact(2, 18),
    "price": exact(4, 18),
    "percent": exact(4, 12),
    "bool": st.booleans(),
    "date": st.dates(date(1000, 1, 1), date(9998, 12, 31)),
    "month": st.dates(date(1000, 1, 1), date(9998, 12, 31)),
    "datetime": st.datetimes(datetime(1000, 1, 2), datetime(9998, 12, 30), timezones=st.just(UTC)),
    "time": st.times(),
    "duration": st.integers(-600_000_000, 600_000_000).map(lambda minutes: timedelta(minutes=minutes)),
    "choice": st.sampled_from(sorted(OPTIONS)),
    "choices": st.lists(st.sampled_from(sorted(OPTIONS))),
    "link": st.integers(1, 2**63 - 1),
    "user": st.integers(1, 2**63 - 1),
    "department": st.integers(1, 2**63 - 1),
    "dynamic_link": st.builds(Pointer, st.sampled_from(["a", "b_c"]), st.integers(1, 2**63 - 1)),
    "phone": st.from_regex(
        r"(\+86 ?)?1[3-9][0-9]{9}|0[1-9][0-9]{1,2}-[1-9][0-9]{6,7}( 转 [1-9][0-9]{0,3})?", fullmatch=True
    ),
    "email": st.emails(),
    "url": st.from_regex(r"(https?://)?[a-z]{1,10}\.(com|cn)(/[a-z0-9?=&%]{0,10})?", fullmatch=True),
    "region": st.sampled_from(sorted(path for path in divisions() if path)) | words,
    "tags": st.lists(words.filter(lambda word: len(word) < 50), max_size=6),
    "color": st.from_regex(r"#?[0-9a-fA-F]{6}", fullmatch=True),
    "json": st.dictionaries(
        words, st.recursive(scalars(), lambda inner: st.lists(inner, max_size=3), max_leaves=5), min_size=1, max_size=3
    ),
    "file": st.lists(
        st.integers(1, 10**9).map(lambda key: {"id": key, "name": "合同.pdf", "size": 10, "type": "application/pdf"}),
        max_size=3,
    ),
    "image": st.integers(1, 10**9),
}

COLUMNS = [kind for kind in catalogue().values() if kind.stored]


def values_of(kind: FieldType) -> st.SearchStrategy[Any]:
    """Parsed values; what is no value of the type (a tag with a comma) is passed over."""
    return RAW[kind.name].map(lambda raw: parsed(kind, raw)).filter(lambda value: value is not None)


def parsed(kind: FieldType, raw: Any) -> Any:
    try:
        return kind.parse(spec_of(kind), raw, Place())
    except ValueFault:
        return None
