"""Receiving domain and first attempt of each letter; how many an issue was published with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("issues", sa.Column("audience", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE issues SET audience = "
        "(SELECT count(*) FROM outbox WHERE outbox.period = issues.period)"
    )
    op.add_column("outbox", sa.Column("domain", key, nullable=False, server_default=sa.text("''")))
    op.add_column("outbox", sa.Column("first_at", sa.BigInteger()))
    # No address holds a second @.
    at = "instr(address, '@')"
    if op.get_bind().dialect.name == "postgresql":
        at = "position('@' in address)"
    op.execute(f"UPDATE outbox SET domain = lower(substr(address, {at} + 1))")
    # A letter that waits has a time, by which it is found to be late.
    op.execute(
        "UPDATE outbox SET not_before = (SELECT composed_at FROM issues "
        "WHERE issues.period = outbox.period) WHERE not_before IS NULL AND state IN "
        "('pending', 'deferred', 'claimed')"
    )
    op.drop_index("ix_outbox_waiting", "outbox")
    op.create_index("ix_outbox_waiting", "outbox", ["state", "not_before", "id"])
