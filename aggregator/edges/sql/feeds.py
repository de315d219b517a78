"""Connection -> what a visit needs and what it writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    distinct,
    func,
    insert,
    select,
    true,
    update,
)

from aggregator.edges.sql import search
from aggregator.edges.sql.columns import clean, columns_of, names
from aggregator.edges.sql.engine import (
    AnyRow,
    Query,
    among,
    among_bound,
    insert_into,
    listed,
)
from aggregator.edges.sql.schema import (
    ARTICLE,
    FEED,
    STATE,
    article_tags,
    articles,
    feeds,
    meta,
    sightings,
)
from aggregator.model import (
    Article,
    Feed,
    FeedState,
    FormerTitle,
    IngestPlan,
    Judged,
    Judgement,
    Known,
    Reading,
)

_SHOWN = 2
"""The lowest score of a tag that is shown."""
_TITLES_KEPT = 20
"""A feed that flips a headline at each visit shall not grow its row without end."""
_WHOLE_FEED = 3
"""Entries from which a document without anything known looks like a feed that moved."""
_GUID_LENGTH = 512
"""PostgreSQL refuses index entries above 2,704 bytes; a longer guid is known by its hash."""
_BUMP = update(meta).values(version=meta.c.version + 1)


def bump(connection: Connection) -> None:
    """Say that readers see something new. Last in its transaction: on PostgreSQL it is a queue."""
    connection.execute(_BUMP)


def register(
    connection: Connection,
    configured: Sequence[Feed],
    now: datetime,
    first: Mapping[str, datetime],
) -> None:
    connection.execute(update(meta).where(meta.c.installed_at.is_(None)).values(installed_at=now))
    stored = {row.id: row for row in connection.execute(select(feeds))}
    wanted = {feed.id: columns_of(feed, FEED) for feed in configured}
    fresh = [
        {**row, "configured": True, "next_check_at": first.get(id, now), "failures": 0.0}
        for id, row in sorted(wanted.items())
        if id not in stored
    ]
    if fresh:
        connection.execute(
            insert_into(connection, feeds).on_conflict_do_nothing(index_elements=["id"]), fresh
        )
    for id, row in sorted(stored.items()):
        if id in wanted:
            _describe(connection, row, wanted[id], now)
        elif row.configured:
            connection.execute(update(feeds).where(feeds.c.id == id).values(configured=False))


def _describe(connection: Connection, row: AnyRow, wanted: dict[str, Any], now: datetime) -> None:
    changes = {k: v for k, v in wanted.items() if v != getattr(row, k)}
    if not row.configured:
        changes["configured"] = True
    if "url" in changes:
        # What was learnt of the old address (an ETag, a 410) says nothing of the new one.
        unknown = FeedState(feed_id=row.id, next_check_at=now)
        changes |= columns_of(unknown, STATE)
    if changes:
        connection.execute(update(feeds).where(feeds.c.id == row.id).values(**changes))


def installed_at(connection: Connection) -> datetime | None:
    return connection.scalar(select(meta.c.installed_at))


_STATES = select(feeds.c.id, *(feeds.c[name] for name in STATE)).where(
    feeds.c.configured.is_(true())
)
_POLLED = _STATES.where(feeds.c.retired_at.is_(None))


def _state(row: AnyRow) -> FeedState:
    return FeedState(feed_id=row[0], **dict(zip(STATE, row[1:], strict=True)))


def claim(
    connection: Connection, now: datetime, lease: timedelta, limit: int, *, all_feeds: bool
) -> tuple[FeedState, ...]:
    due = _POLLED if all_feeds else _POLLED.where(feeds.c.next_check_at <= now)
    taken = [
        _state(row)
        for row in connection.execute(
            due.order_by(feeds.c.next_check_at, feeds.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ]
    until = now + lease
    swap = (
        update(feeds)
        .where(feeds.c.id == bindparam("held"), feeds.c.next_check_at == bindparam("due"))
        .values(next_check_at=until)
    )
    return tuple(
        replace(state, next_check_at=until)
        for state in taken
        if connection.execute(swap, {"held": state.feed_id, "due": state.next_check_at}).rowcount
    )


def states(connection: Connection) -> dict[str, FeedState]:
    return {row[0]: _state(row) for row in connection.execute(_STATES)}


def next_due(connection: Connection) -> datetime | None:
    earliest: datetime | None = connection.scalar(
        select(func.min(feeds.c.next_check_at)).where(
            feeds.c.configured.is_(true()), feeds.c.retired_at.is_(None)
        )
    )
    return earliest


def described(connection: Connection, feed_id: str) -> Feed:
    """A feed that is configured no more, as it was."""
    row = connection.execute(select(*(feeds.c[n] for n in FEED)).where(feeds.c.id == feed_id)).one()
    return Feed(**dict(zip(FEED, row, strict=True)))


def _guid_key(guid: str) -> str:
    guid = clean(guid)
    return guid if len(guid) <= _GUID_LENGTH else f"sha256:{sha256(guid.encode()).hexdigest()}"


class _KnownQueries(NamedTuple):
    guids: Query
    sighted: Query
    fingerprints: Query
    any_sighting: Query


@lru_cache
def _known_queries(dialect: str) -> _KnownQueries:
    """Built once: to build them for each visit took a third of the time of `known`."""
    here = sightings.c.feed_id == bindparam("feed")

    def among_values(column: ColumnElement[str]) -> ColumnElement[bool]:
        return among_bound(dialect, column, "values")

    return _KnownQueries(
        select(sightings.c.guid, sightings.c.article_id).where(
            here, among_values(sightings.c.guid)
        ),
        select(sightings.c.article_id).where(here, among_values(sightings.c.article_id)),
        select(articles.c.id, articles.c.fingerprint).where(among_values(articles.c.id)),
        select(sightings.c.guid).where(here).limit(1),
    )


def known(connection: Connection, feed_id: str, reading: Reading) -> Known:
    ids = [article.id for article in reading.articles]
    keys = {article.guid: _guid_key(article.guid) for article in reading.articles}
    queries = _known_queries(connection.dialect.name)

    def rows(query: Query, values: Iterable[str]) -> Sequence[AnyRow]:
        bound = {"feed": feed_id, "values": listed(connection, values)}
        return connection.execute(query, bound).all()

    by_key = {row.guid: row.article_id for row in rows(queries.guids, keys.values())}
    sighted = (row.article_id for row in rows(queries.sighted, ids))
    prints = rows(queries.fingerprints, {*ids, *by_key.values()})
    found = Known(
        fingerprints={row.id: row.fingerprint for row in prints},
        guids={guid: by_key[key] for guid, key in keys.items() if key in by_key},
        sighted=frozenset(sighted),
    )
    if len(ids) < _WHOLE_FEED or reading.unchanged or found.guids or found.fingerprints:
        return found
    if connection.scalar(queries.any_sighting, {"feed": feed_id}) is None:
        return found  # its first visit
    return replace(found, moved=_moved(connection, feed_id, reading))


def _moved(connection: Connection, feed_id: str, reading: Reading) -> dict[str, str]:
    """What this feed announced before under another address: the same title at the same moment.

    Walks the whole table; only asked where nothing of a document is known.
    """
    moments = [article.published_at for article in reading.articles if article.dated]
    if not moments:
        return {}
    earlier = select(articles.c.id, articles.c.title, articles.c.published_at).where(
        articles.c.feed_id == feed_id,
        articles.c.published_at.between(min(moments), max(moments)),
    )
    ids = {(row.title, row.published_at): row.id for row in connection.execute(earlier)}
    return {
        article.id: ids[key]
        for article in reading.articles
        if article.dated and (key := (clean(article.title), article.published_at)) in ids
    }


# Built once: to build it for each visit took a third of the time that a 304 costs.
_SETTLE = update(feeds).where(
    feeds.c.id == bindparam("held"), feeds.c.next_check_at == bindparam("due")
)


def settle(connection: Connection, states: Sequence[tuple[FeedState, datetime]]) -> None:
    rows = [
        {"held": state.feed_id, "due": claimed_until} | columns_of(state, STATE)
        # In one order, or two processes could wait for each other on PostgreSQL.
        for state, claimed_until in sorted(states, key=lambda pair: pair[0].feed_id)
    ]
    if rows:
        connection.execute(_SETTLE, rows)


def apply(connection: Connection, plan: IngestPlan) -> int:
    inserted = _insert(connection, plan.new, plan.judged_by)
    edited = _edit(connection, plan)
    _sight(connection, plan)
    settle(connection, [(plan.state, plan.claimed_until)])
    if inserted or edited:
        bump(connection)
    return inserted


def _insert(connection: Connection, new: Sequence[Judged], judged_by: str) -> int:
    # By id, here and below: two visits that write the same articles in opposite order would
    # wait for each other on PostgreSQL.
    wanted = {judged.article.id: judged for judged in sorted(new, key=_id)}
    if not wanted:
        return 0
    statement = (
        insert_into(connection, articles)
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(articles.c.id)
    )
    rows = [
        {
            **columns_of(j.article, ARTICLE),
            **conclusions(j.judgement),
            "titles": (),
            "judged_by": judged_by,
        }
        for j in wanted.values()
    ]
    inserted = set(connection.scalars(statement, rows))
    show_tags(connection, [judged for id, judged in wanted.items() if id in inserted])
    search.enter(connection, inserted)
    return len(inserted)


def _id(judged: Judged) -> str:
    return judged.article.id


def conclusions(judgement: Judgement) -> dict[str, Any]:
    """The columns of a judgement."""
    return {
        "relevant": judgement.verdict.relevant,
        "score": judgement.verdict.score,
        "reasons": judgement.verdict.reasons,
        "genre": judgement.genre,
        "certainty": judgement.certainty,
        "tags": judgement.tags,
        "relays": judgement.relays,
    }


_EDITED = names(Article, without=frozenset({"id", "feed_id", "guid", "seen_at"}))
"""An edit leaves as it was who told us first, and when."""


def _edit(connection: Connection, plan: IngestPlan) -> bool:
    wanted = {judged.article.id: judged for judged in sorted(plan.edited, key=_id)}
    if not wanted:
        return False
    rewritten: list[Judged] = []
    stored = connection.execute(
        select(articles.c.id, articles.c.title, articles.c.titles, articles.c.seen_at)
        .where(among(connection, articles.c.id, wanted))
        .order_by(articles.c.id)
        .with_for_update()
    ).all()
    search.withdraw(connection, wanted)
    for row in stored:
        judged = _as_first_seen(wanted[row.id], row.seen_at)
        rewritten.append(judged)
        connection.execute(
            update(articles)
            .where(articles.c.id == row.id)
            .values(
                **columns_of(judged.article, _EDITED),
                **conclusions(judged.judgement),
                titles=_history(row, clean(judged.article.title), plan.now),
                judged_by=plan.judged_by,
            )
        )
    hide_tags(connection, map(_id, rewritten))
    show_tags(connection, rewritten)
    search.enter(connection, wanted)
    return bool(rewritten)


def _as_first_seen(judged: Judged, seen_at: datetime) -> Judged:
    # Publishers move the date of an edited entry on; an article is never dated after we saw it.
    published_at = min(judged.article.published_at, seen_at)
    return replace(
        judged, article=replace(judged.article, seen_at=seen_at, published_at=published_at)
    )


def _history(row: AnyRow, title: str, now: datetime) -> tuple[FormerTitle, ...]:
    if row.title == title:
        return tuple(row.titles)
    return (*row.titles, FormerTitle(title=row.title, until=now))[-_TITLES_KEPT:]


def hide_tags(connection: Connection, article_ids: Iterable[str]) -> None:
    """Take the tags of these articles out of the lists by tag."""
    gone = among(connection, article_tags.c.article_id, article_ids)
    connection.execute(delete(article_tags).where(gone))


def show_tags(connection: Connection, judgeds: Iterable[Judged]) -> None:
    """Put the tags that readers see into the lists by tag, of relevant articles only."""
    rows = [
        {
            "article_id": judged.article.id,
            "slug": slug,
            "score": score,
            "seen_at": judged.article.seen_at,
            "published_at": judged.article.published_at,
        }
        for judged in judgeds
        if judged.judgement.verdict.relevant
        for slug, score in sorted(_shown(judged.judgement).items())
    ]
    if rows:
        connection.execute(insert(article_tags), rows)


def _shown(judgement: Judgement) -> dict[str, float]:
    best: dict[str, float] = {}
    for tag in judgement.tags:
        if tag.score >= _SHOWN and tag.method != "implied":
            best[tag.slug] = max(tag.score, best.get(tag.slug, tag.score))
    return best


def _sight(connection: Connection, plan: IngestPlan) -> None:
    told = {_guid_key(sighting.guid): sighting.article_id for sighting in plan.sightings}
    if told:
        rows = [
            {"feed_id": plan.feed_id, "guid": guid, "article_id": id, "seen_at": plan.now}
            for guid, id in sorted(told.items())
        ]
        connection.execute(
            insert_into(connection, sightings).on_conflict_do_nothing(
                index_elements=["feed_id", "guid"]
            ),
            rows,
        )


def article_counts(connection: Connection) -> dict[str, int]:
    counted = select(sightings.c.feed_id, func.count(distinct(sightings.c.article_id))).group_by(
        sightings.c.feed_id
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


def former_titles(connection: Connection, article_id: str) -> tuple[FormerTitle, ...]:
    return tuple(
        connection.scalar(select(articles.c.titles).where(articles.c.id == article_id)) or ()
    )
