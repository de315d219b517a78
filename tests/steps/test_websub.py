"""Whom to ask, when, and what to believe of a hub."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Fetched, HubAnswer, HubSubscription, Reading
from aggregator.pipeline import read
from aggregator.steps import websub
from tests import make
from tests.make import NOW

HUB, TOPIC = "https://hub.example.org/", "https://example.org/feed.xml"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def reading(**changes: Any) -> Reading:
    return replace(Reading(articles=(), hub=HUB, topic=TOPIC), **changes)


def subscription(**changes: Any) -> HubSubscription:
    made = websub.new("example-wire", reading(), token="token", secret="secret", now=NOW)
    return replace(made, **changes)


ASKED = websub.asked(subscription(), NOW)


def query(**changes: str) -> dict[str, str]:
    made = {
        "hub.mode": "subscribe",
        "hub.topic": TOPIC,
        "hub.challenge": "say this",
        "hub.lease_seconds": str(8 * 86_400),
    }
    return made | {f"hub.{name}": value for name, value in changes.items()}


def verified(**changes: Any) -> HubSubscription:
    told = websub.verify(ASKED, query(), NOW)
    assert told is not None
    return replace(told[1], **changes)


# ── whom to ask ──────────────────────────────────────────────────────────────────────────────────

ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Example</title>
<link rel="hub" href="{HUB}"/><link rel="self" href="{TOPIC}"/>
<entry><id>1</id><title>Leaders meet</title><link href="https://example.org/1"/></entry></feed>"""
RSS = f"""<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<title>Example</title><link>https://example.org/</link>
<atom:link rel="hub" href="{HUB}"/><atom:link rel="self" href="{TOPIC}"/>
<item><title>Leaders meet</title><link>https://example.org/1</link></item></channel></rss>"""


@pytest.mark.parametrize("document", [ATOM, RSS])
def test_hub_and_topic_come_from_the_feed(document: str) -> None:
    fetched = Fetched(url=TOPIC, body=document.encode(), body_hash="")
    found = read(fetched, make.feed(), NOW, replay=False)
    assert (found.hub, found.topic) == (HUB, TOPIC)
    assert websub.announced(found)


def test_link_headers_go_before_the_document() -> None:
    fetched = Fetched(url=TOPIC, body=b"", body_hash="", hub="https://other.example.org/")
    assert websub.named(fetched, reading()) == reading(hub="https://other.example.org/")
    both = replace(fetched, topic="https://example.org/self")
    assert websub.named(both, reading(hub="", topic="")).topic == "https://example.org/self"
    assert websub.named(replace(fetched, hub=""), reading()) == reading()


