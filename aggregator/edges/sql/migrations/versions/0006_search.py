"""What can be searched; lists by feed, and stories by their latest change."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _search()
    _lists()


def _search() -> None:
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "searchable",
        sa.Column("article_id", key, nullable=False),
        sa.Column("feed_id", key, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_searchable_article_id"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_searchable_feed_id"),
        sa.PrimaryKeyConstraint("article_id", name="pk_searchable"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_searchable_number", "searchable", ["number", "article_id", "feed_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE searchable ADD COLUMN terms tsvector NOT NULL")
        op.execute("CREATE INDEX ix_searchable_terms ON searchable USING gin (terms)")
    else:
        op.execute(_FTS5)


_FTS5 = """CREATE VIRTUAL TABLE search_terms USING fts5(
    terms, content='', columnsize=0, tokenize="ascii tokenchars ':-_.~%'"
)"""


def _lists() -> None:
    latest: list[Any] = [
        sa.text("seen_at DESC"),
        sa.text("published_at DESC"),
        "id",
        "duplicate_of",
    ]
    copy = sa.text("duplicate_of IS NOT NULL")
    op.drop_index("ix_articles_duplicate_of", "articles")
    op.create_index(
        "ix_articles_duplicate_of",
        "articles",
        ["duplicate_of"],
        sqlite_where=copy,
        postgresql_where=copy,
    )
    op.drop_index("ix_articles_newest", "articles")
    op.create_index("ix_articles_newest", "articles", ["relevant", *latest])
    op.create_index(
        "ix_articles_feed",
        "articles",
        ["feed_id", *latest, "relevant"],
        sqlite_where=sa.text("relevant IS 1"),
        postgresql_where=sa.text("relevant IS true"),
    )
    newest: list[Any] = [sa.text("updated_at DESC"), "id", "last_at", "seen_at"]
    op.create_index("ix_stories_latest", "stories", newest)
    op.add_column(
        "story_tags",
        sa.Column("updated_at", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.execute(
        "UPDATE story_tags SET updated_at ="
        " (SELECT updated_at FROM stories WHERE stories.id = story_tags.story_id)"
    )
    op.create_index(
        "ix_story_tags_latest",
        "story_tags",
        ["slug", sa.text("updated_at DESC"), "story_id", "last_at", "seen_at"],
    )
