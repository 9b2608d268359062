"""Mail out, over a real connection to a real server of mail."""

from __future__ import annotations

import datetime
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from yuanke import messages
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.messages import account
from yuanke.messages.letters import one_line

from tests.messages.conftest import Firm, Mailbox, mail_server


def send(firm: Firm, to: Any, subject: str = "报价", text: str = "请查收", **more: Any) -> list[int]:
    with firm.unit() as unit:
        made = messages.mail(unit, to, subject, text, **more)
    firm.run()
    return made


def body(mail: Any, kind: str) -> str:
    return str(mail.get_body((kind,)).get_content()).replace("\r\n", "\n")


def outcome(firm: Firm) -> list[tuple[str, Any]]:
    return [(job.state, job.error["text"] if job.error else job.result) for job in firm.jobs("mail")]


def test_a_letter_goes_to_people_and_addresses_each_on_its_own(firm: Firm, mailbox: Mailbox) -> None:
    made = send(
        firm,
        [firm.ids["lin"], "buyer@example.org", firm.ids["lin"]],
        "报价 Q-1",
        "您好\n请查收",
        entity="deal",
        record=3,
    )
    assert len(made) == 2 and [to for _from, to, _mail in mailbox.got] == [["lin@example.com"], ["buyer@example.org"]]
    mail = mailbox.mails[0]
    assert mail["Subject"] == "[爱客 科技] 报价 Q-1" and str(mail["From"]) == "CRM <crm@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"] is not None
    text, html = (body(mail, kind) for kind in ("plain", "html"))
    assert "您好\n请查收" in text and "请查收" in html and "<script" not in html


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_letter_leads_to_the_record_where_an_address_is_known(firm: Firm, mailbox: Mailbox, monkeypatch: Any) -> None:
    send(firm, [firm.ids["lin"]], entity="deal", record=3)
    monkeypatch.setenv("YUANKE_ADDRESS", "https://crm.example.com/")
    send(firm, [firm.ids["lin"]], entity="deal", record=3)
    bare, linked = (body(mail, "plain") for mail in mailbox.mails)
    assert "http" not in bare and "https://crm.example.com/records/deal/3" in linked
    assert 'href="https://crm.example.com/me/messages"' in body(mailbox.mails[1], "html")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_people_without_an_address_are_passed_over(firm: Firm, mailbox: Mailbox) -> None:
    with firm.unit() as unit:
        unit.execute(unit.tables["user"].update().where(unit.tables["user"].c.username == "yu").values(email=None))
    assert send(firm, [firm.ids["yu"], "yu@users.invalid", "YU@USERS.INVALID", " "]) == []
    assert mailbox.got == []


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    "to",
    [
        "a@example.org\r\nBcc: evil@example.org",
        "a@example.org, b@example.org",
        "no address",
        "<a@example.org>\nX: y",
        "a@b@c",
    ],
)
def test_an_address_cannot_begin_a_header_of_its_own(firm: Firm, mailbox: Mailbox, to: str) -> None:
    send(firm, to)
    assert mailbox.got == []
    assert outcome(firm)[0] == ("failed", "邮箱地址不正确：{address}")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_subject_cannot_begin_a_header_or_end_the_letter(firm: Firm, mailbox: Mailbox) -> None:
    hostile = "报价\r\nBcc: evil@example.org\r\n\r\n<b>正文</b>\x00\u2028x"
    send(firm, "a@example.org", hostile, "一行\n.\n又一行<script>alert(1)</script>")
    mail = mailbox.mails[0]
    assert mail["Bcc"] is None and mailbox.got[0][1] == ["a@example.org"]
    assert mail["Subject"] == "[爱客 科技] 报价 Bcc: evil@example.org <b>正文</b> x"
    assert "一行\n.\n又一行<script>" in body(mail, "plain")
    assert "<script" not in body(mail, "html")


