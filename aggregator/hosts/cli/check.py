"""A checked visit -> what `feeds check` prints: one row of values, and the same as lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from aggregator.jobs import Checked
from aggregator.model import Article, Exchange, Feed, FetchFailed, NotModified, Reading, Validators
from aggregator.render.safe import shown
from aggregator.steps import polling, reasons
from aggregator.steps.charset import decoded
from aggregator.steps.dialect import dialect
from aggregator.steps.health import moment
from aggregator.steps.urls import without_login

_HEADLINES = 3
_READERS = {
    "xmlfeed": "the fast reader, which feedparser confirmed in a sample",
    "feedparser": "feedparser alone",
}


# ── values ───────────────────────────────────────────────────────────────────────────────────────


def row(found: Checked) -> dict[str, Any]:
    """All that is known of the visit, for JSON."""
    feed, state, asked = found.visit.feed, found.visit.state, found.asked
    told: dict[str, Any] = {"feed": feed.id, "ok": False, "url": without_login(asked)}
    if asked != feed.url:
        told["configured_url"] = without_login(feed.url)
    told |= {
        "requests": [_request(exchange) for exchange in found.exchanges],
        "sent_by_a_poll": _headers(polling.validators(state, feed)),
    }
    if found.fetched is not None:
        told |= _body(found)
    match found.answer:
        case FetchFailed(why=why, detail=detail):
            told |= {"failure": why.value, "reason": without_login(detail)}
        case NotModified():
            told |= {"reason": "answered 304 although no validators were sent"}
    if found.reading is not None:
        told |= {"ok": True} | _document(found, found.reading)
    after = found.decision.state
    return told | {
        "interval": _interval(feed),
        "next_check": None if after.retired_at else after.next_check_at,
        "why_next": reasons.why_next(found.decision),
    }


def _request(exchange: Exchange) -> dict[str, Any]:
    return {
        "method": exchange.method,
        "url": exchange.url,
        "sent": _joined(exchange.sent),
        "address": exchange.address,
        "status": exchange.status,
        "phrase": exchange.phrase,
        "received": _joined(exchange.received),
        "redirect": exchange.redirect,
        "wire_bytes": exchange.wire_bytes,
        "bytes": exchange.body_bytes,
        "milliseconds": exchange.milliseconds,
    }


def _joined(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Headers that come several times become one, as RFC 9110 has it."""
    told: dict[str, str] = {}
    for name, value in headers:
        if value not in told.get(name, "").split(", "):
            told[name] = f"{told[name]}, {value}" if name in told else value
    return told


def _headers(validators: Validators) -> dict[str, str]:
    pairs = (("If-None-Match", validators.etag), ("If-Modified-Since", validators.last_modified))
    return {name: value for name, value in pairs if value}


def _body(found: Checked) -> dict[str, Any]:
    fetched, asked = found.fetched, found.asked
    assert fetched is not None
    text = decoded(fetched.body, fetched.content_type)
    final, first = without_login(fetched.url), without_login(asked)
    return {
        "final_url": final if final != first else "",
        "moved_to": fetched.moved_to,
        "moved": reasons.moved(found.visit.state, found.decision, first, final),
        "bytes": len(fetched.body),
        "wire_bytes": sum(exchange.wire_bytes for exchange in found.exchanges),
        "content_type": fetched.content_type,
        "etag": fetched.validators.etag,
        "last_modified": fetched.validators.last_modified,
        "charset": {"codec": text.codec, "why": text.why},
        "format": dialect(text.text),
    }


def _document(found: Checked, reading: Reading) -> dict[str, Any]:
    articles, fetched = reading.articles, found.fetched
    dates = [a.published_at for a in articles if a.dated]
    return {
        "reader": reading.reader,
        "title": reading.title,
        "unchanged": found.unchanged,
        "entries": len(articles),
        "listed": reading.listed,
        "repeated": reading.listed - reading.withheld - reading.dropped - len(articles),
        "undated": sum(not a.dated for a in articles),
        "future": sum(_clamped(a) for a in articles),
        "withheld": reading.withheld,
        "dropped": reading.dropped,
        "dropped_empty": reading.empty,
        "dropped_nameless": reading.dropped - reading.empty,
        "shared_guids": len(reading.shared_guids - {""}),
        "new": found.new,
        "edited": found.edited,
        "newest": max(dates, default=None),
        "oldest": min(dates, default=None),
        "max_age": _minutes(fetched.max_age if fetched else None),
        "ttl": _minutes(reading.ttl),
        "hub": reading.hub,
        "latest_headline": articles[0].title if articles else "",
        "headlines": [
            {"published": a.published_at if a.dated else None, "title": a.title}
            for a in sorted(articles, key=_latest, reverse=True)[:_HEADLINES]
        ],
    }


