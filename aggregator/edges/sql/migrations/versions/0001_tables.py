"""Nothing -> all tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _key(name: str, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, _KEY, nullable=optional)


def _words(name: str, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=optional)


def _whole(name: str, *, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=optional)


def upgrade() -> None:
    _feeds()
    _stories()
    _articles()
    _mail()
    _meta()


def _feeds() -> None:
    op.create_table(
        "feeds",
        _key("id"),
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
        sa.Column("configured", sa.Boolean(), nullable=False),
        _whole("next_check_at"),
        _words("etag", optional=True),
        _words("last_modified", optional=True),
        _words("body_hash", optional=True),
        sa.Column("failures", sa.Float(), nullable=False),
        _words("last_error", optional=True),
        _whole("last_error_at", optional=True),
        _whole("last_ok_at", optional=True),
        _whole("last_new_at", optional=True),
        _whole("retired_at", optional=True),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
    )
    op.create_index("ix_feeds_due", "feeds", ["configured", "next_check_at"])


def _stories() -> None:
    op.create_table(
        "stories",
        _key("id"),
        _words("title"),
        _words("language"),
        _whole("first_at"),
        _whole("last_at"),
        _whole("seen_at"),
        _whole("updated_at"),
        _words("article_ids"),
        _words("tags"),
        _words("coverage"),
        sa.Column("score", sa.Float(), nullable=False),
        _words("reasons"),
        sa.PrimaryKeyConstraint("id", name="pk_stories"),
    )
    op.create_index(
        "ix_stories_best", "stories", [sa.text("score DESC"), "id", "last_at", "seen_at"]
    )
    op.create_index("ix_stories_last", "stories", ["last_at"])
    op.create_table(
        "story_tags",
        _key("story_id"),
        _key("slug"),
        sa.Column("score", sa.Float(), nullable=False),
        _whole("last_at"),
        _whole("seen_at"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_story_tags_story_id"),
        sa.PrimaryKeyConstraint("story_id", "slug", name="pk_story_tags"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_story_tags_best",
        "story_tags",
        ["slug", sa.text("score DESC"), "story_id", "last_at", "seen_at"],
    )
    op.create_table(
        "story_redirects",
        _key("old_id"),
        _key("new_id"),
        sa.ForeignKeyConstraint(["new_id"], ["stories.id"], name="fk_story_redirects_new_id"),
        sa.PrimaryKeyConstraint("old_id", name="pk_story_redirects"),
    )
    op.create_index("ix_story_redirects_new_id", "story_redirects", ["new_id"])


def _articles() -> None:
    op.create_table(
        "articles",
        _key("id"),
        _key("feed_id"),
        _words("url"),
        _words("guid"),
        _words("title"),
        _words("summary"),
        _words("content"),
        _words("author"),
        _words("language"),
        _whole("published_at"),
        sa.Column("dated", sa.Boolean(), nullable=False),
        _whole("updated_at", optional=True),
        _whole("seen_at"),
        _words("fingerprint"),
        sa.Column("relevant", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        _words("reasons"),
        _words("genre"),
        _words("certainty"),
        _words("tags"),
        _key("story_id", optional=True),
        _key("duplicate_of", optional=True),
        _words("titles"),
        sa.ForeignKeyConstraint(["duplicate_of"], ["articles.id"], name="fk_articles_duplicate_of"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_articles_feed_id"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name="fk_articles_story_id"),
        sa.PrimaryKeyConstraint("id", name="pk_articles"),
    )
    op.create_index("ix_articles_duplicate_of", "articles", ["duplicate_of"])
    op.create_index(
        "ix_articles_newest",
        "articles",
        ["relevant", sa.text("seen_at DESC"), sa.text("published_at DESC"), "id"],
    )
    op.create_index("ix_articles_seen", "articles", ["seen_at", "relevant", "duplicate_of"])
    op.create_index("ix_articles_story", "articles", ["story_id", "relevant", "published_at"])
    op.create_table(
        "article_tags",
        _key("article_id"),
        _key("slug"),
        sa.Column("score", sa.Float(), nullable=False),
        _whole("seen_at"),
        _whole("published_at"),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_article_tags_article_id"),
        sa.PrimaryKeyConstraint("article_id", "slug", name="pk_article_tags"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_article_tags_newest",
        "article_tags",
        ["slug", sa.text("seen_at DESC"), sa.text("published_at DESC"), "article_id"],
    )
    op.create_table(
        "sightings",
        _key("feed_id"),
        _key("guid"),
        _key("article_id"),
        _whole("seen_at"),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_sightings_article_id"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_sightings_feed_id"),
        sa.PrimaryKeyConstraint("feed_id", "guid", name="pk_sightings"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sightings_article", "sightings", ["feed_id", "article_id"])


def _mail() -> None:
    op.create_table(
        "issues",
        _key("period"),
        _whole("starts_at"),
        _whole("ends_at"),
        _whole("composed_at"),
        _words("snapshot"),
        sa.PrimaryKeyConstraint("period", name="pk_issues"),
    )
    op.create_index("ix_issues_ends_at", "issues", ["ends_at"])
    op.create_table(
        "subscribers",
        _key("id"),
        _words("address"),
        _key("address_key"),
        _words("name"),
        _words("timezone"),
        _words("language"),
        _words("status"),
        _whole("consent_at", optional=True),
        _words("consent_source"),
        _whole("created_at"),
        _whole("ended_at", optional=True),
        sa.PrimaryKeyConstraint("id", name="pk_subscribers"),
        sa.UniqueConstraint("address_key", name="uq_subscribers_address_key"),
    )
    op.create_table(
        "outbox",
        _key("id"),
        _key("period"),
        _key("subscriber_id"),
        _words("address"),
        _key("state"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _whole("not_before", optional=True),
        _whole("lease_until", optional=True),
        _words("detail"),
        _whole("settled_at", optional=True),
        sa.ForeignKeyConstraint(["period"], ["issues.period"], name="fk_outbox_period"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name="fk_outbox_subscriber_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("period", "subscriber_id", name="uq_outbox_period_subscriber_id"),
    )
    op.create_index("ix_outbox_subscriber_id", "outbox", ["subscriber_id"])
    op.create_index("ix_outbox_waiting", "outbox", ["state", "not_before", "lease_until"])


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        _whole("installed_at", optional=True),
        _whole("version"),
        sa.CheckConstraint("id = 1", name=op.f("ck_meta_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_meta"),
    )
    op.execute("INSERT INTO meta (id, version) VALUES (1, 0)")