def test_a_server_that_is_away_gets_the_letter_later_under_the_same_id(
    firm: Firm, mailbox: Mailbox, monkeypatch: Any
) -> None:
    url = f"smtp://127.0.0.1:{mailbox.port}?from=crm@example.com"
    monkeypatch.setenv("YUANKE_MAIL_URL", "smtp://127.0.0.1:9?from=crm@example.com")
    send(firm, "a@example.org")
    assert outcome(firm) == [("queued", "邮件服务器没有回应：{host}")] or outcome(firm)[0][0] == "queued"
    monkeypatch.setenv("YUANKE_MAIL_URL", url)
    mailbox.refuse["a@example.org"] = "451 try later"
    _run_later(firm)
    assert outcome(firm)[0] == ("queued", "邮件服务器暂时拒收：{reason}") and mailbox.got == []
    mailbox.refuse.clear()
    _run_later(firm)
    assert outcome(firm)[0][0] == "done" and len(mailbox.got) == 1
    assert mailbox.mails[0]["Message-ID"] == f"<{firm.jobs('mail')[0].arguments['token']}.{firm.slug}@example.com>"
    _again(firm)
    assert len(mailbox.got) == 1, "a job that is run again after its letter is out sends no second one"


def test_a_letter_that_the_server_refuses_for_good_is_not_tried_again(firm: Firm, mailbox: Mailbox) -> None:
    mailbox.refuse["gone@example.org"] = "550 no such user"
    send(firm, ["gone@example.org", "a@example.org"])
    assert outcome(firm)[0] == ("failed", "邮件服务器拒收：{reason}")
    assert [to for _from, to, _mail in mailbox.got] == [["a@example.org"]]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_dead_server_is_left_alone_for_a_while(firm: Firm, mailbox: Mailbox, monkeypatch: Any) -> None:
    monkeypatch.setenv("YUANKE_MAIL_URL", "smtp://127.0.0.1:9?from=crm@example.com")
    send(firm, [f"a{n}@example.org" for n in range(7)])
    said = [text for _state, text in outcome(firm)]
    assert said[:5] == [said[0]] * 5 and said[5:] == ["{target} 接连失败，暂停访问"] * 2


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_without_a_server_the_job_says_so(firm: Firm, monkeypatch: Any) -> None:
    monkeypatch.delenv("YUANKE_MAIL_URL", raising=False)
    send(firm, "a@example.org")
    assert outcome(firm) == [("failed", "还没有设置邮件服务器")]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_server_of_an_enterprise_is_subject_to_the_same_rules(
    firm: Firm, mailbox: Mailbox, monkeypatch: Any
) -> None:
    monkeypatch.delenv("YUANKE_ALLOW_ADDRESSES")
    with firm.unit() as unit:
        account.change(unit, None, host="127.0.0.1", port=mailbox.port, security="none", sender="a@example.com")
    send(firm, "a@example.org")
    assert mailbox.said == [] and outcome(firm) == [("failed", "不能访问 {host}：它在内网，或不是公网地址")]


