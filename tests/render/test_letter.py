"""The bytes of a letter, requirement by requirement; what dkimpy and the stdlib read from them."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from email.header import decode_header
from email.message import EmailMessage

import dkim as dkimpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.edges.signing import dns_record, new_key, signing
from aggregator.model import Mail
from aggregator.render.letter import letter, made_out
from aggregator.render.mail import PREFERENCES, UNSUBSCRIBE, Body
from aggregator.rules import MailRules, Site
from aggregator.steps.dkim import Signer
from tests.render import sample

KEY = new_key()
SIGNER = Signer(domain="news.example.org", selector="s1", sign=signing(KEY))
BODY = Body(
    subject="한반도 외교: 판문점 회동 · 24–30 Jun 2019",
    text=f"The week.\n\n. a dot\nFrom here\nLeave: {UNSUBSCRIBE}\nChoose: {PREFERENCES}\n",
    html=f'<p>"회담" 다시</p>\n<a href="{UNSUBSCRIBE}">Leave</a> <a href="{PREFERENCES}">Choose</a>'
    + "<p>한국의 외교  </p>\n" * 200,
)
HEADERS = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Archive",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
    "Precedence",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
)


def made(
    body: Body = BODY,
    *,
    site: Site = sample.SITE,
    rules: MailRules | None = None,
    signer: Signer | None = SIGNER,
    address: str = "reader@example.org",
    token: str = "reader1.c2VjcmV0",
) -> Mail:
    return made_out(
        letter(sample.issue(), body, site=site, mail=rules or MailRules(), signer=signer),
        replace(sample.READER, address=address),
        unsubscribe=f"{site.url}/unsubscribe/{token}",
        preferences=f"{site.url}/preferences/{token}",
    )


def read(mail: Mail) -> EmailMessage:
    message = email.message_from_bytes(mail.message, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def headers(mail: Mail) -> list[tuple[str, str]]:
    """Raw and unfolded."""
    head = mail.message.partition(b"\r\n\r\n")[0].decode()
    lines = re.sub(r"\r\n(?=[ \t])", "", head).split("\r\n")
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def header(mail: Mail, name: str) -> str:
    (value,) = (v for n, v in headers(mail) if n == name)
    return value


def verifies(message: bytes) -> bool:
    found: bool = dkimpy.verify(message, dnsfunc=lambda name, timeout=5: dns_record(KEY).encode())
    return found


LETTER = made()


def test_1_one_list_unsubscribe_https_before_mailto() -> None:
    assert header(LETTER, "List-Unsubscribe") == (
        "<https://news.example.org/unsubscribe/reader1.c2VjcmV0>, "
        "<mailto:digest@news.example.org?subject=unsubscribe>"
    )


def test_2_list_unsubscribe_post_verbatim() -> None:
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in LETTER.message


@given(st.integers(0, 300), st.integers(1, 300))
@settings(max_examples=30, deadline=None)
def test_3_no_encoded_words_in_links_and_ids(path: int, token: int) -> None:
    found = made(site=Site(url="https://news.example.org/" + "a" * path), token="t" * token)
    for name in ("List-Unsubscribe", "List-Archive", "Message-ID", "List-Unsubscribe-Post"):
        assert "=?" not in header(found, name)


@pytest.mark.parametrize("name", ["List-Unsubscribe", "List-Unsubscribe-Post"])
def test_4_dkim_covers_both_unsubscribe_headers(name: str) -> None:
    assert name.lower() in header(LETTER, "DKIM-Signature")
    assert verifies(LETTER.message)
    value = header(LETTER, name)
    folded = value.replace(", <", ",\r\n <").encode()
    assert folded in LETTER.message
    assert not verifies(
        LETTER.message.replace(folded, folded.replace(b"nsubscribe", b"psubscribe"))
    )


def test_9_list_id_is_stable_and_list_archive_https() -> None:
    other = made(replace(BODY, subject="Another"), address="other@example.org")
    assert header(LETTER, "List-Id") == header(other, "List-Id")
    assert re.fullmatch(r'"[^"]+" <digest\.news\.example\.org>', header(LETTER, "List-Id"))
    assert header(LETTER, "List-Archive") == "<https://news.example.org/digests/>"


def test_10_one_of_each_header_and_one_recipient() -> None:
    message = read(LETTER)
    for name in HEADERS:
        assert len(message.get_all(name, [])) == 1, name
    assert [a.addr_spec for a in message["To"].addresses] == ["reader@example.org"]
    assert [a.addr_spec for a in message["From"].addresses] == ["digest@news.example.org"]
    assert message["Cc"] is message["Bcc"] is None
    assert (LETTER.sender, LETTER.recipient) == ("digest@news.example.org", "reader@example.org")


def test_11_message_id_and_bytes_are_those_of_issue_and_reader() -> None:
    assert made().message == LETTER.message
    assert header(LETTER, "Message-ID") == "<2019-W26.reader1@news.example.org>"
    assert read(LETTER)["Date"].datetime == sample.issue().composed_at.replace(microsecond=0)


SUBJECT = st.text(max_size=300) | st.text("한국 외교ab", max_size=300)


@given(SUBJECT)
@settings(max_examples=60, deadline=None)
def test_12_encoded_words_are_short_and_whole(subject: str) -> None:
    found = made(replace(BODY, subject=subject), rules=MailRules(sender_name=subject[:60]))
    head = found.message.partition(b"\r\n\r\n")[0].decode("ascii")
    for name in ("Subject", "From"):
        folded = re.search(rf"(?m)^{name}: (.*?)\r\n(?! )", head, re.S)
        assert folded
        if "=?" in folded[1]:
            assert max(map(len, folded[0].rstrip().split("\r\n"))) <= 76
        for word in re.findall(r"=\?[^?]+\?[^?]\?[^?]*\?=", folded[1]):
            assert len(word) <= 75
            decode_header(word)[0][0].decode("utf-8")


@pytest.mark.parametrize(
    "trick", ["\r\nBcc: all@example.org", "\nBcc: x", "\r\r\nBcc: x\r\n\r\n<b>"]
)
def test_13_no_line_end_from_outside_adds_a_header(trick: str) -> None:
    found = made(
        replace(BODY, subject=f"Summit{trick}"),
        site=Site(title=f"Digest{trick}", url="https://news.example.org"),
        rules=MailRules(sender_name=f"Desk{trick}", reply_to=f"re@example.org{trick}"),
    )
    assert {name for name, _ in headers(found)} == {*HEADERS, "Reply-To", "DKIM-Signature"}
    assert verifies(found.message)


def test_14_lines_are_short_and_end_with_crlf() -> None:
    long = replace(BODY, html="x" * 5000 + "\r" + "외" * 5000, text="y" * 5000)
    for found in (LETTER, made(long), made(token="t" * 900)):
        assert b"\n" not in found.message.replace(b"\r\n", b"")
        assert b"\r" not in found.message.replace(b"\r\n", b"")
        assert max(map(len, found.message.split(b"\r\n"))) <= 998


def test_15_text_then_html_in_utf8() -> None:
    message = read(LETTER)
    assert message.get_content_type() == "multipart/alternative"
    parts = list(message.iter_parts())
    assert [p.get_content_type() for p in parts] == ["text/plain", "text/html"]
    assert {p.get_content_charset() for p in parts} == {"utf-8"}
    links = [
        f"https://news.example.org/{p}/reader1.c2VjcmV0" for p in ("unsubscribe", "preferences")
    ]
    own = BODY.personal(*links)
    assert [p.get_content() for p in parts] == [
        own.text.replace("\n", "\r\n"),
        own.html.replace("\n", "\r\n"),
    ]


def test_18_korean_is_base64_where_that_is_shorter_and_never_an_entity() -> None:
    text, html = read(LETTER).iter_parts()
    assert text["Content-Transfer-Encoding"] == "quoted-printable"
    assert html["Content-Transfer-Encoding"] == "base64"
    assert "한국의 외교" in html.get_content()


def test_19_from_aligns_with_the_one_rsa_signature() -> None:
    tags = header(LETTER, "DKIM-Signature")
    assert "a=rsa-sha256;" in tags
    assert "d=news.example.org;" in tags
    assert read(LETTER)["From"].addresses[0].domain == "news.example.org"
    assert verifies(LETTER.message)


@pytest.mark.parametrize("name", [*HEADERS, "Reply-To", "Cc", "Sender"])
def test_20_one_header_more_breaks_the_signature(name: str) -> None:
    assert verifies(LETTER.message)
    assert not verifies(f"{name}: x@example.net\r\n".encode() + LETTER.message)


def test_23_feedback_id_names_no_person() -> None:
    value = header(LETTER, "Feedback-ID")
    assert re.fullmatch(r"[^:\s]+:[^:\s]+:[^:\s]+:[^:\s]+", value)
    other = made(address="other@example.net", token="other")
    assert header(other, "Feedback-ID") == value
    assert "reader" not in value


def test_24_auto_submitted_and_bulk() -> None:
    assert header(LETTER, "Auto-Submitted") == "auto-generated"
    assert header(LETTER, "Precedence") == "bulk"


def test_35_domains_are_a_labels_in_headers_too() -> None:
    rules = MailRules(sender="digest@예시.example.org")
    found = made(rules=rules, address="reader@예시.example.org", signer=None)
    assert header(found, "To") == "<reader@xn--vv4b11d.example.org>"
    assert header(found, "From").endswith("<digest@xn--vv4b11d.example.org>")
    assert header(found, "Message-ID").endswith("@xn--vv4b11d.example.org>")
    assert found.message.isascii()


def test_without_a_key_nothing_is_signed() -> None:
    plain = made(signer=None)
    assert {name for name, _ in headers(plain)} == set(HEADERS)
    assert LETTER.message.endswith(plain.message)


@pytest.mark.parametrize("mark", [UNSUBSCRIBE, PREFERENCES])
def test_no_strangers_link_takes_a_readers_link_along(mark: str) -> None:
    trick = f"https://stranger.example/?next={mark}"
    found = read(made(replace(BODY, html=f'<a href="{trick}">{trick} {mark}</a>', text=trick)))
    for part in found.iter_parts():
        assert "c2VjcmV0" not in part.get_content()
