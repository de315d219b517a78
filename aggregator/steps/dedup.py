"""Articles, what is known -> which are new, which were edited, which are copies of another.

Two questions. `fresh`: did we see this very article before (same canonical URL, or the same guid in
the same feed)? `nearly`: is it the text of another article again (a wire report on another site,
a revision with an edited title)?
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from aggregator.model import Article, Copy, Item, Known, Reading, StoryItems
from aggregator.rules import Clustering
from aggregator.steps.likeness import Vector, cosine, vectors
from aggregator.steps.words import CJK, words

COPY_WINDOW = timedelta(hours=72)
SERIES_GAP = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What of a reading the library does not hold yet."""

    new: tuple[Article, ...]
    edited: tuple[Article, ...]
    sightings: tuple[tuple[str, str], ...]
    """(article id, guid) that this feed had not announced before"""


def fresh(reading: Reading, known: Known) -> Fresh:
    """Sort a reading by what the library holds of it.

    A known guid with a new URL is the same article moved: it keeps its first id, so that a feed
    that changes its links is not announced twice. So do all articles of a feed that moved with its
    links and guids; they take on their new addresses. An edit counts only from the feed that
    brought the article, or two feeds with two wordings of one URL would overwrite each other for
    ever.
    """
    new: dict[str, Article] = {}
    edited: dict[str, Article] = {}
    sightings: list[tuple[str, str]] = []
    for found in reading.articles:
        # 2 of 100 documents use one guid for several entries: such a guid identifies nothing.
        unique = found.guid != "" and found.guid not in reading.shared_guids
        held_id = known.guids.get(found.guid) if unique else None
        moved_id = known.moved.get(found.id)
        other_id = moved_id or (None if found.id in known.fingerprints else held_id)
        article = replace(found, id=other_id) if other_id else found
        held = known.fingerprints.get(article.id)
        if moved_id:
            edited.setdefault(article.id, article)
        elif held is None:
            new.setdefault(article.id, article)
        elif held != article.fingerprint and article.id in known.sighted:
            edited.setdefault(article.id, article)
        if held_id is None and (unique or article.id not in known.sighted):
            sightings.append((article.id, found.guid if unique else found.url))
    return Fresh(new=tuple(new.values()), edited=tuple(edited.values()), sightings=tuple(sightings))


# Marks of revision and of syndication: they tell versions of one text apart, not events.
_MARKS = re.compile(
    r"""^\s*(?:
          \[(?:속보|단독|종합|緊急|速報|快讯|更新|update|breaking)[^\]]*\]
        | \((?:\d*\s*(?:lead|ld)|\d+(?:st|nd|rd|th)\s+(?:lead|ld)|urgent|update\w*|yonhap\ .*?)\)
        | (?:update|corrected|refile|breaking|exclusive)\s*\d*\s*[-:–]
      )\s*
    | \s*\((?:종합\d*보?|\d+보|종합|reuters|afp|ap|upi|xinhua|연합뉴스|update\ \d+)\)\s*$
    | \s+[-–—|]\s+[^-–—|]{2,40}$
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def title_key(title: str) -> str:
    """A headline without marks of revision, publisher, punctuation and case."""
    text = unicodedata.normalize("NFKC", title)
    for _ in range(3):  # marks are stacked: "[속보] … (종합2보)"
        shorter = _MARKS.sub("", text)
        if shorter == text or len(shorter) < 8:
            break
        text = shorter
    return " ".join(re.findall(r"\w+", text.casefold()))


def _long_enough(key: str) -> bool:
    """Short headlines ("Press Review") are alike without being copies."""
    return len(key.split()) >= 5 or (bool(CJK.search(key)) and len(key.replace(" ", "")) >= 12)


def _numbers(item: Item) -> frozenset[str]:
    return frozenset(_NUMBER.findall(title_key(item.article.title)))


def _may_copy(one: Item, other: Item) -> bool:
    """Two texts that could be one: near in time, one language, no series of one desk."""
    a, b = one.article, other.article
    apart = abs(a.published_at - b.published_at)
    if a.language != b.language or (a.dated and b.dated and apart > COPY_WINDOW):
        return False
    publisher = one.feed.publisher or one.feed.id
    return not (publisher == (other.feed.publisher or other.feed.id) and apart > SERIES_GAP)


def order(item: Item) -> tuple[object, ...]:
    """Earliest publication first; ids break ties, so that no order of arrival shows."""
    return (item.article.published_at, item.article.id)


def nearly(
    loose: Sequence[Item], placed: Sequence[StoryItems], rules: Clustering
) -> tuple[Copy, ...]:
    """Which loose items repeat the text of another one. An original is never itself a copy."""
    settled = [i for story in placed for i in story.items]
    roots = {i.article.id: i.duplicate_of or i.article.id for i in settled}
    pool = sorted(settled, key=order) + sorted(loose, key=order)
    as_vectors = vectors([_copy_words(i) for i in pool])
    by_key: dict[str, list[int]] = defaultdict(list)
    by_word: dict[str, list[int]] = defaultdict(list)
    copies: list[Copy] = []
    for n, item in enumerate(pool):
        key, telling = title_key(item.article.title), _rarest(as_vectors[n])
        if n >= len(settled):
            original = _original(
                n, pool, as_vectors, _candidates(telling, by_word), by_key[key], key, rules
            )
            root = item.article.id if original is None else roots[pool[original].article.id]
            roots[item.article.id] = root
            if root != item.article.id:
                copies.append(Copy(article_id=item.article.id, original_id=root))
        by_key[key].append(n)
        for word in telling:
            by_word[word].append(n)
    return tuple(copies)


def _copy_words(item: Item) -> dict[str, float]:
    """Words and pairs of neighbours (weighted .7) of title and summary."""
    found = words(f"{item.article.title} {item.article.summary[:300]}", item.article.language)
    weights: dict[str, float] = defaultdict(float)
    for word in found:
        weights[word] += 1.0
    for pair in pairwise(found):
        weights[" ".join(pair)] += 0.7
    return weights


def _rarest(vector: Vector, count: int = 12) -> list[str]:
    """The words that say most: two copies share some of them, unrelated texts hardly any."""
    return sorted(sorted(vector), key=vector.__getitem__, reverse=True)[:count]


def _candidates(telling: Sequence[str], by_word: dict[str, list[int]]) -> Iterable[int]:
    seen: dict[int, int] = defaultdict(int)
    for word in telling:
        for n in by_word.get(word, ())[-200:]:
            seen[n] += 1
    return (n for n, shared in seen.items() if shared >= 2)


def _original(
    n: int,
    pool: Sequence[Item],
    as_vectors: Sequence[Vector],
    near: Iterable[int],
    same_title: Sequence[int],
    key: str,
    rules: Clustering,
) -> int | None:
    """The earliest item of the pool that item n repeats."""
    item = pool[n]
    found: list[int] = []
    if _long_enough(key):
        found += [m for m in same_title if _may_copy(item, pool[m])]
    for m in near:
        if (
            _may_copy(item, pool[m])
            and _numbers(item) == _numbers(pool[m])
            and cosine(as_vectors[n], as_vectors[m]) >= rules.copy_at
        ):
            found.append(m)
    return min(found, default=None)
