"""Connection -> articles and stories, as readers and the story builder want them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    true,
    type_coerce,
    update,
)

from aggregator.edges.sql import search
from aggregator.edges.sql.columns import EPOCH, columns_of
from aggregator.edges.sql.engine import AnyRow, Query, among, insert_into
from aggregator.edges.sql.feeds import bump
from aggregator.edges.sql.schema import (
    ARTICLE,
    STORY,
    article_tags,
    articles,
    meta,
    searchable,
    stale_stories,
    stories,
    story_redirects,
    story_tags,
)
from aggregator.model import (
    Arrangement,
    Article,
    Feed,
    Item,
    Judgement,
    Search,
    Story,
    StoryItems,
    Verdict,
)

_RELATED_AMONG = 500
"""So many of the latest articles with a tag say which tags are related to it."""
_HOUR = 3_600_000_000
"""Microseconds."""

FeedOf = Callable[[Connection, str], Feed]
"""The feed of an article: as configured, or as it was stored."""

_CONCLUSIONS = ("relevant", "score", "reasons", "genre", "certainty", "tags", "relays")
_ITEM = select(
    *(articles.c[name] for name in (*ARTICLE, *_CONCLUSIONS, "story_id", "duplicate_of"))
)
_STORY = select(*(stories.c[name] for name in STORY))


def _item(connection: Connection, feed_of: FeedOf, row: AnyRow) -> Item:
    article = Article(**dict(zip(ARTICLE, row, strict=False)))
    relevant, score, reasons, genre, certainty, tags, relays, story_id, copy_of = row[
        len(ARTICLE) :
    ]
    return Item(
        article=article,
        judgement=Judgement(
            verdict=Verdict(relevant=relevant, score=score, reasons=reasons),
            tags=tags,
            genre=genre,
            certainty=certainty,
            relays=relays,
        ),
        feed=feed_of(connection, article.feed_id),
        story_id=story_id,
        duplicate_of=copy_of,
    )


def _story(row: AnyRow) -> Story:
    return Story(**dict(zip(STORY, row, strict=True)))


def _items(connection: Connection, feed_of: FeedOf, query: Query) -> tuple[Item, ...]:
    return tuple(_item(connection, feed_of, row) for row in connection.execute(query).all())


def of_ids(connection: Connection, feed_of: FeedOf, ids: Sequence[str]) -> tuple[Item, ...]:
    """These articles, in this order."""
    query = _ITEM.where(among(connection, articles.c.id, ids))
    found = {item.article.id: item for item in _items(connection, feed_of, query)}
    return tuple(found[id] for id in ids)


def loose(connection: Connection, feed_of: FeedOf) -> tuple[Item, ...]:
    query = _ITEM.where(
        articles.c.story_id.is_(None),
        articles.c.relevant.is_(true()),
        articles.c.duplicate_of.is_(None),
    )
    return _items(connection, feed_of, query.order_by(articles.c.published_at, articles.c.id))


def placed(
    connection: Connection, feed_of: FeedOf, since: datetime, until: datetime
) -> tuple[StoryItems, ...]:
    near = _STORY.where(stories.c.last_at >= since, stories.c.first_at <= until)
    query = near.order_by(stories.c.last_at, stories.c.id)
    return _with_items(connection, feed_of, query)


def _with_items(connection: Connection, feed_of: FeedOf, query: Query) -> tuple[StoryItems, ...]:
    found = ranked(connection, query)
    wanted = {id for story in found for id in story.article_ids}
    named = or_(
        among(connection, articles.c.id, wanted),
        among(connection, articles.c.duplicate_of, wanted),
    )
    members: dict[str, Item] = {}
    followers: defaultdict[str, list[Item]] = defaultdict(list)
    query = _ITEM.where(named).order_by(articles.c.published_at, articles.c.id)
    for item in _items(connection, feed_of, query):
        if item.article.id in wanted:
            members[item.article.id] = item
        elif item.duplicate_of is not None:
            followers[item.duplicate_of].append(item)
    return tuple(
        StoryItems(
            story=story,
            items=tuple(
                item
                for id in story.article_ids
                if id in members
                for item in (members[id], *followers[id])
            ),
        )
        for story in found
    )


def copies_of(
    connection: Connection, feed_of: FeedOf, article_ids: Sequence[str]
) -> tuple[Item, ...]:
    copied = among(connection, articles.c.duplicate_of, article_ids)
    query = _ITEM.where(copied).order_by(articles.c.published_at, articles.c.id)
    return _items(connection, feed_of, query)


def save(connection: Connection, arrangement: Arrangement) -> None:
    save_stories(connection, arrangement.stories)
    if arrangement.placements:
        place = update(articles).where(articles.c.id == bindparam("placed"))
        connection.execute(
            place.values(story_id=bindparam("into")),
            [{"placed": id, "into": into} for id, into in sorted(arrangement.placements.items())],
        )
        refused = select(articles.c.story_id).where(
            among(connection, articles.c.id, arrangement.placements),
            articles.c.relevant.is_(false()),
        )
        # Judged anew while stories were built: they leave again.
        mark_stale(connection, set(connection.scalars(refused)))
    for copy in sorted(arrangement.copies, key=lambda copy: copy.article_id):
        # The copies of a copy are copies of its original: nobody follows chains when reading.
        connection.execute(
            update(articles)
            .where(
                (articles.c.id == copy.article_id) | (articles.c.duplicate_of == copy.article_id),
                articles.c.id != copy.original_id,
            )
            .values(duplicate_of=copy.original_id)
        )
    search.withdraw(connection, (copy.article_id for copy in arrangement.copies))
    heirs = dict(arrangement.merged)
    for old in heirs:
        _redirect(connection, old, _last_heir(heirs, old))
    bump(connection)


def mark_stale(connection: Connection, story_ids: Iterable[str]) -> None:
    """These stories are to be told anew."""
    rows = [{"story_id": id, "marks": 1} for id in sorted(story_ids)]
    if rows:
        again = {"marks": stale_stories.c.marks + 1}
        statement = insert_into(connection, stale_stories)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["story_id"], set_=again), rows
        )


def save_stories(connection: Connection, changed: Iterable[Story]) -> None:
    """Insert or rewrite stories, with their tags."""
    by_id = {story.id: story for story in sorted(changed, key=lambda story: story.id)}
    if not by_id:
        return
    statement = insert_into(connection, stories)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: statement.excluded[name] for name in STORY if name != "id"},
        ),
        [columns_of(story, STORY) for story in by_id.values()],
    )
    connection.execute(delete(story_tags).where(among(connection, story_tags.c.story_id, by_id)))
    alive = among(connection, story_redirects.c.old_id, by_id)
    connection.execute(delete(story_redirects).where(alive))
    tags = [
        {
            "story_id": story.id,
            "slug": slug,
            **columns_of(story, ("score", "last_at", "seen_at", "updated_at")),
        }
        for story in by_id.values()
        for slug in sorted(set(story.tags))
    ]
    if tags:
        connection.execute(insert(story_tags), tags)


def _last_heir(heirs: Mapping[str, str], id: str) -> str:
    met = {id}
    while (heir := heirs.get(id)) is not None and heir not in met:
        met.add(id := heir)
    return id


def _redirect(connection: Connection, old: str, new: str) -> None:
    """All that led to the old story leads to the new one: its address was published."""
    connection.execute(update(articles).where(articles.c.story_id == old).values(story_id=new))
    connection.execute(
        update(story_redirects).where(story_redirects.c.new_id == old).values(new_id=new)
    )
    connection.execute(delete(story_tags).where(story_tags.c.story_id == old))
    connection.execute(delete(stories).where(stories.c.id == old))
    statement = insert_into(connection, story_redirects).values(old_id=old, new_id=new)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["old_id"], set_={"new_id": new})
    )


def newest(
    *,
    limit: int,
    offset: int = 0,
    tag: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    copies: bool = False,
) -> Query:
    """The ids of `items`. The times of a tag's own table let its index give the order."""
    times: Any = articles.c
    id = articles.c.id
    query = select(id).where(articles.c.relevant.is_(true()))
    if tag is not None:
        times, id = article_tags.c, article_tags.c.article_id
        query = query.join(article_tags, id == articles.c.id).where(article_tags.c.slug == tag)
    if since is not None:
        query = query.where(times.seen_at >= since)
    if until is not None:
        query = query.where(times.seen_at < until)
    if not copies:
        query = query.where(articles.c.duplicate_of.is_(None))
    query = query.order_by(times.seen_at.desc(), times.published_at.desc(), id)
    return query.limit(limit).offset(offset)


