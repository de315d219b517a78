"""What a message in the mailbox says, whose letter it is about, and what that means."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import (
    Bounce,
    BounceKind,
    LetterFate,
    NoBounce,
    SendResult,
    Sent,
    Settlement,
)
from aggregator.rules import Bounces
from aggregator.steps import bounces, verp
from aggregator.steps.bounces import at_smtp, effect, of_reply, of_status, read
from tests.make import NOW
from tests.returned import FOLDER, LETTER, MAILBOX, SECRET, sample

REPORTS: dict[str, tuple[BounceKind, str]] = {
    "postfix_unknown_user": ("hard", "5.1.1"),
    "postfix_delayed": ("delayed", "4.4.1"),
    "postfix_expired": ("soft", "4.4.1"),
    "exim_vague_status": ("hard", "5.1.1"),
    "exim_old_full": ("soft", "5.2.2"),
    "exchange_online_unknown": ("hard", "5.1.10"),
    "exchange_old_text": ("unknown", ""),
    "gmail_full": ("soft", "5.2.2"),
    "gmail_too_much": ("soft", "5.2.1"),
    "refused_as_spam": ("policy", "5.7.1"),
    "qmail": ("hard", "5.1.1"),
    "yahoo_no_code": ("unknown", ""),
    "international": ("hard", "5.1.1"),
    "complaint": ("complaint", ""),
}
OTHERS = {
    "delivered": NoBounce.DELIVERED,
    "out_of_office": NoBounce.AUTO_REPLY,
    "out_of_office_old": NoBounce.AUTO_REPLY,
    "reply": NoBounce.OTHER,
    "no_complaint": NoBounce.OTHER,
}


def returns_headers(name: str) -> bool:
    return "HEADERS" in (FOLDER / f"{name}.eml").read_text("utf-8")


# ── what it says ─────────────────────────────────────────────────────────────────────────────────


def test_every_sample_is_expected() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == {*REPORTS, *OTHERS}


@pytest.mark.parametrize("name", REPORTS)
def test_33_reports_of_many_mail_systems(name: str) -> None:
    for message in (sample(name), sample(name).replace(b"\r\n", b"\n")):
        told = read(message, SECRET)
        assert isinstance(told, Bounce)
        assert (told.letter, told.kind, told.status) == (LETTER, *REPORTS[name])


@pytest.mark.parametrize("name", OTHERS)
def test_33_what_is_no_bounce(name: str) -> None:
    assert read(sample(name), SECRET) is OTHERS[name]


def test_details_are_the_words_of_the_server_without_addresses() -> None:
    told = {name: read(sample(name), SECRET) for name in REPORTS}
    details = {name: each.detail for name, each in told.items() if isinstance(each, Bounce)}
    assert details["postfix_unknown_user"] == 'unknown user: "reader"'
    assert details["exim_vague_status"] == (
        "550 5.1.1 <…@example.net>: Recipient address rejected: nobody of that name"
    )
    assert details["qmail"] == "Sorry, no mailbox here by that name. (#5.1.1)"
    assert details["yahoo_no_code"].startswith("554 delivery error: dd Nobody has that account")
    assert details["complaint"] == "abuse, ExampleISP-FBL/1.0"
    assert details["international"] == "550 5.1.1 <…@example.net> 없는 사용자"
    assert not any(re.search(r"\w@", detail) for detail in details.values())


def test_of_several_recipients_the_one_that_fared_worst_counts() -> None:
    block = b"Final-Recipient: rfc822; reader@example.net\r\n"
    both = sample("delivered").replace(
        block,
        b"Final-Recipient: rfc822; b@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        + block,
    )
    told = read(both, SECRET)
    assert isinstance(told, Bounce)
    assert told.status == "5.1.1"


@given(st.binary(max_size=2_000))
def test_any_bytes_may_come(message: bytes) -> None:
    assert read(message, SECRET) in (NoBounce.OTHER, NoBounce.AUTO_REPLY, NoBounce.UNPROVEN)


@given(st.sampled_from(sorted(REPORTS)), st.data())
def test_any_damage_may_be_done(name: str, data: st.DataObject) -> None:
    message = sample(name)
    at = data.draw(st.integers(0, len(message)))
    length = data.draw(st.integers(0, 200))
    put = data.draw(st.binary(max_size=50))
    told = read(message[:at] + put + message[at + length :], SECRET)
    assert isinstance(told, NoBounce) or told.letter == LETTER


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x00" * 10_000,
        b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n" * 5_000,
        b"Content-Type: message/delivery-status\r\n\r\n" + b"A: b\r\n\r\n" * 20_000,
        b"Content-Type: message/feedback-report\r\n\r\n",
        b"Content-Type: text/plain; charset=no-such-thing\r\nFrom: postmaster\r\n\r\nx",
        b"From: =?x?q?=ff?=\r\nReturn-Path: <>\r\n\r\n" + b"<a@b>: " * 50_000,
        b"Subject: " + b"x" * 3_000_000,
        b"From: postmaster\r\n\r\nfailed addresses follow:\r\n" + b"x" * 900_000,
        b"From: postmaster\r\n\r\n" + b"<a@b>: \r\n" * 100_000,
    ],
    ids=lambda message: str(message[:40]),
)
def test_hostile_messages_are_no_bounces(message: bytes) -> None:
    assert isinstance(read(message, SECRET), NoBounce)


# ── whose letter it is ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", REPORTS)
def test_32_a_forged_report_is_ignored(name: str) -> None:
    """Made by somebody who knows how our letters look, but not our secret."""
    assert read(sample(name, secret=b"a guess"), SECRET) is NoBounce.UNPROVEN


@pytest.mark.parametrize("name", REPORTS)
def test_32_without_a_return_path_the_headers_of_the_letter_prove_it(name: str) -> None:
    told = read(sample(name, verp_kept=False), SECRET)
    if returns_headers(name):
        assert isinstance(told, Bounce)
        assert told.letter == LETTER
    else:
        assert told is NoBounce.UNPROVEN
    assert read(sample(name, verp_kept=False, headers_kept=False), SECRET) is NoBounce.UNPROVEN


def test_32_the_message_id_alone_proves_nothing() -> None:
    whole = sample("complaint", verp_kept=False)
    without = re.sub(rb"List-Unsubscribe: [^,]+,\r\n ", b"List-Unsubscribe: ", whole)
    assert read(without, SECRET) is NoBounce.UNPROVEN


def test_32_one_readers_link_does_not_prove_anothers_letter() -> None:
    mine = sample("postfix_unknown_user", verp_kept=False)
    theirs = mine.replace(b"<2026-W34.0123456789abcdef@", b"<2026-W34.fedcba9876543210@")
    assert read(theirs, SECRET) is NoBounce.UNPROVEN


def test_the_server_may_tell_the_recipient_apart() -> None:
    message = sample("postfix_expired", verp_kept=False)
    assert read(message, SECRET) is NoBounce.UNPROVEN
    told = read(message, SECRET, verp.return_path(SECRET, LETTER, MAILBOX))
    assert isinstance(told, Bounce)


# ── what it means ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, "hard") for status in ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10")),
        *((status, "soft") for status in ("5.1.0", "5.2.0", "5.2.1", "5.2.2", "5.3.0", "5.4.1")),
        *((status, "soft") for status in ("4.1.1", "4.2.2", "4.4.1", "4.0.0")),
        *((status, "policy") for status in ("5.1.7", "5.1.8", "5.2.3", "5.3.4", "5.5.1", "5.6.0")),
        *((status, "policy") for status in ("5.7.1", "5.7.26", "4.7.28", "4.7.1")),
        ("5.0.0", "unknown"),
    ],
)
def test_33_kinds_by_status(status: str, kind: str) -> None:
    assert of_status(status) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("550 no such user", "unknown"),
        ("554 delivery error: this mailbox is disabled (554.30)", "unknown"),
        ("550 rejected: your address 192.0.2.1 is listed at bl.example.org", "policy"),
        ("554 message looks like spam", "policy"),
        ("550 relay not permitted", "policy"),
        ("552 mailbox full", "soft"),
        ("556 domain takes no mail", "hard"),
        ("450 try again", "soft"),
        ("X-Postfix; host not found", "unknown"),
    ],
)
def test_kinds_by_words(text: str, kind: str) -> None:
    assert of_reply(text) == kind


def settled(state: Any) -> Settlement:
    return Settlement(state=state, attempts=1)


def test_30_a_refusal_while_sending_is_a_bounce_like_any_other() -> None:
    refused = SendResult(result=Sent.NEVER, code=550, detail="5.1.1 <a@example.net> unknown")
    assert at_smtp(LETTER, refused, settled("failed")) == Bounce(
        letter=LETTER, kind="hard", status="5.1.1", detail="550 5.1.1 <…@example.net> unknown"
    )
    full = SendResult(result=Sent.LATER, code=452, detail="4.2.2 full")
    told = at_smtp(LETTER, full, settled("failed"))
    assert told is not None
    assert told.kind == "soft"
    assert at_smtp(LETTER, full, settled("deferred")) is None
    assert at_smtp(LETTER, SendResult(result=Sent.SENT, code=250), settled("sent")) is None
    unsaid = SendResult(result=Sent.NEVER, detail="not a mail address")
    assert at_smtp(LETTER, unsaid, settled("failed")) is None


RULES = Bounces(soft_limit=5, soft_span=timedelta(days=14))


def fates(*kinds: str, every: timedelta = timedelta(days=7)) -> list[LetterFate]:
    """Letters 0, 1, … of one reader; "" stands for one that did not come back."""
    return [
        LetterFate(letter=str(n), at=NOW + n * every, kinds=frozenset([kind] if kind else []))  # type: ignore[list-item]
        for n, kind in enumerate(kinds)
    ]


def bounced(kind: BounceKind, letter: int = 4) -> Bounce:
    return Bounce(letter=str(letter), kind=kind)


def test_33_no_such_mailbox_and_complaints_suppress_at_once() -> None:
    assert effect(bounced("hard"), fates("", "", "", "", ""), RULES) == "bounce"
    assert effect(bounced("complaint"), fates("", "", "", "", ""), RULES) == "complaint"


def test_33_delayed_and_policy_have_no_effect() -> None:
    often = fates(*["soft"] * 5)
    assert effect(bounced("delayed"), often, RULES) is None
    assert effect(bounced("policy"), often, RULES) is None
    assert effect(bounced("policy"), fates(*["policy"] * 9), RULES) is None


@pytest.mark.parametrize("kind", ["soft", "unknown"])
def test_33_what_may_pass_counts_in_a_row(kind: BounceKind) -> None:
    assert effect(bounced(kind, 3), fates(*["soft"] * 3, ""), RULES) is None
    assert effect(bounced(kind), fates(*["soft"] * 4, ""), RULES) == "bounce"
    assert effect(bounced(kind), fates(*["soft"] * 5), RULES) == "bounce"


def test_33_a_letter_that_arrived_begins_anew() -> None:
    assert effect(bounced("soft", 5), fates("soft", "soft", "", *["soft"] * 3), RULES) is None


def test_33_refusals_of_us_neither_count_nor_begin_anew() -> None:
    history = fates("soft", "soft", "policy", "soft", "soft", "soft")
    assert effect(bounced("soft", 5), history, RULES) == "bounce"
    assert effect(bounced("soft", 4), history[:5], RULES) is None


def test_33_five_days_of_trouble_with_a_daily_letter_do_not_suppress() -> None:
    daily = fates(*["soft"] * 14, every=timedelta(days=1))
    assert effect(bounced("soft", 13), daily, RULES) is None
    daily = fates(*["soft"] * 15, every=timedelta(days=1))
    assert effect(bounced("soft", 14), daily, RULES) == "bounce"


def test_33_reports_may_come_in_another_order_than_the_letters() -> None:
    """The oldest letter's report comes last: its server tried for five days."""
    assert effect(bounced("soft", 0), fates("", *["soft"] * 4, ""), RULES) == "bounce"


def test_a_letter_without_history_suppresses_nobody() -> None:
    assert effect(bounced("soft"), [], RULES) is None


def test_the_module_knows_how_much_it_reads() -> None:
    head = sample("postfix_unknown_user")
    assert isinstance(read(head + b"x" * bounces.MOST_BYTES, SECRET), Bounce)
