"""a text and the evidence in it -> parts, so that a page can mark what a tag rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aggregator.model import Evidence, Field
from aggregator.render.safe import HEADLINE, harmless


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a text, between two changes."""

    text: str
    marked: bool = False


def marked(
    text: str, evidence: Iterable[Evidence], field: Field, limit: int = HEADLINE
) -> tuple[Part, ...]:
    """The first `limit` characters, cut where evidence begins and ends; overlaps are one mark.

    What no reader may see (controls, bidi marks) is taken out of each part: the offsets are those
    of the text as it is stored.
    """
    spans = sorted((e.start, e.end) for e in evidence if e.field == field and e.start < e.end)
    parts: list[Part] = []
    at = 0
    for start, end in spans:
        if start >= limit:
            break
        start, end = max(start, at), min(end, limit)
        if end <= at:
            continue
        if start > at:
            parts.append(Part(text=harmless(text[at:start])))
        if parts and parts[-1].marked and start == at:
            parts[-1] = Part(text=parts[-1].text + harmless(text[start:end]), marked=True)
        else:
            parts.append(Part(text=harmless(text[start:end]), marked=True))
        at = end
    rest = text[at:limit]
    if rest or len(text) > limit:
        parts.append(Part(text=harmless(rest) + ("…" if len(text) > limit else "")))
    # A text of nothing but spaces is none: whoever shows it would frame an empty line.
    return tuple(part for part in parts if part.text) if any(p.text.strip() for p in parts) else ()