@pytest.mark.parametrize(
    "changes",
    [
        {"hub": ""},
        {"topic": ""},
        {"hub": "https://user:word@hub.example.org/"},
        {"hub": "h" * 9999},
    ],
)
def test_a_feed_without_hub_or_topic_is_only_polled(changes: dict[str, str]) -> None:
    assert not websub.announced(reading(**changes))


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://news.example.org", True),
        ("http://8.8.8.8:8080", True),
        ("https://[2606:4700::1111]/digest", True),
        ("http://127.0.0.1:8080", False),
        ("http://localhost:8080", False),
        ("http://localhost.:8080", False),
        ("http://digest", False),
        ("http://digest.local", False),
        ("http://digest.internal", False),
        ("http://192.168.1.7", False),
        ("http://[::1]:8080", False),
        ("http://224.0.0.1", False),
        ("ftp://news.example.org", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_only_a_public_site_subscribes(url: str, public: bool) -> None:
    assert websub.reachable(url, allow_private=False) is public


def test_an_intranet_may_subscribe_when_private_networks_are_allowed() -> None:
    assert websub.reachable("http://127.0.0.1:8080", allow_private=True)


def test_a_hub_that_is_announced_no_more_is_left() -> None:
    held = (subscription(),)
    assert websub.holds(held, reading())
    assert websub.outdated(held, reading()) == ()
    for other in (reading(hub=""), reading(topic="https://example.org/other.xml")):
        assert websub.outdated(held, other) == held
        assert not websub.holds(held, other)
    left = websub.ended(verified(), NOW)
    assert left.mode == "unsubscribe"
    assert not websub.active(left, NOW)


def test_the_request_names_callback_mode_topic_lease_and_secret() -> None:
    assert websub.form(subscription(), "https://news.example.org/") == {
        "hub.callback": "https://news.example.org/websub/token",
        "hub.mode": "subscribe",
        "hub.topic": TOPIC,
        "hub.lease_seconds": "864000",
        "hub.secret": "secret",
    }
    assert "hub.secret" not in websub.form(websub.ended(subscription(), NOW), "https://x.org")


def test_token_and_secret_are_in_no_repr() -> None:
    told = repr(subscription(token="t0ken", secret="s3cret"))
    assert "t0ken" not in told
    assert "s3cret" not in told


# ── when to ask ──────────────────────────────────────────────────────────────────────────────────


def test_a_new_subscription_is_due_at_once_and_then_not_for_a_day() -> None:
    assert websub.due([subscription()], NOW) == (subscription(),)
    assert websub.due([ASKED], NOW + DAY - HOUR) == ()
    assert websub.due([ASKED], NOW + DAY) == (ASKED,)


def test_a_refusal_is_tried_again_after_a_day() -> None:
    refused = websub.answered(ASKED, HubAnswer(accepted=False, detail="the hub answered 500"))
    assert refused.detail == "the hub answered 500"
    assert not refused.awaiting
    assert websub.due([refused], NOW + HOUR) == ()
    assert websub.due([refused], NOW + DAY) == (refused,)


def test_it_is_renewed_when_a_quarter_of_the_lease_remains() -> None:
    held = verified()
    assert held.expires_at == NOW + 8 * DAY
    assert websub.due([held], NOW + 6 * DAY - HOUR) == ()
    assert websub.due([held], NOW + 6 * DAY) == (held,)
    renewing = websub.asked(held, NOW + 6 * DAY)
    assert websub.active(renewing, NOW + 7 * DAY)
    told = websub.verify(renewing, query(), NOW + 6 * DAY)
    assert told is not None
    assert told[1].expires_at == NOW + 14 * DAY


def test_a_refused_renewal_keeps_the_running_lease() -> None:
    renewing = websub.asked(verified(), NOW + 6 * DAY)
    refused = websub.answered(renewing, HubAnswer(accepted=False, detail="no"))
    assert websub.active(refused, NOW + 7 * DAY)
    assert not websub.active(refused, NOW + 8 * DAY)
    assert websub.due([refused], NOW + 7 * DAY) == (refused,)


def test_a_short_lease_never_makes_us_ask_twice_a_day() -> None:
    told = websub.verify(ASKED, query(lease_seconds="60"), NOW)
    assert told is not None
    assert told[1].next_ask_at == NOW + DAY


@pytest.mark.parametrize("seconds", ["", "0", "-5", "ten", "1e9", "٣", "9" * 40])
def test_a_lease_that_cannot_be_read_is_the_one_we_asked_for(seconds: str) -> None:
    told = websub.verify(ASKED, query(lease_seconds=seconds), NOW)
    assert told is not None
    assert told[1].expires_at == NOW + websub.LEASE


def test_a_hub_is_not_asked_twice_a_day_about_one_topic() -> None:
    other = subscription(token="other", feed_id="other-wire")
    assert websub.due([ASKED, other], NOW + HOUR) == ()
    assert len(websub.due([subscription(), other], NOW)) == 1


def test_of_feeds_that_claim_one_topic_one_is_subscribed() -> None:
    other = subscription(token="other", feed_id="other-wire")
    assert websub.due([verified(), other], NOW + 2 * DAY) == ()


def test_a_feed_that_changes_its_hub_at_each_visit_asks_once_a_day() -> None:
    others = [
        subscription(token=str(n), hub=f"https://{n}.example.org/", next_ask_at=NOW)
        for n in range(9)
    ]
    assert len(websub.due(others, NOW)) == 1
    assert websub.due([ASKED, *others], NOW + HOUR) == ()


def test_a_farewell_is_said_once_and_then_forgotten() -> None:
    leaving = websub.ended(verified(), NOW + 2 * DAY)
    assert websub.due([leaving], NOW + 2 * DAY) == (leaving,)
    assert not websub.forgettable(leaving, NOW + 2 * DAY)
    said = websub.asked(leaving, NOW + 2 * DAY)
    told = websub.verify(said, query(mode="unsubscribe"), NOW + 2 * DAY)
    assert told is not None
    assert told[0] == "say this"
    assert websub.forgettable(told[1], NOW + 3 * DAY)
    assert websub.forgettable(said, NOW + 3 * DAY)  # the hub did not care to answer


def test_what_was_never_verified_is_forgotten_without_a_word() -> None:
    assert websub.forgettable(websub.ended(subscription(), NOW), NOW)


def test_feeds_that_are_configured_no_more_are_left() -> None:
    assert websub.orphans([subscription()], {"example-wire"}) == ()
    assert websub.orphans([subscription()], {"other"}) == (subscription(),)


# ── what the hub says ────────────────────────────────────────────────────────────────────────────


def test_a_challenge_is_echoed_for_a_pending_topic() -> None:
    told = websub.verify(ASKED, query(), NOW)
    assert told is not None
    assert told[0] == "say this"
    assert websub.active(told[1], NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": "https://example.org/other.xml"},
        {"topic": TOPIC + "/"},
        {"topic": ""},
        {"mode": "unsubscribe"},
        {"mode": "publish"},
        {"mode": ""},
        {"challenge": ""},
        {"challenge": "x" * 5_000},
        {"mode": "denied", "topic": "https://example.org/other.xml"},
    ],
)
def test_what_we_did_not_ask_for_is_refused(changes: dict[str, str]) -> None:
    assert websub.verify(ASKED, query(**changes), NOW) is None
    assert websub.verify(ASKED, {}, NOW) is None


