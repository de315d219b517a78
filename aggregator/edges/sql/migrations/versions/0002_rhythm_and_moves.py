"""What a feed's rhythm is, and where it moved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feeds", sa.Column("rhythm", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("feeds", sa.Column("address", sa.Text()))
    op.add_column("feeds", sa.Column("moved_to", sa.Text()))
    op.add_column(
        "feeds", sa.Column("moved_visits", sa.Integer(), nullable=False, server_default="0")
    )
