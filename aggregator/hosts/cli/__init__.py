"""The `aggregator` command: words on a terminal -> jobs -> words on a terminal."""

from __future__ import annotations

import typer

from aggregator.hosts.cli import (
    bounces,
    digests,
    examine,
    feeds,
    gate,
    mail,
    operate,
    retag,
    settings,
    subscribers,
    tags,
    trial,
)

app = typer.Typer(
    name="aggregator",
    help="Korea Diplomacy Digest: polls feeds, tags and groups them, publishes and mails a digest.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
operate.add_to(app)
trial.add_to(app)
retag.add_to(app)
settings.add_to(app)
examine.add_to(app)
digests.app.command()(gate.check)
app.add_typer(feeds.app, name="feeds")
app.add_typer(digests.app, name="digest")
app.add_typer(mail.app, name="mail")
app.add_typer(tags.app, name="tags")
app.add_typer(subscribers.app, name="subscribers")
app.add_typer(bounces.app, name="bounces")

__all__ = ["app"]
