"""What readers choose, addresses that are never mailed again, and daily issues."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("issues", sa.Column("cadence", key, nullable=False, server_default="weekly"))
    op.drop_index("ix_issues_ends_at", "issues")
    op.create_index("ix_issues_ends_at", "issues", ["cadence", "ends_at"])
    op.add_column("subscribers", sa.Column("cadence", key, nullable=False, server_default="weekly"))
    op.add_column("subscribers", sa.Column("weekday", sa.Integer()))
    op.add_column("subscribers", sa.Column("hour", sa.Integer()))
    for chosen in ("topics", "groups", "languages"):
        op.add_column(
            "subscribers", sa.Column(chosen, sa.Text(), nullable=False, server_default="[]")
        )
    op.add_column("subscribers", sa.Column("paused_until", sa.BigInteger()))
    op.create_table(
        "suppressions",
        sa.Column("address_hash", key, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name="pk_suppressions"),
    )
