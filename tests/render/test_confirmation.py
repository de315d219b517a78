"""The mail that asks whether a sign-up was meant."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import get_args

import dkim as dkimpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.edges.signing import dns_record, new_key, signing
from aggregator.model import Mail, SignUp
from aggregator.render.confirmation import confirmation
from aggregator.render.language import languages
from aggregator.render.templates import environment
from aggregator.rules import MailRules, Site, Theme
from aggregator.steps import dkim
from aggregator.steps.subscriptions import Reply
from tests.make import NOW

LANGUAGES = languages()
ENVIRONMENTS = {code: environment([], language) for code, language in LANGUAGES.items()}
ASKED = SignUp(
    id="u1",
    address="reader@example.org",
    asked_at=NOW,
    not_before=NOW,
    expires_at=NOW + timedelta(days=2),
)
REPLIES: tuple[Reply, ...] = get_args(Reply)


def made(
    asked: SignUp = ASKED,
    reply: Reply = "confirm",
    title: str = "The Digest",
    signer: dkim.Signer | None = None,
) -> Mail:
    return confirmation(
        asked,
        reply,
        "t0ken",
        NOW,
        site=Site(url="https://news.example.org", title=title),
        mail=MailRules(postal_address="1 Example Street"),
        theme=Theme(),
        hours=48,
        env=ENVIRONMENTS[asked.language],
        signer=signer,
    )


def read(mail: Mail) -> EmailMessage:
    message = email.message_from_bytes(mail.message, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def texts(mail: Mail) -> list[str]:
    return [str(part.get_content()) for part in read(mail).iter_parts()]


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_both_parts_hold_the_link_and_nothing_else_to_follow(language: str, reply: Reply) -> None:
    mail = made(replace(ASKED, language=language), reply)
    path = "confirm" if reply == "confirm" else "preferences"
    plain, html = texts(mail)
    assert set(re.findall(r"https?://\S+/\S+", plain)) == {f"https://news.example.org/{path}/t0ken"}
    assert set(re.findall(r'(?:href|src)="([^"]*)"', html)) == {
        f"https://news.example.org/{path}/t0ken"
    }
    assert f'<html lang="{language}">' in html
    assert ("48" in plain) == ("48" in html) == (reply == "confirm")
    korean = re.search("[가-힣]", plain + html + str(read(mail)["Subject"])) is not None
    assert korean == (language == "ko")
    for part in read(mail).iter_parts():
        assert part.get_content_charset() == "utf-8"


@pytest.mark.parametrize("reply", REPLIES)
@given(
    local=st.text("abcxyz0123456789+-_'{}|`~%&*!?/=^$#", min_size=1, max_size=60),
    domain=st.text("abcdefghijkl0123456789", min_size=5, max_size=50),
    language=st.sampled_from(sorted(LANGUAGES)),
)
def test_26_nothing_that_was_typed_stands_in_the_mail(
    reply: Reply, local: str, domain: str, language: str
) -> None:
    """But in To: whoever signs up strangers cannot write to them."""
    asked = replace(ASKED, address=f"{local}@q{domain}q.example", language=language)
    typed, plain = read(made(asked, reply)), read(made(replace(ASKED, language=language), reply))
    assert typed["To"] == f"<{asked.address}>" or asked.address in str(typed["To"])
    for message in (typed, plain):
        del message["To"]
    assert typed.as_bytes() == plain.as_bytes()


def test_the_headers_are_those_of_an_answer_to_one_person() -> None:
    mail = made()
    message = read(mail)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<confirm.u1.0@news.example.org>"
    assert message["Subject"] == "Please confirm: The Digest"
    assert message["List-Unsubscribe"] is None
    assert [name for name in message if message.get_all(name, [])[1:]] == []
    assert (mail.recipient, mail.sender) == ("reader@example.org", "digest@news.example.org")
    assert read(made(replace(ASKED, attempts=1)))["Message-ID"] != message["Message-ID"]


@given(st.text(min_size=1, max_size=120))
def test_no_title_breaks_the_mail(title: str) -> None:
    mail = made(title=title)
    lines = mail.message.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert b"\n" not in mail.message.replace(b"\r\n", b"")
    head = mail.message.partition(b"\r\n\r\n")[0].decode("ascii")
    names = re.findall(r"^([A-Za-z-]+):", head, re.MULTILINE)
    assert names == [
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    ]
    assert len(texts(mail)) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_19_it_is_signed_for_the_domain_in_from(language: str) -> None:
    key = new_key()
    signer = dkim.Signer(domain="news.example.org", selector="s1", sign=signing(key))
    message = made(replace(ASKED, language=language), signer=signer).message
    record = dns_record(key).encode()
    assert dkimpy.verify(message, dnsfunc=lambda name, timeout=5: record)
    assert not dkimpy.verify(message + b"more", dnsfunc=lambda name, timeout=5: record)


def test_35_the_domain_of_an_address_is_written_in_ascii() -> None:
    mail = made(replace(ASKED, address="reader@bücher.example"))
    assert read(mail)["To"] == "reader@xn--bcher-kva.example"