def _clamped(article: Article) -> bool:
    """A date in the future was set to the time of the visit."""
    return article.dated and article.published_at == article.seen_at


def _latest(article: Article) -> tuple[bool, datetime]:
    return article.dated, article.published_at


def _minutes(hint: timedelta | None) -> str:
    return "" if hint is None else f"{hint.total_seconds() / 60:g} min"


def _interval(feed: Feed) -> str:
    return "set by `every`" if feed.every else "the feed's own rhythm and the hints above"


# ── lines ────────────────────────────────────────────────────────────────────────────────────────


def lines(told: dict[str, Any]) -> Iterator[str]:
    """The row for people: the visit in the order in which it happened."""
    if "configured_url" in told:
        yield f"configured as {told['configured_url']}, which has moved"
    for number, request in enumerate(told["requests"], 1):
        yield from _request_lines(number, request)
    yield f"a poll would also send: {_pairs(told['sent_by_a_poll']) or 'nothing'}"
    if told.get("moved"):
        yield told["moved"]
    if "charset" in told:
        yield f"charset: {told['charset']['codec']} ({told['charset']['why']})"
    if "reason" in told:
        kind = f" ({told['failure']})" if "failure" in told else ""
        yield f"it fails here: {shown(told['reason'], 500)}{kind}"
    if told["ok"]:
        yield from _document_lines(told)
    yield f"why then: {told['why_next']}"
    yield f"next check: {moment(told['next_check']) if told['next_check'] else 'never'}"


def _request_lines(number: int, request: dict[str, Any]) -> Iterator[str]:
    yield f"{number}. {request['method']} {shown(request['url'], 500)}"
    for name, value in request["sent"].items():
        yield f"   > {name}: {shown(value, 500)}"
    where, took = request["address"], f"in {request['milliseconds']:g} ms"
    if request["status"] is None:
        yield f"   < {f'no answer from {where}' if where else 'no connection'} {took}"
        return
    status = f"{request['status']} {request['phrase']}".rstrip()
    yield f"   < {status} from {where} {took}"
    for name, value in request["received"].items():
        yield f"   < {name}: {shown(value, 500)}"
    if request["redirect"]:
        yield f"   a {request['redirect']} redirect"
    elif request["wire_bytes"]:
        inflated = f", {request['bytes']:,} decompressed" if _is_packed(request) else ""
        yield f"   {request['wire_bytes']:,} bytes on the wire{inflated}"


def _is_packed(request: dict[str, Any]) -> bool:
    return any(name.lower() == "content-encoding" for name in request["received"])


def _document_lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"format: {told['format']}, read by {_READERS.get(told['reader'], told['reader'])}"
    yield f"title: {shown(told['title'])}"
    yield f"entries: {_entries(told)}"
    same = "; the very bytes of the last visit" if told["unchanged"] else ""
    yield f"for the library: {told['new']} new, {told['edited']} edited{same}"
    if told["newest"]:
        yield f"dates: newest {moment(told['newest'])}, oldest {moment(told['oldest'])}"
    hints = {name: told[key] for name, key in (("max-age", "max_age"), ("ttl", "ttl"))}
    yield f"hints of the publisher: {_pairs(hints | {'hub': told['hub']}) or 'none'}"
    for each in told["headlines"]:
        when = moment(each["published"]) if each["published"] else "undated"
        yield f"   {when}  {shown(each['title'], 120)}"


def _entries(told: dict[str, Any]) -> str:
    notes = [
        f"{told[key]} {words}"
        for key, words in (
            ("repeated", "that announce an article again"),
            ("undated", "undated"),
            ("future", "dated in the future, which is set to now"),
            ("withheld", "left alone, dated after --as-of"),
            ("dropped_empty", "dropped, without any text"),
            ("dropped_nameless", "dropped, with neither link nor guid"),
            ("shared_guids", "guids shared by several entries, so not used"),
        )
        if told[key]
    ]
    return "; ".join([str(told["listed"]), *notes])


def _pairs(values: dict[str, str]) -> str:
    return ", ".join(f"{name}: {shown(value, 500)}" for name, value in values.items() if value)
