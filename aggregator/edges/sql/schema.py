"""The tables as they shall be; `migrations/` is how a database gets there.

docs/columns.md explains each column.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    event,
    text,
    true,
)

from aggregator.edges.sql.columns import Document, Key, Time, Words, names
from aggregator.model import (
    Article,
    Coverage,
    Difference,
    Feed,
    FeedState,
    FormerTitle,
    HubSubscription,
    Issue,
    SignUp,
    Story,
    Subscriber,
    Tagging,
)

Strings = tuple[str, ...]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _words(name: str) -> Column[str]:
    return Column(name, Words, nullable=False)


def _time(name: str, *, optional: bool = False) -> Column[datetime]:
    return Column(name, Time, nullable=optional)


feeds = Table(
    "feeds",
    metadata,
    Column("id", Key, primary_key=True),
    _words("url"),
    _words("title"),
    _words("site"),
    _words("publisher"),
    _words("country"),
    _words("perspective"),
    _words("language"),
    _words("kind"),
    _words("scope"),
    _words("rights"),
    Column("configured", Boolean, nullable=False),
    _time("next_check_at"),
    Column("etag", Words),
    Column("last_modified", Words),
    Column("body_hash", Words),
    Column("failures", Float, nullable=False),
    Column("last_error", Words),
    _time("last_error_at", optional=True),
    _time("last_ok_at", optional=True),
    _time("last_new_at", optional=True),
    _time("retired_at", optional=True),
    Column("rhythm", Document(tuple[int, ...]), nullable=False, server_default="[]"),
    Column("address", Words),
    Column("moved_to", Words),
    Column("moved_visits", Integer, nullable=False, server_default="0"),
    Column("entries", LargeBinary),
)
Index("ix_feeds_due", feeds.c.configured, feeds.c.next_check_at)

hub_subscriptions = Table(
    "hub_subscriptions",
    metadata,
    Column("token", Key, primary_key=True),
    Column("feed_id", Key, ForeignKey("feeds.id"), nullable=False, index=True),
    _words("hub"),
    _words("topic"),
    _words("secret"),
    _words("mode"),
    Column("awaiting", Boolean, nullable=False),
    _time("asked_at", optional=True),
    _time("next_ask_at"),
    _time("expires_at", optional=True),
    _words("detail"),
)

stories = Table(
    "stories",
    metadata,
    Column("id", Key, primary_key=True),
    _words("title"),
    _words("language"),
    _time("first_at"),
    _time("last_at"),
    _time("seen_at"),
    _time("updated_at"),
    Column("article_ids", Document(Strings), nullable=False),
    Column("tags", Document(Strings), nullable=False),
    Column("coverage", Document(tuple[Coverage, ...]), nullable=False),
    Column("differs", Document(tuple[Difference, ...]), nullable=False, server_default="[]"),
    Column("score", Float, nullable=False),
    Column("reasons", Document(Strings), nullable=False),
)
Index("ix_stories_last", stories.c.last_at)
# Holds the times as well, so that a best list of one week walks the index alone.
Index("ix_stories_best", stories.c.score.desc(), stories.c.id, stories.c.last_at, stories.c.seen_at)
Index(
    "ix_stories_latest",
    stories.c.updated_at.desc(),
    stories.c.id,
    stories.c.last_at,
    stories.c.seen_at,
)

story_tags = Table(
    "story_tags",
    metadata,
    Column("story_id", Key, ForeignKey("stories.id"), primary_key=True),
    Column("slug", Key, primary_key=True),
    Column("score", Float, nullable=False),
    _time("last_at"),
    _time("seen_at"),
    Column("updated_at", Time, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)
Index(
    "ix_story_tags_best",
    story_tags.c.slug,
    story_tags.c.score.desc(),
    story_tags.c.story_id,
    story_tags.c.last_at,
    story_tags.c.seen_at,
)
Index(
    "ix_story_tags_latest",
    story_tags.c.slug,
    story_tags.c.updated_at.desc(),
    story_tags.c.story_id,
    story_tags.c.last_at,
    story_tags.c.seen_at,
)

story_redirects = Table(
    "story_redirects",
    metadata,
    Column("old_id", Key, primary_key=True),
    Column("new_id", Key, ForeignKey("stories.id"), nullable=False, index=True),
)

articles = Table(
    "articles",
    metadata,
    Column("id", Key, primary_key=True),
    Column("feed_id", Key, ForeignKey("feeds.id"), nullable=False),
    _words("url"),
    _words("guid"),
    _words("title"),
    _words("summary"),
    _words("content"),
    _words("author"),
    _words("language"),
    _time("published_at"),
    Column("dated", Boolean, nullable=False),
    _time("updated_at", optional=True),
    _time("seen_at"),
    _words("fingerprint"),
    Column("relevant", Boolean, nullable=False),
    Column("score", Float, nullable=False),
    Column("reasons", Document(Strings), nullable=False),
    _words("genre"),
    _words("certainty"),
    Column("tags", Document(tuple[Tagging, ...]), nullable=False),
    Column("story_id", Key, ForeignKey("stories.id")),
    Column("duplicate_of", Key, ForeignKey("articles.id")),
    Column("titles", Document(tuple[FormerTitle, ...]), nullable=False),
    Column("judged_by", Words, nullable=False, server_default="unknown"),
    Column("relays", Document(Strings), nullable=False, server_default="[]"),
)
_IS_COPY = articles.c.duplicate_of.is_not(None)
# Copies only: SQLite would else look up "no copy" in it, which nearly all articles are.
Index(
    "ix_articles_duplicate_of",
    articles.c.duplicate_of,
    sqlite_where=_IS_COPY,
    postgresql_where=_IS_COPY,
)
Index(
    "ix_articles_newest",
    articles.c.relevant,
    articles.c.seen_at.desc(),
    articles.c.published_at.desc(),
    articles.c.id,
    # Copies are left out of a list within the index: deep pages read no rows that they do not show.
    articles.c.duplicate_of,
)
_IS_RELEVANT = articles.c.relevant.is_(true())
Index(
    "ix_articles_feed",
    articles.c.feed_id,
    articles.c.seen_at.desc(),
    articles.c.published_at.desc(),
    articles.c.id,
    articles.c.duplicate_of,
    articles.c.relevant,  # SQLite looks at it again, though all that is in here is relevant
    sqlite_where=_IS_RELEVANT,
    postgresql_where=_IS_RELEVANT,
)
Index("ix_articles_story", articles.c.story_id, articles.c.relevant, articles.c.published_at)
Index("ix_articles_seen", articles.c.seen_at, articles.c.relevant, articles.c.duplicate_of)
# Holds the version as well, so that what waits for being judged anew is found in the index alone.
Index("ix_articles_judged", articles.c.seen_at, articles.c.id, articles.c.judged_by)

# No foreign key: a story may be merged away before it is told anew.
stale_stories = Table(
    "stale_stories",
    metadata,
    Column("story_id", Key, primary_key=True),
    Column("marks", Integer, nullable=False),
)

# Only what is shown, and only of relevant articles. The times are copied from the article, so that
# "newest of this tag" is a walk along one index; they change with the article, in one transaction.
article_tags = Table(
    "article_tags",
    metadata,
    Column("article_id", Key, ForeignKey("articles.id"), primary_key=True),
    Column("slug", Key, primary_key=True),
    Column("score", Float, nullable=False),
    _time("seen_at"),
    _time("published_at"),
    sqlite_with_rowid=False,
)
Index(
    "ix_article_tags_newest",
    article_tags.c.slug,
    article_tags.c.seen_at.desc(),
    article_tags.c.published_at.desc(),
    article_tags.c.article_id,
)

# What can be searched; the terms are in an index of each engine's own kind, which is no table to
# SQLAlchemy.
searchable = Table(
    "searchable",
    metadata,
    Column("article_id", Key, ForeignKey("articles.id"), primary_key=True),
    Column("feed_id", Key, ForeignKey("feeds.id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_searchable_number", searchable.c.number, searchable.c.article_id, searchable.c.feed_id)
# Contentless, as the articles hold the text; `ascii` leaves all beyond ASCII as it is.
_FTS5 = """CREATE VIRTUAL TABLE search_terms USING fts5(
    terms, content='', columnsize=0, tokenize="ascii tokenchars ':-_.~%'"
)"""
_VECTOR = "ALTER TABLE searchable ADD COLUMN terms tsvector NOT NULL"
_VECTORS = "CREATE INDEX ix_searchable_terms ON searchable USING gin (terms)"
for _dialect, _statement in (
    ("sqlite", _FTS5),
    ("postgresql", _VECTOR),
    ("postgresql", _VECTORS),
):
    _made = DDL(_statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
    event.listen(searchable, "after_create", _made.execute_if(dialect=_dialect))

sightings = Table(
    "sightings",
    metadata,
    Column("feed_id", Key, ForeignKey("feeds.id"), primary_key=True),
    Column("guid", Key, primary_key=True),
    Column("article_id", Key, ForeignKey("articles.id"), nullable=False),
    _time("seen_at"),
    sqlite_with_rowid=False,
)
Index("ix_sightings_article", sightings.c.feed_id, sightings.c.article_id)

issues = Table(
    "issues",
    metadata,
    Column("period", Key, primary_key=True),
    _time("starts_at"),
    _time("ends_at"),
    _time("composed_at"),
    Column("snapshot", Document(Issue), nullable=False),
    Column("cadence", Key, nullable=False, server_default="weekly"),
    Column("audience", Integer, nullable=False, server_default="0"),
)
Index("ix_issues_ends_at", issues.c.cadence, issues.c.ends_at)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Key, primary_key=True),
    _words("address"),
    Column("address_key", Key, nullable=False),
    _words("name"),
    _words("timezone"),
    _words("language"),
    _words("status"),
    _time("consent_at", optional=True),
    _words("consent_source"),
    _time("created_at"),
    _time("ended_at", optional=True),
    Column("cadence", Key, nullable=False, server_default="weekly"),
    Column("weekday", Integer),
    Column("hour", Integer),
    Column("topics", Document(Strings), nullable=False, server_default="[]"),
    Column("groups", Document(Strings), nullable=False, server_default="[]"),
    Column("languages", Document(Strings), nullable=False, server_default="[]"),
    _time("paused_until", optional=True),
    UniqueConstraint("address_key"),
)

# What was asked for at the form; gone once it is confirmed, or its link is too old.
sign_ups = Table(
    "sign_ups",
    metadata,
    Column("id", Key, primary_key=True),
    _words("address"),
    Column("address_key", Key, nullable=False, index=True),
    _words("language"),
    Column("cadence", Key, nullable=False),
    _time("asked_at"),
    _time("not_before"),
    _time("expires_at"),
    Column("attempts", Integer, nullable=False),
    _time("mailed_at", optional=True),
    Column("token_hash", Key),
    UniqueConstraint("token_hash"),
)

# Outlives the reader's own row: who was erased must not be mailed again by an old list.
suppressions = Table(
    "suppressions",
    metadata,
    Column("address_hash", Key, primary_key=True),
    _words("reason"),
    _words("detail"),
    _time("since"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Key, primary_key=True),
    Column("period", Key, ForeignKey("issues.period"), nullable=False),
    Column("subscriber_id", Key, ForeignKey("subscribers.id"), index=True),
    _words("address"),
    Column("domain", Key, nullable=False, server_default=text("''")),
    Column("state", Key, nullable=False),
    Column("attempts", Integer, nullable=False),
    _time("first_at", optional=True),
    _time("not_before", optional=True),
    _time("lease_until", optional=True),
    _words("detail"),
    _time("settled_at", optional=True),
    UniqueConstraint("period", "subscriber_id"),
)
# In the order in which letters are taken: with ties unsorted, each claim sorted all that wait.
Index("ix_outbox_waiting", outbox.c.state, outbox.c.not_before, outbox.c.id)
UNSENT = ("pending", "deferred", "claimed", "held")
"""States of letters that are not under way yet."""

# No foreign keys: a letter may be erased with its reader.
bounces = Table(
    "bounces",
    metadata,
    Column("id", Key, primary_key=True),
    Column("letter_id", Key, nullable=False),
    Column("subscriber_id", Key, nullable=False),
    _words("kind"),
    _words("status"),
    _words("detail"),
    Column("effect", Words),
    _time("at"),
)
Index("ix_bounces_letter_id", bounces.c.letter_id)
Index("ix_bounces_latest", bounces.c.at.desc(), bounces.c.id)

meta = Table(
    "meta",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _time("installed_at", optional=True),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

ARTICLE = names(Article)
STORY = names(Story)
SUBSCRIBER = names(Subscriber)
SIGN_UP = names(SignUp)
# How often and with which extra tags a feed is read is no business of an old article.
FEED = names(Feed, without=frozenset({"tags", "every", "cache"}))
HUB = names(HubSubscription)
STATE = names(FeedState, without=frozenset({"feed_id"}))
