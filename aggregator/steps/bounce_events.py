"""JSON of a mail service -> what it reports about our letters."""

from __future__ import annotations

import json
from typing import Any

from aggregator.model import BounceEvent, BounceKind
from aggregator.steps import bounces

MOST_EVENTS = 1_000
_KEYS = ("letter", "address", "status", "event", "detail")
_EVENTS = ("bounce", "complaint", "delivered", "delayed")


def read(body: bytes) -> tuple[BounceEvent, ...]:
    """A list of `{"letter"|"address", "event", "status", "detail"}`.

    Raises ValueError with a sentence that names the first entry that cannot be read.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(value, list) or len(value) > MOST_EVENTS:
        raise ValueError(f"expected a list of at most {MOST_EVENTS} events")
    return tuple(_event(each, f"[{n}]") for n, each in enumerate(value))


def _event(value: Any, place: str) -> BounceEvent:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValueError(f"{place}: expected an object of texts")
    for key in value:
        if key not in _KEYS:
            raise ValueError(f"{place}.{key}: unknown key (known here: {', '.join(_KEYS)})")
    if bool(value.get("letter")) == bool(value.get("address")):
        raise ValueError(f'{place}: expected either "letter" or "address"')
    event, status = value.get("event"), value.get("status", "")
    if event not in _EVENTS:
        raise ValueError(f"{place}.event: expected one of {', '.join(_EVENTS)}")
    if status and not bounces.is_status(status):
        raise ValueError(f'{place}.status: expected a status of RFC 3463 such as "5.1.1"')
    return BounceEvent(
        letter=value.get("letter", ""),
        address=value.get("address", ""),
        kind=_kind(event, status, value.get("detail", "")),
        status=status,
        detail=bounces.said(value.get("detail", "")),
    )


def _kind(event: str, status: str, detail: str) -> BounceKind | None:
    match event:
        case "bounce":
            return bounces.failed(status, detail)
        case "complaint":
            return "complaint"
        case "delayed":
            return "delayed"
    return None
