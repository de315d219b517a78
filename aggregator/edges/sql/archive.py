"""Connection -> stored articles that are judged anew, and the stories that this touches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from aggregator.edges.sql import library, search
from aggregator.edges.sql.engine import Query, among
from aggregator.edges.sql.feeds import bump, conclusions, hide_tags, show_tags
from aggregator.edges.sql.schema import (
    articles,
    stale_stories,
    stories,
    story_redirects,
    story_tags,
)
from aggregator.model import Article, Item, Rejudged, Renewal, StaleStory


def waiting(connection: Connection, judged_by: str) -> int:
    found: int = connection.scalars(
        select(func.count()).where(articles.c.judged_by != judged_by)
    ).one()
    return found


def latest(*, limit: int, after: Article | None, unless_judged_by: str | None) -> Query:
    """The query of `archived`: the index alone finds the ids, then only these rows are read."""
    place: ColumnElement[Any] = tuple_(articles.c.seen_at, articles.c.id)
    query = select(articles.c.id).order_by(articles.c.seen_at.desc(), articles.c.id.desc())
    if after is not None:
        seen_at = literal(after.seen_at, articles.c.seen_at.type)
        query = query.where(place < tuple_(seen_at, literal(after.id, articles.c.id.type)))
    if unless_judged_by is not None:
        query = query.where(articles.c.judged_by != unless_judged_by)
    return query.limit(limit)


def archived(connection: Connection, feed_of: library.FeedOf, query: Query) -> tuple[Item, ...]:
    return library.of_ids(connection, feed_of, connection.scalars(query).all())


def rejudge(connection: Connection, batch: Sequence[Rejudged], judged_by: str) -> int:
    # By id, as in all that writes articles: two writers would else wait for each other.
    wanted = {r.before.article.id: r for r in sorted(batch, key=lambda r: r.before.article.id)}
    stored = connection.execute(
        select(articles.c.id, articles.c.fingerprint, articles.c.story_id)
        .where(among(connection, articles.c.id, wanted))
        .order_by(articles.c.id)
        .with_for_update()
    ).all()
    kept = [row for row in stored if row.fingerprint == wanted[row.id].before.article.fingerprint]
    changed = [row for row in kept if wanted[row.id].changed]
    same = [row.id for row in kept if not wanted[row.id].changed]
    connection.execute(
        update(articles).where(among(connection, articles.c.id, same)).values(judged_by=judged_by)
    )
    if changed:
        _write(connection, [wanted[row.id] for row in changed], judged_by)
        library.mark_stale(connection, {row.story_id for row in changed} - {None})
        bump(connection)
    return len(wanted) - len(kept)


def _write(connection: Connection, changed: Sequence[Rejudged], judged_by: str) -> None:
    rows = [
        {
            "held": r.after.article.id,
            "language": r.after.article.language,
            "judged_by": judged_by,
            **conclusions(r.after.judgement),
        }
        for r in changed
    ]
    ids = [r.after.article.id for r in changed]
    search.withdraw(connection, ids)
    connection.execute(update(articles).where(articles.c.id == bindparam("held")), rows)
    hide_tags(connection, ids)
    show_tags(connection, (r.after for r in changed))
    search.enter(connection, ids)


def stale(connection: Connection, feed_of: library.FeedOf, limit: int) -> tuple[StaleStory, ...]:
    marked = connection.execute(
        select(stale_stories).order_by(stale_stories.c.story_id).limit(limit)
    ).all()
    return tuple(
        StaleStory(
            story_id=row.story_id,
            marks=row.marks,
            found=library.story_or_heir(connection, feed_of, row.story_id),
        )
        for row in marked
    )


def renew(connection: Connection, renewals: Sequence[Renewal]) -> None:
    for renewal in sorted(renewals, key=lambda r: r.stale.story_id):
        _renew(connection, renewal)
    bump(connection)


def _renew(connection: Connection, renewal: Renewal) -> None:
    found = renewal.stale.found
    if found is not None:
        id = found.story.id
        members = connection.scalar(
            select(stories.c.article_ids).where(stories.c.id == id).with_for_update()
        )
        if members != found.story.article_ids:
            return  # somebody added a member: it is told anew the next time, with that one
        if renewal.story is not None:
            library.save_stories(connection, [renewal.story])
        _let_go(connection, id, whole=renewal.story is None)
        if renewal.story is None:
            _delete(connection, id)
    connection.execute(
        delete(stale_stories).where(
            stale_stories.c.story_id == renewal.stale.story_id,
            stale_stories.c.marks == renewal.stale.marks,
        )
    )


def _let_go(connection: Connection, story_id: str, *, whole: bool) -> None:
    """Members that are not relevant any more leave, and their copies become loose."""
    leaving = select(articles.c.id).where(articles.c.story_id == story_id)
    if not whole:
        leaving = leaving.where(articles.c.relevant.is_(false()))
    left = connection.scalars(leaving.order_by(articles.c.id)).all()
    copied = among(connection, articles.c.duplicate_of, left)
    copies = connection.scalars(select(articles.c.id).where(copied)).all()
    gone = or_(among(connection, articles.c.id, left), copied)
    connection.execute(update(articles).where(gone).values(story_id=None, duplicate_of=None))
    search.enter(connection, [*left, *copies])


def _delete(connection: Connection, story_id: str) -> None:
    connection.execute(delete(story_tags).where(story_tags.c.story_id == story_id))
    connection.execute(delete(story_redirects).where(story_redirects.c.new_id == story_id))
    connection.execute(delete(stories).where(stories.c.id == story_id))
