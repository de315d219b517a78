"""Alembic's way in: runs the revisions on the connection, and in the transaction, of `migrate`."""

from alembic import context

from aggregator.edges.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # on SQLite too: our BEGIN IMMEDIATE holds its DDL, tested
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
