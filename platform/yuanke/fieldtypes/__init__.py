"""One class for each kind of field: its column, what it takes, how it is compared, shown, imported and exported."""

from yuanke.fieldtypes.base import FieldSpec, FieldType, Place, ValueFault
from yuanke.fieldtypes.catalogue import catalogue
from yuanke.fieldtypes.columns import Pointer
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.link import Unresolved
from yuanke.fieldtypes.operators import OPERATORS, Operator
from yuanke.fieldtypes.sample import SampleField, SampleOption
from yuanke.fieldtypes.strings import TextType

__all__ = [
    "OPERATORS", "FieldSpec", "FieldType", "Operator", "Place", "Pointer", "SampleField", "SampleOption", "TextType",
    "Unresolved", "ValueFault", "catalogue", "expected",
]  # fmt: skip
