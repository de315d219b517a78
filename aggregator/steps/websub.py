"""Which hub to ask for which feed, when to ask again, and what to believe of what it sends.

https://www.w3.org/TR/websub/, the part of the subscriber; and what our own hub is told.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aggregator.model import Fetched, HubAnswer, HubSubscription, Reading

TOPICS = (
    "/atom.xml",
    "/rss.xml",
    "/feed.json",
    "/stories.atom",
    "/stories.rss",
    "/stories.json",
    "/digests/atom.xml",
    "/digests/rss.xml",
    "/digests/feed.json",
)
"""The feeds of ours that a hub is told of. No other may name it: who is subscribed polls less."""
LEASE = timedelta(days=10)
"""What we ask for; the hub decides."""
PAUSE = timedelta(days=1)
"""Between two requests to a hub about one topic, and between two for one feed."""
DENIED_PAUSE = timedelta(days=7)
_LONGEST_LEASE = timedelta(days=365)
_LONGEST_URL = 2_000
_LONGEST_CHALLENGE = 4_000
_LONGEST_REASON = 200
_SIGNATURES = ("sha1", "sha256", "sha384", "sha512")
_NO_PUBLIC_NAME = ("localhost", "local", "internal", "intranet", "lan", "home.arpa")


# ── whom to ask ──────────────────────────────────────────────────────────────────────────────────


def reachable(site_url: str, *, allow_private: bool) -> bool:
    """Whether a hub on the internet could call this site back (`allow_private`: any hub could)."""
    try:
        parts = urlsplit(site_url)
        name = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not name:
        return False
    if allow_private:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        private = any(name == end or name.endswith(f".{end}") for end in _NO_PUBLIC_NAME)
        return "." in name and not private
    return address.is_global and not address.is_multicast


def callback(site_url: str, token: str) -> str:
    """Where the hub reaches us for this one subscription."""
    return f"{site_url.rstrip('/')}/websub/{token}"


def named(fetched: Fetched, reading: Reading) -> Reading:
    """What the server's Link headers say of hub and topic goes before the document."""
    if not fetched.hub:
        return reading
    return replace(reading, hub=fetched.hub, topic=fetched.topic or reading.topic)


def announced(reading: Reading) -> bool:
    """Does the feed name a hub that can be asked, and the topic to ask for?"""
    return (
        0 < len(reading.hub) <= _LONGEST_URL
        and 0 < len(reading.topic) <= _LONGEST_URL
        and "@" not in urlsplit(reading.hub).netloc
    )


def holds(held: Sequence[HubSubscription], reading: Reading) -> bool:
    """Is what the feed announces among its subscriptions already?"""
    return any(
        s.mode == "subscribe" and (s.hub, s.topic) == (reading.hub, reading.topic) for s in held
    )


def outdated(held: Sequence[HubSubscription], reading: Reading) -> tuple[HubSubscription, ...]:
    """Of one feed's subscriptions those that it announces no more."""
    return tuple(
        s
        for s in held
        if s.mode == "subscribe"
        and not (announced(reading) and (s.hub, s.topic) == (reading.hub, reading.topic))
    )


def new(
    feed_id: str, reading: Reading, *, token: str, secret: str, now: datetime
) -> HubSubscription:
    """A subscription to what the feed announces, to be asked for at the next occasion."""
    return HubSubscription(
        token=token,
        feed_id=feed_id,
        hub=reading.hub,
        topic=reading.topic,
        secret=secret,
        next_ask_at=now,
    )


def ended(subscription: HubSubscription, now: datetime) -> HubSubscription:
    """Wanted no more: the hub is told so, unless it never agreed."""
    return replace(subscription, mode="unsubscribe", awaiting=False, next_ask_at=now)


# ── when to ask ──────────────────────────────────────────────────────────────────────────────────


def due(subscriptions: Sequence[HubSubscription], now: datetime) -> tuple[HubSubscription, ...]:
    """Whom to ask now, new ones and renewals before farewells.

    No hub is asked twice a day about one topic, and no feed makes us ask twice a day: one that
    names another hub at each visit would send us knocking at doors all over the internet. Of feeds
    that claim the same topic one is subscribed.
    """
    recent = [s for s in subscriptions if s.asked_at is not None and now < s.asked_at + PAUSE]
    topics = {_topic(s) for s in recent}
    feeds = {(s.feed_id, s.mode) for s in recent}
    holders = {_topic(s): s.token for s in subscriptions if active(s, now)}
    chosen = []
    for s in sorted(subscriptions, key=lambda s: (s.mode, s.next_ask_at, s.token)):
        if s.next_ask_at > now or _topic(s) in topics or (s.feed_id, s.mode) in feeds:
            continue
        if s.mode == "subscribe" and holders.get(_topic(s), s.token) != s.token:
            continue
        topics.add(_topic(s))
        feeds.add((s.feed_id, s.mode))
        chosen.append(s)
    return tuple(chosen)