def items(
    connection: Connection,
    feed_of: FeedOf,
    query: Query,
    tag: str | None,
    feeds: Collection[str] | None,
) -> tuple[Item, ...]:
    if feeds is not None:
        told_by = among(connection, articles.c.feed_id, feeds)
        query = query.where(told_by) if tag is not None else by_feed(query, told_by)
    return of_ids(connection, feed_of, connection.scalars(query).all())


def by_feed(query: Query, told_by: ColumnElement[bool]) -> Query:
    """The query, for articles of some feeds, along the index of feeds.

    SQLite has no statistics and would read all articles, the newest first, until enough are of
    these feeds (90 ms of 100,000). By feed it reads of each no more than the page takes.
    """
    return query.where(told_by).with_hint(articles, "INDEXED BY ix_articles_feed", "sqlite")


def item(connection: Connection, feed_of: FeedOf, article_id: str) -> Item | None:
    return next(iter(_items(connection, feed_of, _ITEM.where(articles.c.id == article_id))), None)


def found(
    connection: Connection, feed_of: FeedOf, asked: Search, limit: int, offset: int
) -> tuple[Item, ...]:
    return of_ids(connection, feed_of, search.search(connection, asked, limit, offset))


def best(
    *,
    limit: int,
    tag: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    latest: bool = False,
) -> Query:
    """The query of `stories`. The inner one is answered by an index alone; a week's best may lie
    deep in it, and only the rows that are shown shall be read."""
    ranked: Any = stories.c
    id = stories.c.id
    if tag is not None:
        ranked, id = story_tags.c, story_tags.c.story_id
    first = "updated_at" if latest else "score"
    inner = select(id.label("id")).order_by(ranked[first].desc(), id).limit(limit)
    if tag is not None:
        inner = inner.where(ranked.slug == tag)
    if since is not None:
        inner = inner.where(ranked.last_at >= since)
    if until is not None:
        inner = inner.where(ranked.seen_at < until)
    chosen = inner.subquery("chosen")
    return _STORY.join(chosen, chosen.c.id == stories.c.id).order_by(
        stories.c[first].desc(), stories.c.id
    )