# -- encryption ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and its certificate for 127.0.0.1, by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl on this machine to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    made = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    named = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "one.pem"]
    subprocess.run([openssl, "req", "-x509", *made, *named], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "one.pem").read_bytes())
    return both


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_letters_go_encrypted_to_a_server_that_proves_who_it_is(
    firm: Firm, certificate: Path, security: str, monkeypatch: Any
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("YUANKE_ALLOW_ADDRESSES", "127.0.0.1")
    with mail_server(context, from_the_start=security == "ssl") as box:
        with firm.unit() as unit:
            account.change(
                unit, None, host="127.0.0.1", port=box.port, security=security, username="crm@example.com", password="p&w",
            )  # fmt: skip
        send(firm, "a@example.org")
        assert outcome(firm) == [("failed", "邮件服务器的证书不可信：{host}")] and box.got == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        send(firm, "a@example.org")
        assert outcome(firm)[1][0] == "done" and box.mails[0]["From"] == "crm@example.com"
        assert any(word.startswith("AUTH") for word in box.said) and (
            security == "ssl" or "STARTTLS" in map(str.upper, box.said)
        )


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_server_without_the_encryption_asked_for_gets_nothing(firm: Firm, mailbox: Mailbox) -> None:
    with firm.unit() as unit:
        account.change(unit, None, host="127.0.0.1", port=mailbox.port, security="starttls", sender="a@example.com")
    send(firm, "a@example.org")
    assert outcome(firm) == [("failed", "邮件服务器不支持所选的加密或登录方式")] and mailbox.got == []


# -- messages by mail ---------------------------------------------------------------------------------------------


def test_what_one_wants_by_mail_comes_by_mail(firm: Firm, mailbox: Mailbox) -> None:
    firm.prefer("lin", channels={"mail": ["notice"]})
    firm.prefer("yu", channels={"mail": []})
    with firm.unit() as unit:
        to = [firm.ids[name] for name in ("lin", "mo", "yu")]
        messages.notify(unit, to, "新公告\n第二行", kind="notice")
        messages.notify(unit, to, "请审批", kind="approval")
    firm.run()
    got = sorted((to[0], str(mail["Subject"])) for _from, to, mail in mailbox.got)
    assert got == [("lin@example.com", "[爱客 科技] 通知：新公告"), ("mo@example.com", "[爱客 科技] 审批：请审批")]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_mail_is_in_the_language_of_whom_it_is_for(firm: Firm, mailbox: Mailbox) -> None:
    with firm.unit() as unit:
        unit.execute(unit.tables["user"].update().where(unit.tables["user"].c.username == "mo").values(locale="en"))
    with firm.unit() as unit:
        messages.notify(unit, [firm.ids["mo"]], "请审批", kind="approval")
    firm.run()
    mail = mailbox.mails[0]
    assert mail["Subject"] == "[爱客 科技] Approval: 请审批"
    assert "This mail was sent by the system" in body(mail, "html")


def _at(hour: int, minute: int = 0, day: int = 25) -> datetime.datetime:
    """An instant by the clock of Shanghai, November 2026; the 25th is a Wednesday."""
    return datetime.datetime(2026, 11, day, hour, minute, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))


def test_quiet_hours_put_a_mail_off_and_reading_meanwhile_saves_it(firm: Firm, mailbox: Mailbox) -> None:
    firm.prefer("mo", quiet_since="22:00", quiet_till="08:00")
    with clock.stopped(_at(23)):
        with firm.unit() as unit:
            first, second = (
                messages.notify(unit, [firm.ids["mo"]], t, kind="approval")[firm.ids["mo"]] for t in ("a", "b")
            )
        firm.run()
        assert mailbox.got == [] and len(firm.inbox("mo")) == 2, "inside the application it stands at once"
        assert {job.run_at for job in firm.jobs("mail")} == {_at(8, day=26).astimezone(datetime.timezone.utc)}
        with firm.unit() as unit:
            messages.mark_read(unit, firm.actor(unit, "mo"), [first])
    with clock.stopped(_at(7, 59, 26)):
        firm.run()
        assert mailbox.got == []
    with clock.stopped(_at(8, 0, 26)):
        firm.run()
    assert [str(mail["Subject"]) for mail in mailbox.mails] == ["[爱客 科技] 审批：b"]
    assert {job.arguments["told"]: job.result for job in firm.jobs("mail")}[first] == {"skipped": "read"}
    assert second


def test_a_subject_is_one_line_of_bounded_length() -> None:
    assert one_line(" a\r\n\tb \x00 c ") == "a b c"
    assert len(one_line("长" * 500)) == 120 and one_line("长" * 500).endswith("…")


def _run_later(firm: Firm) -> None:
    """The pause after a failed attempt is over."""
    with firm.unit() as unit:
        unit.execute(JOB.update().where(JOB.c.state == "queued").values(run_at=clock.now()))
    firm.run()


def _again(firm: Firm) -> None:
    """The runner died before it wrote that the job is done."""
    with firm.unit() as unit:
        unit.execute(JOB.update().where(JOB.c.kind == "mail").values(state="queued", run_at=clock.now(), attempts=1))
    firm.run()
