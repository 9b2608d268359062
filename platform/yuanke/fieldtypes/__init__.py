"""One class for each kind of field: its column, what it takes, how it is compared, shown, imported and exported."""

from yuanke.fieldtypes.base import FieldSpec, FieldType, Place, ValueFault
from yuanke.fieldtypes.catalogue import catalogue
from yuanke.fieldtypes.columns import Pointer
from yuanke.fieldtypes.link import LinkValue, Unresolved
from yuanke.fieldtypes.links import LinkChange
from yuanke.fieldtypes.telling import type_name, type_of_kind

__all__ = [
    "FieldSpec", "FieldType", "LinkChange", "LinkValue", "Place", "Pointer", "Unresolved", "ValueFault",
    "catalogue", "type_name", "type_of_kind",
]
