"""Connection -> the index of searching: FTS5 on SQLite, a tsvector on PostgreSQL, our own terms.

It holds the relevant articles that are no copies. Whoever changes what it knows of an article
(text, language, shown tags, whether it is relevant or a copy) withdraws it before and enters it
after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, text, true

from aggregator.edges.sql.columns import EPOCH
from aggregator.edges.sql.engine import AnyRow, among, listed
from aggregator.edges.sql.schema import article_tags, articles, searchable
from aggregator.model import Search
from aggregator.steps.search import ANY, Phrase, Wanted, facet, parse, terms

_A_SECOND = 256
"""Numbers to a second. More articles of one second take those of the next one."""
_BATCH = 1_000
_NEAR = 4_000
"""Articles among which PostgreSQL looks first."""
_FEW = 50
"""Feeds that are looked for as terms; more are a filter. 10,000 terms took 180 ms on SQLite and
480 on PostgreSQL, the filter at most 50 and 40; for one feed with few articles it is the reverse.
"""
_Groups = Sequence[Sequence[str]]


# ── what the index holds ─────────────────────────────────────────────────────────────────────────

_TEXTS = select(
    articles.c.id,
    articles.c.title,
    articles.c.summary,
    articles.c.content,
    articles.c.language,
    articles.c.feed_id,
    articles.c.published_at,
    articles.c.seen_at,
)
_ENTERED = select(searchable.c.article_id).where(searchable.c.article_id == articles.c.id)
_WANTING = (
    articles.c.relevant.is_(true()),
    articles.c.duplicate_of.is_(None),
    ~_ENTERED.exists(),
)


def enter(connection: Connection, article_ids: Iterable[str]) -> None:
    """Make these articles be found, those that are relevant and no copies."""
    wanting = among(connection, articles.c.id, article_ids)
    rows = connection.execute(_TEXTS.where(wanting, *_WANTING)).all()
    if not rows:
        return
    documents = _documents(connection, rows)
    numbers = _numbers(connection, rows)
    entries: list[dict[str, Any]] = [
        {"article_id": row.id, "feed_id": row.feed_id, "number": numbers[row.id]} for row in rows
    ]
    if connection.dialect.name == "postgresql":
        for entry in entries:
            entry["terms"] = _vector(*documents[entry["article_id"]])
        connection.execute(_ENTER_POSTGRESQL, entries)
    else:
        connection.execute(insert(searchable), entries)
        connection.execute(
            _ENTER_SQLITE,
            [{"number": numbers[row.id], "terms": _line(documents[row.id])} for row in rows],
        )


def withdraw(connection: Connection, article_ids: Iterable[str]) -> None:
    """Make these articles be found no more.

    SQLite's index is told the terms that it holds of them, made again from what is stored: an index
    that keeps them itself would take twice the room.
    """
    wanted = among(connection, searchable.c.article_id, article_ids)
    if connection.dialect.name != "postgresql":
        entered = _TEXTS.join(searchable, searchable.c.article_id == articles.c.id)
        rows = connection.execute(entered.add_columns(searchable.c.number).where(wanted)).all()
        if not rows:
            return
        documents = _documents(connection, rows)
        connection.execute(
            _WITHDRAW_SQLITE,
            [{"number": row.number, "terms": _line(documents[row.id])} for row in rows],
        )
    connection.execute(delete(searchable).where(wanted))


def fill(connection: Connection) -> None:
    """Enter all that is not there yet: after a migration, with the tables as they are now."""
    oldest = articles.c.published_at, articles.c.seen_at, articles.c.id.desc()
    ids = connection.scalars(select(articles.c.id).where(*_WANTING).order_by(*oldest)).all()
    for start in range(0, len(ids), _BATCH):
        enter(connection, ids[start : start + _BATCH])


def check(connection: Connection) -> None:
    """Fails where SQLite was built without FTS5: at the start, not at the first article."""
    if connection.dialect.name != "postgresql":
        connection.execute(text("SELECT 1 FROM search_terms LIMIT 0"))


_ENTER_SQLITE = text("INSERT INTO search_terms (rowid, terms) VALUES (:number, :terms)")
_ENTER_POSTGRESQL = text(
    "INSERT INTO searchable (article_id, feed_id, number, terms)"
    " VALUES (:article_id, :feed_id, :number, CAST(:terms AS tsvector))"
)
_WITHDRAW_SQLITE = text(
    "INSERT INTO search_terms (search_terms, rowid, terms) VALUES ('delete', :number, :terms)"
)
_Document = tuple[tuple[str, ...], tuple[str, ...]]
"""Terms in order, facets."""


def _documents(connection: Connection, rows: Sequence[AnyRow]) -> dict[str, _Document]:
    """By article id. The tags are those of the lists by tag: both find the same articles."""
    shown = select(article_tags.c.article_id, article_tags.c.slug)
    tags: defaultdict[str, list[str]] = defaultdict(list)
    for id, slug in connection.execute(
        shown.where(among(connection, article_tags.c.article_id, (row.id for row in rows)))
    ):
        tags[id].append(facet("tag", slug))
    return {
        row.id: (
            terms(row.title, row.summary, row.content),
            (ANY, facet("lang", row.language), facet("feed", row.feed_id), *tags[row.id]),
        )
        for row in rows
    }


def _line(document: _Document) -> str:
    found, facets = document
    return " ".join((*found, *facets))


def _vector(found: Iterable[str], facets: Iterable[str]) -> str:
    """A tsvector as text: each term with its places. Not `to_tsvector`, which would parse again."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for place, term in enumerate(found, 1):
        places[term].append(str(place))
    placed = (f"{_single(term)}:{','.join(at)}" for term, at in places.items())
    return " ".join((*placed, *map(_single, facets)))


