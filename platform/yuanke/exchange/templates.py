"""An empty workbook to fill in: one column for each field a person may fill, options as drop-down lists.

The one rule: what is filled in below its header is understood by the import without a mapping.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from yuanke.exchange.writers import sheet_name
from yuanke.metadata.registry import Entity, Field

if TYPE_CHECKING:
    import xlsxwriter

ROWS_WITH_LISTS = 5_000
#: a drop-down list written into the cell itself holds no more characters than this
LONGEST_INLINE = 255
#: kinds of fields that no cell can hold
NOT_IN_CELLS = frozenset({"file", "image", "rows"})


def write_template(entity: Entity, writable: frozenset[str], path: Path, locale: str = "zh") -> list[str]:
    """Write the workbook; the keys of its columns in order. Required fields come first and are marked by colour."""
    import xlsxwriter  # heavy, and not needed to serve pages

    fields = template_fields(entity, writable)
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(sheet_name(entity.plural.say(locale)))
    lists = book.add_worksheet("lists")
    usual, required = book.add_format({"bold": True}), book.add_format({"bold": True, "bg_color": "#FFF2CC"})
    text = book.add_format({"num_format": "@"})
    for column, known in enumerate(fields):
        label = known.label.say(locale)
        # a column of texts is formatted as text, so that codes keep their zeros and long numbers their digits
        sheet.set_column(column, column, max(12, 2 * len(label) + 2), None if known.type.numeric else text)
        sheet.write_string(0, column, label, required if known.required else usual)
        if known.help is not None:
            sheet.write_comment(0, column, known.help.say(locale))
        if known.options and not known.multiple:
            _offer(sheet, lists, column, [o.label.say(locale) for o in known.options.values() if not o.retired])
    sheet.freeze_panes(1, 0)
    lists.hide()
    book.close()
    return [known.key for known in fields]


def template_fields(entity: Entity, writable: frozenset[str]) -> list[Field]:
    """What a person fills in: required fields first, then the others in the order of the form."""
    asked = [
        f
        for key, f in entity.fields.items()
        if key in writable and not f.retired and f.source == "typed" and f.type.name not in NOT_IN_CELLS
    ]
    return sorted(asked, key=lambda f: not f.required) + [entity.fields["owner"]] * ("owner" in writable)


def _offer(
    sheet: xlsxwriter.worksheet.Worksheet, lists: xlsxwriter.worksheet.Worksheet, column: int, labels: list[str]
) -> None:
    """A drop-down list below the header; a long one stands on a hidden sheet."""
    if sum(map(len, labels)) + len(labels) <= LONGEST_INLINE and not any("," in label for label in labels):
        source: list[str] | str = labels
    else:
        for row, label in enumerate(labels):
            lists.write_string(row, column, label)
        from xlsxwriter.utility import xl_col_to_name

        name = xl_col_to_name(column, col_abs=True)
        source = f"=lists!{name}$1:{name}${len(labels)}"
    sheet.data_validation(
        1, column, ROWS_WITH_LISTS, column, {"validate": "list", "source": source, "ignore_blank": True}
    )