def _topic(subscription: HubSubscription) -> tuple[str, str]:
    return subscription.hub, subscription.topic


def orphans(
    subscriptions: Sequence[HubSubscription], feeds: Collection[str]
) -> tuple[HubSubscription, ...]:
    """Subscriptions for feeds that are configured no more."""
    return tuple(s for s in subscriptions if s.mode == "subscribe" and s.feed_id not in feeds)


def forgettable(subscription: HubSubscription, now: datetime) -> bool:
    """Unwanted, and the hub holds nothing of it (any more), or was told."""
    return subscription.mode == "unsubscribe" and not _leased(subscription, now)


def active(subscription: HubSubscription, now: datetime) -> bool:
    """Does the hub push to us now?"""
    return subscription.mode == "subscribe" and _leased(subscription, now)


def _leased(subscription: HubSubscription, now: datetime) -> bool:
    return subscription.expires_at is not None and now < subscription.expires_at


def asked(subscription: HubSubscription, now: datetime) -> HubSubscription:
    """As it is while the request is on its way: the hub may verify before it answers."""
    leaving = subscription.mode == "unsubscribe"
    return replace(
        subscription,
        awaiting=True,
        asked_at=now,
        next_ask_at=now + PAUSE,
        expires_at=None if leaving else subscription.expires_at,
        detail="",
    )


def form(subscription: HubSubscription, site_url: str) -> dict[str, str]:
    """The fields of the request to the hub."""
    fields = {
        "hub.callback": callback(site_url, subscription.token),
        "hub.mode": subscription.mode,
        "hub.topic": subscription.topic,
    }
    if subscription.mode == "subscribe":
        fields |= {
            "hub.lease_seconds": str(int(LEASE.total_seconds())),
            "hub.secret": subscription.secret,
        }
    return fields


def answered(subscription: HubSubscription, answer: HubAnswer) -> HubSubscription:
    """What the hub's answer changes: a refusal ends the wait; a running lease goes on."""
    if answer.accepted:
        return subscription
    return replace(subscription, awaiting=False, detail=answer.detail)


# ── what the hub says ────────────────────────────────────────────────────────────────────────────


def verify(
    subscription: HubSubscription, query: Mapping[str, str], now: datetime
) -> tuple[str, HubSubscription] | None:
    """(what to answer, the subscription from now on); None: nothing that we asked for.

    `query`: the parameters of the hub's GET. A challenge is echoed only while we wait for it, for
    our very topic and in the mode that we asked for; else a stranger could subscribe us.
    """
    mode = query.get("hub.mode", "")
    if query.get("hub.topic") != subscription.topic or subscription.asked_at is None:
        return None
    if mode == "denied":
        reason = " ".join(query.get("hub.reason", "").split())[:_LONGEST_REASON]
        return "", replace(
            subscription,
            awaiting=False,
            expires_at=None,
            next_ask_at=now + DENIED_PAUSE,
            detail=f"the hub denied it: {reason}" if reason else "the hub denied it",
        )
    challenge = query.get("hub.challenge", "")
    if mode != subscription.mode or not subscription.awaiting:
        return None
    if not 0 < len(challenge) <= _LONGEST_CHALLENGE:
        return None
    after = replace(subscription, awaiting=False, detail="")
    if mode == "subscribe":
        lease = _lease(query.get("hub.lease_seconds", ""))
        after = replace(
            after,
            expires_at=now + lease,
            next_ask_at=max(now + lease * 3 / 4, subscription.asked_at + PAUSE),
        )
    return challenge, after


def _lease(seconds: str) -> timedelta:
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12 and int(seconds)):
        return LEASE
    return min(timedelta(seconds=min(int(seconds), 10**9)), _LONGEST_LEASE)


def signed(secret: str, signature: str, body: bytes) -> bool:
    """Is `signature`, the value of X-Hub-Signature, that of this very body?"""
    method, _, given = signature.strip().partition("=")
    if method.lower() not in _SIGNATURES:
        return False
    good = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(good.encode(), given.strip().lower().encode())


# ── what we publish ──────────────────────────────────────────────────────────────────────────────


def topic(site_url: str, path: str) -> str:
    """The address under which a hub knows one of our feeds."""
    return site_url.rstrip("/") + path


def publication(site_url: str) -> dict[str, str | list[str]]:
    """The fields of the request that tells a hub of changed feeds.

    WebSub leaves it to the two of them (section 6); this is what PubSubHubbub had and hubs take.
    """
    return {"hub.mode": "publish", "hub.url": [topic(site_url, path) for path in TOPICS]}
