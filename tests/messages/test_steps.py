"""What the steps of an action tell: the whole way from YAML to inbox, workbench, mail server and receiver."""

from __future__ import annotations

import io
from typing import Any

import pytest
from yuanke.kernel.errors import Refused

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


def papers(firm: Firm, *files: tuple[str, bytes]) -> int:
    def put(unit: Any, actor: Any) -> list[dict[str, int]]:
        return [{"id": int(unit.files.put(io.BytesIO(content), name, actor.user_id).id)} for name, content in files]

    with firm.unit() as unit:
        ids = put(unit, firm.actor(unit, "mo"))
    deal = firm.deal("lin")
    firm.door("mo", lambda r: r.update("deal", deal, {"papers": ids}))
    return deal


def test_a_letter_takes_the_files_of_a_field_along(firm: Firm, mailbox: Mailbox) -> None:
    from yuanke.workflow import perform

    content = bytes(range(256)) * 40
    deal = papers(firm, ("报价 单.txt", "第一页\n".encode()), ("数据.bin", content))
    with firm.unit() as unit:
        perform(unit, firm.actor(unit, "root"), "deal", deal, "send")
    firm.run()
    (letter,) = mailbox.to("lin@example.com")
    found = {part.get_filename(): part.get_payload(decode=True) for part in letter.iter_attachments()}
    assert found == {"报价 单.txt": "第一页\n".encode(), "数据.bin": content}
    assert "见附件" in letter.get_body(("plain",)).get_content()


def test_a_letter_without_files_and_one_with_too_many(firm: Firm, mailbox: Mailbox) -> None:
    from yuanke.messages import mail
    from yuanke.workflow import perform

    deal = firm.deal("lin")
    with firm.unit() as unit:
        perform(unit, firm.actor(unit, "root"), "deal", deal, "send")
        with pytest.raises(Refused, match=r"附件共 16\.0 MB，一封邮件最多 15 MB"):
            mail(
                unit,
                ["a@example.com"],
                "x",
                "y",
                files=[{"id": 1, "name": "a", "size": 1 << 23}, {"id": 2, "name": "b", "size": 1 << 23}],
            )
    firm.run()
    (letter,) = mailbox.to("lin@example.com")
    assert list(letter.iter_attachments()) == []
