"""Articles, what is known -> which are new, which were edited.

Did we see this very article before: same canonical URL, or the same guid in the same feed? Whether
it is the text of another article again is asked later (`copies`), of relevant articles only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aggregator.model import Article, Known, Reading


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
