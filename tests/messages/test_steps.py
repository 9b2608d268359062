"""What the steps of an action tell: the whole way from YAML to inbox, workbench, mail server and receiver."""

from __future__ import annotations

from tests.messages.conftest import Firm, Mailbox, Receiver


def test_an_action_tells_people_and_systems(firm: Firm, mailbox: Mailbox, receiver: Receiver) -> None:
    from yuanke import messages
    from yuanke.workflow import perform

    firm.door("root", lambda r: r.create("webhook", {"name": "erp", "url": receiver.url}))
    deal = firm.deal("lin", amount="1200")
    with firm.unit() as unit:
        perform(unit, firm.actor(unit, "mo"), "deal", deal, "tell")
        assert receiver.got == [] and mailbox.got == [], "nothing leaves before the commit"
    firm.run()
    assert "之江扩容 已到 进行中，金额 1,200.00" in firm.texts("lin")[-1].replace("¥", "")
    with firm.unit(write=False) as unit:
        assert [one.text for one in messages.reminders_of(unit, firm.actor(unit, "lin"))] == ["之江扩容 待跟进"]
    assert [str(mail["Subject"]) for mail in mailbox.to("lin@example.com")] == ["[爱客 科技] 关于 之江扩容"]
    assert receiver.json()["type"] == "deal.tell"
    assert receiver.json()["data"] == {"entity": "deal", "id": deal, "amount": "1200.00"}
    firm.door("mo", lambda r: r.update("deal", deal, {"stage": "won"}))
    with firm.unit(write=False) as unit:
        assert messages.reminders_of(unit, firm.actor(unit, "lin")) == []
