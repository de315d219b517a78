"""Configuration -> Tools: every edge opened and put together. The only `datetime.now()`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from aggregator import pipeline
from aggregator.config import Loaded, secret_of
from aggregator.edges import chromium, spamassassin
from aggregator.edges.http import HttpFetch, user_agent
from aggregator.edges.mailbox import ImapMailbox, Maildir, imap_account, maildir_folder
from aggregator.edges.parsing import ParserPool
from aggregator.edges.smtp import open_send
from aggregator.edges.sql.store import open_store
from aggregator.edges.websub import HubRequest
from aggregator.errors import ConfigError, StoreError
from aggregator.ports import Mailbox, Tools
from aggregator.render.language import languages
from aggregator.render.letter import address
from aggregator.render.templates import environment
from aggregator.rules import Relevance
from aggregator.steps import relevance
from aggregator.steps.dkim import Signer
from aggregator.taxonomy import Taxonomy
from aggregator.taxonomy import load as load_taxonomy
from aggregator.taxonomy.version import version


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@contextmanager
def open_tools(loaded: Loaded, *, as_of: datetime | None = None) -> Iterator[Tools]:
    """Open the store and everything else a job may need; closed again at the end.

    `as_of` replaces the clock. Raises ConfigError or StoreError with what to do.
    """
    config = loaded.config
    try:
        loaded.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{loaded.data}: cannot be created ({error.strerror}); choose a folder with --data"
        ) from error
    outbox = loaded.data / "outbox"
    own = loaded.path.parent / "templates"
    catalogues = loaded.path.parent / "locale"
    spoken = languages([catalogues] if catalogues.is_dir() else [])
    if config.site.language not in spoken:
        known = ", ".join(spoken)
        finding = (
            f"{loaded.path}: site.language: {config.site.language!r} has no catalogue; choose one "
            f"of {known}, or add {catalogues / config.site.language}.po"
        )
        raise ConfigError((finding,))
    mail_url = config.mail.url.get_secret_value()
    signer = signer_of(loaded)
    taxonomy = taxonomy_of(loaded)
    with ExitStack() as stack:
        store = open_store(database_url(loaded), loaded.feeds)
        stack.callback(store.close)
        agent = config.polling.user_agent or user_agent(config.site.url, store.audience())
        pool = ParserPool(
            workers=2,
            deadline=config.polling.parse_deadline,
            names=relevance.telling(taxonomy, config.relevance),
            max_entries=config.polling.max_entries,
        )
        stack.callback(pool.close)
        hub = HubRequest(config.polling, agent)
        stack.callback(hub.close)
        yield Tools(
            config=config,
            feeds=loaded.feeds,
            taxonomy=taxonomy,
            judged_by=judged_by(taxonomy, config.relevance),
            store=store,
            clock=now if as_of is None else lambda: as_of,
            replay=as_of is not None,
            secret=secret_of(loaded),
            random=secrets.token_urlsafe,
            fetch=HttpFetch(config.polling, agent),
            ask_hub=hub,
            read=lambda fetched, feed, at, unchanged: pool.run(
                pipeline.read, fetched, feed, at, replay=as_of is not None, unchanged=unchanged
            ),
            stop_reading=pool.close,
            open_mail=lambda: open_send(mail_url, config.mail, outbox),
            signer=signer,
            spam_score=spamassassin.spam_score if spamassassin.installed() else None,
            looks=chromium.looks if chromium.installed() else None,
            pictures=loaded.data / "looks",
            mail_is_file=not mail_url.startswith("smtp"),
            open_mailbox=mailbox_of(loaded),
            languages=spoken,
            theme=loaded.theme,
            templates={
                code: environment([own] if own.is_dir() else [], language)
                for code, language in spoken.items()
            },
        )


def signer_of(loaded: Loaded) -> Signer | None:
    """Who signs the letters, if a key is configured. Raises ConfigError."""
    selector, key = loaded.config.mail.dkim_selector, loaded.dkim_key
    if not selector and not key:
        return None
    if not selector or not key:
        missing, there = "mail.dkim_selector", "AGGREGATOR_DKIM_KEY"
        if selector:
            missing, there = there, missing
        raise ConfigError((f"{missing}: missing, though {there} is set: DKIM needs both",))
    from aggregator.edges.signing import signing  # 30 ms, of which most installations need none

    domain = address(loaded.config.site, loaded.config.mail).rpartition("@")[2]
    return Signer(domain=domain, selector=selector, sign=signing(key))


def mailbox_of(loaded: Loaded) -> Callable[[], Mailbox] | None:
    """How `bounces.mailbox` is opened. Raises ConfigError."""
    url = loaded.config.bounces.mailbox.get_secret_value()
    if not url:
        return None
    if url.lower().startswith("maildir:"):
        folder = maildir_folder(url)
        return lambda: Maildir(folder)
    account = imap_account(url)
    return lambda: ImapMailbox(account)


def taxonomy_of(loaded: Loaded) -> Taxonomy:
    """The shipped tags and the operator's own. Raises ConfigError."""
    return load_taxonomy(tag_files(loaded), loaded.config.tags.off)


def tag_files(loaded: Loaded) -> list[Path]:
    """The operator's own taxonomy files."""
    return [loaded.path.parent / name for name in loaded.config.tags.files]


def judged_by(taxonomy: Taxonomy, rules: Relevance) -> str:
    """What the verdicts and tags of today rest on, as 16 hex digits.

    The steps themselves belong to it (1 ms to read), for nobody remembers to raise a number with
    each mended rule; that some change there judges no text otherwise costs minutes of background
    work.
    """
    told = (version(taxonomy), rules.model_dump_json(), *_texts(files("aggregator.steps")))
    return sha256("\0".join(told).encode()).hexdigest()[:16]


def _texts(folder: Traversable) -> Iterator[str]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _texts(entry)
        elif not entry.name.endswith(".pyc"):
            yield entry.read_text("utf-8")


def database_url(loaded: Loaded) -> str:
    """The configured database, else SQLite in the data folder."""
    return (
        loaded.config.storage.database_url.get_secret_value()
        or f"sqlite:///{loaded.data.resolve() / 'aggregator.db'}"
    )