def _single(term: str) -> str:
    return f"'{term}'"


def _numbers(connection: Connection, rows: Iterable[AnyRow]) -> dict[str, int]:
    """Article id -> a number that grows with `published_at`, to the second, and then as they come:
    to walk the index from its end is to read the latest first, without sorting."""
    free: dict[int, int] = {}

    def after(second: int) -> int:
        while True:
            start = second * _A_SECOND
            number = free.get(second)
            if number is None:
                last = connection.scalar(_LAST, {"first": start, "end": start + _A_SECOND})
                number = start if last is None else last + 1
            free[second] = number + 1
            if number < start + _A_SECOND:
                return number
            second += 1

    earliest = sorted(rows, key=lambda row: row.id, reverse=True)
    earliest.sort(key=lambda row: (row.published_at, row.seen_at))
    return {row.id: after(_second(row.published_at)) for row in earliest}


_LAST = text("SELECT max(number) FROM searchable WHERE number >= :first AND number < :end")


def _second(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(seconds=1)


# ── what is asked of it ──────────────────────────────────────────────────────────────────────────


def search(connection: Connection, asked: Search, limit: int, offset: int) -> Sequence[str]:
    """Ids of articles, the latest first."""
    wanted = parse(asked.text)
    if (asked.text.strip() and wanted == Wanted()) or asked.feeds == frozenset():
        return ()  # nothing can be looked for, or nowhere
    groups = [[facet("tag", slug)] for slug in asked.tags]
    if asked.languages:
        groups.append([facet("lang", language) for language in asked.languages])
    bound: dict[str, Any] = {
        "first": _FIRST if asked.since is None else _second(asked.since) * _A_SECOND,
        "end": _END if asked.until is None else _second(asked.until) * _A_SECOND,
        "limit": limit,
        "offset": offset,
    }
    many = asked.feeds is not None and len(asked.feeds) > _FEW
    if many:
        bound["feeds"] = listed(connection, sorted(asked.feeds or ()))
    elif asked.feeds is not None:
        groups.append([facet("feed", feed) for feed in sorted(asked.feeds)])
    if connection.dialect.name != "postgresql":
        bound["match"] = _match(wanted, groups)
        return connection.scalars(_SQLITE[many], bound).all()
    bound["query"] = _query(wanted, groups)
    if offset + limit <= _NEAR // 10:
        found = connection.scalars(_POSTGRESQL_NEAR[many], bound).all()
        if len(found) == limit:
            return found
    return connection.scalars(_POSTGRESQL[many], bound).all()


_FIRST, _END = -(2**63), 2**63 - 1
# By whether there are many feeds. The order of joining is ours: the index is walked from its end
# until there are enough.
_SQLITE = {
    many: text(
        "SELECT article_id FROM search_terms CROSS JOIN searchable ON number = search_terms.rowid"
        " WHERE search_terms MATCH :match"
        " AND search_terms.rowid >= :first AND search_terms.rowid < :end"
        f"{feeds} ORDER BY search_terms.rowid DESC LIMIT :limit OFFSET :offset"
    )
    for many, feeds in {
        False: "",
        True: " AND feed_id IN (SELECT value FROM json_each(:feeds))",
    }.items()
}
# PostgreSQL does not know how common our terms are: it walked all articles from the latest for a
# rare one (90 ms of 100,000), or sorted all that hold a common one. So what is common is found
# among the latest few thousand, and what is rare by its term: `number + 0` has no index.
_RANGE = "number >= :first AND number < :end"
_MATCHED = {
    False: "terms @@ CAST(:query AS tsquery)",
    True: "terms @@ CAST(:query AS tsquery) AND feed_id = ANY(:feeds)",
}
_PAGE = "LIMIT :limit OFFSET :offset"
_NEWEST = f"SELECT * FROM searchable WHERE {_RANGE} ORDER BY number DESC LIMIT {_NEAR}"
_POSTGRESQL_NEAR = {
    many: text(
        f"SELECT article_id FROM ({_NEWEST}) AS newest WHERE {matched}"
        f" ORDER BY number DESC, article_id DESC {_PAGE}"
    )
    for many, matched in _MATCHED.items()
}
_POSTGRESQL = {
    many: text(
        f"SELECT article_id FROM searchable WHERE {matched} AND {_RANGE}"
        f" ORDER BY number + 0 DESC, article_id DESC {_PAGE}"
    )
    for many, matched in _MATCHED.items()
}


def _match(wanted: Wanted, groups: _Groups) -> str:
    """A query of FTS5. Terms hold nothing that would end a quoted text."""

    def phrase(one: Phrase) -> str:
        return f'"{" ".join(one.terms)}"' + "*" * one.begins

    every = [*map(phrase, wanted.all), *(f"({' OR '.join(map(_quoted, g))})" for g in groups)]
    none = " OR ".join(map(phrase, wanted.none))
    return " AND ".join(every or [_quoted(ANY)]) + (f" NOT ({none})" if none else "")


def _quoted(term: str) -> str:
    return f'"{term}"'


def _query(wanted: Wanted, groups: _Groups) -> str:
    """The same as a tsquery."""

    def phrase(one: Phrase) -> str:
        return f"({' <-> '.join(map(_single, one.terms))}{':*' * one.begins})"

    every = [*map(phrase, wanted.all), *(f"({' | '.join(map(_single, g))})" for g in groups)]
    none = " | ".join(map(phrase, wanted.none))
    return " & ".join(every or [_single(ANY)]) + (f" & !({none})" if none else "")
