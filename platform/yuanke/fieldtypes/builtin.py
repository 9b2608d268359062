"""The platform's own field types, brought through the same hook as a plugin's."""

from __future__ import annotations

from yuanke.fieldtypes.address import Address
from yuanke.fieldtypes.barcode import Barcode
from yuanke.fieldtypes.base import FieldType
from yuanke.fieldtypes.boolean import Bool
from yuanke.fieldtypes.choice import Choice
from yuanke.fieldtypes.choices import Choices
from yuanke.fieldtypes.clocktime import Time
from yuanke.fieldtypes.color import Color
from yuanke.fieldtypes.date import Date
from yuanke.fieldtypes.department import Department
from yuanke.fieldtypes.duration import Duration
from yuanke.fieldtypes.dynamic_link import DynamicLink
from yuanke.fieldtypes.email import Email
from yuanke.fieldtypes.file import File
from yuanke.fieldtypes.image import Image
from yuanke.fieldtypes.instant import DateTime
from yuanke.fieldtypes.integer import Integer
from yuanke.fieldtypes.json_value import JsonValue
from yuanke.fieldtypes.link import Link
from yuanke.fieldtypes.links import Links
from yuanke.fieldtypes.long_text import LongText
from yuanke.fieldtypes.money import Money
from yuanke.fieldtypes.month import Month
from yuanke.fieldtypes.number import Number
from yuanke.fieldtypes.percent import Percent
from yuanke.fieldtypes.phone import Phone
from yuanke.fieldtypes.position import Position
from yuanke.fieldtypes.price import Price
from yuanke.fieldtypes.quantity import Quantity
from yuanke.fieldtypes.rating import Rating
from yuanke.fieldtypes.region import Region
from yuanke.fieldtypes.rich_text import RichText
from yuanke.fieldtypes.rows import Rows
from yuanke.fieldtypes.sequence import Sequence
from yuanke.fieldtypes.tags import Tags
from yuanke.fieldtypes.text import Text
from yuanke.fieldtypes.url import Url
from yuanke.fieldtypes.user import User
from yuanke.kernel.hooks import impl

TYPES: tuple[type[FieldType], ...] = (
    Text,
    LongText,
    RichText,
    Integer,
    Number,
    Quantity,
    Money,
    Price,
    Percent,
    Bool,
    Date,
    DateTime,
    Time,
    Month,
    Duration,
    Choice,
    Choices,
    Link,
    DynamicLink,
    Links,
    Rows,
    User,
    Department,
    Phone,
    Email,
    Url,
    Region,
    Address,
    Position,
    File,
    Image,
    Rating,
    Tags,
    Color,
    Barcode,
    Sequence,
    JsonValue,
)


@impl(trylast=True)
def field_types() -> list[FieldType]:
    return [kind() for kind in TYPES]
