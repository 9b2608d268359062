"""A link that is computed on reading leads there and not back: no column holds it."""

from __future__ import annotations

from yuanke.metadata import Layer, compile_layers

BOUGHT = """
module: bought
roles: {clerk: 文员}
entities:
  member: {fields: {name: text!}, permissions: {clerk: {read: all}}}
  deal: {fields: {name: text!, member: {link: member, inverse: deals}}, permissions: {clerk: {read: all}}}
  buy:
    fields: {name: text!, deal: {link: deal}, for: {link: member, inverse: buys, formula: deal.member}}
    permissions: {clerk: {read: all}}
"""


def test_a_computed_link_makes_no_collection_on_its_target() -> None:
    text = BOUGHT.replace("for: {link", "meant: {link")
    registry = compile_layers([Layer.read_text(text, "bought.yaml", "module")])
    assert registry.entities["buy"].fields["meant"].source == "computed"
    assert set(registry.entities["member"].inverses) == {"deals"}