def test_a_challenge_counts_once_and_only_after_we_asked() -> None:
    assert websub.verify(subscription(), query(), NOW) is None
    assert websub.verify(verified(), query(), NOW) is None


def test_a_subscription_that_we_left_is_not_verified() -> None:
    leaving = websub.asked(websub.ended(verified(), NOW), NOW)
    assert websub.verify(leaving, query(), NOW) is None


def test_a_denial_is_recorded_and_ends_the_lease() -> None:
    for before in (ASKED, verified()):
        told = websub.verify(before, query(mode="denied", reason="not  for\nyou"), NOW)
        assert told is not None
        assert told[1].detail == "the hub denied it: not for you"
        assert not websub.active(told[1], NOW)
        assert websub.due([told[1]], NOW + 6 * DAY) == ()


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_good_signature_is_accepted(method: str) -> None:
    body = "본문".encode()
    mac = hmac.new(b"secret", body, method).hexdigest()
    assert websub.signed("secret", f"{method}={mac}", body)
    assert websub.signed("secret", f"{method.upper()}={mac.upper()}", body)
    assert not websub.signed("secret", f"{method}={mac}", body + b" ")
    assert not websub.signed("other", f"{method}={mac}", body)
    assert not websub.signed("secret", f"{method}={mac[:-1]}", body)


def test_weak_and_unknown_methods_are_refused() -> None:
    mac = hmac.new(b"secret", b"body", hashlib.md5).hexdigest()
    assert not websub.signed("secret", f"md5={mac}", b"body")
    assert not websub.signed("secret", mac, b"body")
    assert not websub.signed("secret", "", b"body")


@given(st.text(), st.binary())
def test_no_other_signature_is_good(signature: str, body: bytes) -> None:
    assert not websub.signed("secret", signature, body)
    assert not websub.signed("secret", f"sha256={signature}", body)
