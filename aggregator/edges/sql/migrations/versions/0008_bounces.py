"""What was reported about letters that left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "bounces",
        sa.Column("id", key, nullable=False),
        sa.Column("letter_id", key, nullable=False),
        sa.Column("subscriber_id", key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bounces"),
    )
    op.create_index("ix_bounces_letter_id", "bounces", ["letter_id"])
    op.create_index("ix_bounces_latest", "bounces", [sa.text("at DESC"), "id"])
