"""What hubs were asked to push and what they agreed to; which entries a feed last had."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feeds", sa.Column("entries", sa.LargeBinary()))
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "hub_subscriptions",
        sa.Column("token", key, nullable=False),
        sa.Column("feed_id", key, nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("awaiting", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.BigInteger()),
        sa.Column("next_ask_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_hub_subscriptions"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_hub_subscriptions_feed_id"),
    )
    op.create_index("ix_hub_subscriptions_feed_id", "hub_subscriptions", ["feed_id"])
