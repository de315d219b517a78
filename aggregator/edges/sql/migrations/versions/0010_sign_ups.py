"""Sign-ups that wait for their confirmation; letters outlive the reader they went to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "sign_ups",
        sa.Column("id", key, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_key", key, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("cadence", key, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("mailed_at", sa.BigInteger()),
        sa.Column("token_hash", key),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ups"),
        sa.UniqueConstraint("token_hash", name="uq_sign_ups_token_hash"),
    )
    op.create_index("ix_sign_ups_address_key", "sign_ups", ["address_key"])
    with op.batch_alter_table("outbox") as outbox:
        outbox.alter_column("subscriber_id", existing_type=key, nullable=True)
