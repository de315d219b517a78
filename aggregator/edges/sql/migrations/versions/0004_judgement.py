"""By what an article was judged, stories to be told anew, where a story's sources differ."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "articles", sa.Column("judged_by", sa.Text(), nullable=False, server_default="unknown")
    )
    op.create_index("ix_articles_judged", "articles", ["seen_at", "id", "judged_by"])
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "stale_stories",
        sa.Column("story_id", key, nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("story_id", name="pk_stale_stories"),
    )
    op.add_column("stories", sa.Column("differs", sa.Text(), nullable=False, server_default="[]"))
