"""The week's reports -> the words of Pyongyang, as quotations and apart from the news."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from aggregator.model import Item, Quotation
from aggregator.steps.digest.choosing import Weighed, is_statement
from aggregator.steps.digest.telling import issue_item, originals, quotable
from aggregator.steps.text import sentences
from aggregator.taxonomy import Taxonomy

MOST: Final = 6
_AGENCIES: Final = frozenset({"kcna", "rodong-sinmun", "kcbs", "ktv", "uriminzokkiri"})
_QUOTED: Final = re.compile(r"[\"“「『]([^\"“”「」『』]{8,160})[\"”」』]")
_NEAR: Final = 14
"""Characters between the speaker and the quotation."""
_OF_THE_STATE: Final = ("north-korea", "wpk", "kpa")
_CHARACTERS: Final = 300


def quotations(
    weighed: Sequence[Weighed], others: Iterable[Item], taxonomy: Taxonomy
) -> tuple[Quotation, ...]:
    """State media in their own words, latest first; then those whom a report of the news quotes in
    its headline, one a story.

    `others`: items of stories that are no news, such as statements that nobody reports.
    """
    mine = [i for w in weighed for i in originals(w.view) if is_statement(i)]
    mine += [i for i in others if is_statement(i) and i.duplicate_of is None]
    own = {i.article.title.casefold(): i for i in sorted(mine, key=_when)}
    latest = sorted(own.values(), key=_when, reverse=True)
    found = [
        Quotation(words=_own_words(i), speaker=_speaker(i, taxonomy), item=issue_item(i, taxonomy))
        for i in latest[:MOST]
    ]
    for each in weighed:
        if len(found) >= MOST:
            break
        if cited := _cited(originals(each.view), taxonomy):
            found.append(cited)
    return tuple(found)


def _when(item: Item) -> tuple[object, str]:
    return item.article.published_at, item.article.id


def _own_words(item: Item) -> str:
    first = sentences(quotable(item, _CHARACTERS))[:1]
    return first[0] if first else item.article.title


def _cited(items: Sequence[Item], taxonomy: Taxonomy) -> Quotation | None:
    """The first headline that quotes somebody of the North, named before the quotation."""
    for item in items:
        if is_statement(item):
            return None  # it is there already, in its own words
        found = _QUOTED.search(item.article.title)
        if not found:
            continue
        before = [
            t.slug
            for t in item.judgement.tags
            if t.slug in taxonomy
            and any(
                e.field == "title" and found.start() - _NEAR <= e.end <= found.start()
                for e in t.evidence
            )
        ]
        speaker = next((slug for slug in before if _is_northern(slug, taxonomy)), "")
        if speaker and all(_is_northern(s, taxonomy) or _no_speaker(s, taxonomy) for s in before):
            return Quotation(
                words=found[1].strip(), speaker=speaker, item=issue_item(item, taxonomy)
            )
    return None


def _is_northern(slug: str, taxonomy: Taxonomy) -> bool:
    tag = taxonomy[slug]
    if tag.slug in _OF_THE_STATE or tag.slug in _AGENCIES:
        return True
    return tag.facet in ("actor", "org") and any(p in _OF_THE_STATE for p in tag.parents)


def _no_speaker(slug: str, taxonomy: Taxonomy) -> bool:
    return taxonomy[slug].facet not in ("actor", "org", "state")


def _speaker(item: Item, taxonomy: Taxonomy) -> str:
    """The person of the North that a statement names first."""
    people = [
        (e.start, t.slug)
        for t in item.judgement.tags
        if t.slug in taxonomy and taxonomy[t.slug].facet == "actor" and t.method == "strong"
        for e in t.evidence
        if e.field == "title" and _is_northern(t.slug, taxonomy)
    ]
    return min(people)[1] if people else ""
