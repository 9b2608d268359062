"""Views resolved: what an upper layer says of the order of a form's sections."""

from __future__ import annotations

from yuanke.metadata import Layer, check_layers, compile_layers

NOTES = """
module: notes
label: 便签
entities:
  note:
    label: 便签
    fields: {title: text!, due: date, memo: long_text}
    views: {form: {sections: {基本: [title], 时间: [due], 其他: [memo]}}}
    permissions: {everyone: {read: all}}
"""


def own(order: list[str]) -> Layer:
    return Layer.from_plain("own", "enterprise", {"entities": {"note": {"views": {"form": {"order": order}}}}})


def headings(layers: list[Layer]) -> list[str]:
    form = compile_layers(layers).entities["note"].views["form"]
    return [str(section["key"]) for section in form.body["sections"]]


def test_an_upper_layer_orders_the_sections_of_a_form() -> None:
    module = Layer.read_text(NOTES, "notes.yaml", "module")
    assert headings([module]) == ["基本", "时间", "其他"]
    assert headings([module, own(["其他", "基本"])]) == ["其他", "基本", "时间"]


def test_a_section_that_is_not_there_is_told_and_stops_nothing() -> None:
    layers = [Layer.read_text(NOTES, "notes.yaml", "module"), own(["时刻", "时间"])]
    assert headings(layers) == ["时间", "基本", "其他"]
    told = [d for d in check_layers(layers) if d.code == "W604"]
    assert len(told) == 1 and "时刻" in told[0].summary