def ranked(connection: Connection, query: Query) -> tuple[Story, ...]:
    return tuple(_story(row) for row in connection.execute(query).all())


def told(connection: Connection, feed_of: FeedOf, query: Query) -> tuple[StoryItems, ...]:
    return _with_items(connection, feed_of, query)


def story(connection: Connection, feed_of: FeedOf, story_id: str) -> StoryItems | str | None:
    found = _with_items(connection, feed_of, _STORY.where(stories.c.id == story_id))
    if found:
        return found[0]
    return connection.scalar(
        select(story_redirects.c.new_id).where(story_redirects.c.old_id == story_id)
    )


def story_or_heir(connection: Connection, feed_of: FeedOf, story_id: str) -> StoryItems | None:
    """The story, or the one that took its place."""
    found = story(connection, feed_of, story_id)
    if isinstance(found, str):
        found = story(connection, feed_of, found)
    return found if isinstance(found, StoryItems) else None


def tag_counts(connection: Connection, since: datetime | None) -> dict[str, int]:
    query = select(article_tags.c.slug, func.count()).group_by(article_tags.c.slug)
    if since is not None:
        # By the articles of that time: a week of 100,000 articles in 1 ms instead of 26.
        query = query.join(articles, articles.c.id == article_tags.c.article_id)
        query = query.where(articles.c.relevant.is_(true()), articles.c.seen_at >= since)
    return {row[0]: row[1] for row in connection.execute(query)}


def related_tags(connection: Connection, slug: str, limit: int) -> tuple[tuple[str, int], ...]:
    latest = (
        select(article_tags.c.article_id)
        .where(article_tags.c.slug == slug)
        .order_by(article_tags.c.seen_at.desc(), article_tags.c.published_at.desc())
        .limit(_RELATED_AMONG)
        .subquery("chosen")
    )
    number = func.count()
    query = (
        select(article_tags.c.slug, number)
        .join(latest, latest.c.article_id == article_tags.c.article_id)
        .where(article_tags.c.slug != slug)
        .group_by(article_tags.c.slug)
        .order_by(number.desc(), article_tags.c.slug)
        .limit(limit)
    )
    return tuple((row[0], row[1]) for row in connection.execute(query))


def counted(
    connection: Connection,
    since: datetime,
    until: datetime,
    tag: str | None,
    feeds: Collection[str] | None,
) -> dict[datetime, int]:
    # With a tag by what is searchable: relevant and no copy, in a row of a tenth of the length.
    times: Any = articles.c if tag is None else article_tags.c
    feed_id = articles.c.feed_id if tag is None else searchable.c.feed_id
    hour = type_coerce(times.seen_at, BigInteger) // _HOUR
    query = select(hour, func.count()).where(times.seen_at >= since, times.seen_at < until)
    if tag is None:
        query = query.where(articles.c.relevant.is_(true()), articles.c.duplicate_of.is_(None))
    else:
        query = query.join(searchable, searchable.c.article_id == article_tags.c.article_id)
        query = query.where(article_tags.c.slug == tag)
    if feeds is not None:
        told_by = among(connection, feed_id, feeds)
        query = query.where(told_by) if tag is not None else by_feed(query, told_by)
    rows = connection.execute(query.group_by(hour))
    return {EPOCH + timedelta(hours=row[0]): row[1] for row in rows}


def latest_before(connection: Connection, moment: datetime) -> datetime | None:
    found: datetime | None = connection.scalar(
        select(func.max(articles.c.seen_at)).where(
            articles.c.relevant.is_(true()), articles.c.seen_at < moment
        )
    )
    return found


def counts(connection: Connection, start: datetime, end: datetime) -> tuple[int, int, int]:
    row = connection.execute(
        select(
            func.count(),
            func.count().filter(articles.c.relevant.is_(true())),
            func.count(articles.c.duplicate_of),
        ).where(articles.c.seen_at >= start, articles.c.seen_at < end)
    ).one()
    seen, relevant, copies = row
    return seen, relevant, copies


def version(connection: Connection) -> int:
    number: int = connection.scalars(select(meta.c.version)).one()
    return number
