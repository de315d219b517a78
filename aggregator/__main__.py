"""`python -m aggregator` is the `aggregator` command."""

from aggregator.hosts.cli import app

app()
