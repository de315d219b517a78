"""feeds.yaml + environment -> Loaded. Nothing below this floor knows the environment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from aggregator.config import document, sentences
from aggregator.config.document import Document, Fault, Where
from aggregator.config.feedlist import add_feeds, as_feed, doubled, duration, identified
from aggregator.config.theme import theme_beside
from aggregator.errors import ConfigError
from aggregator.model import Feed
from aggregator.rules import Configuration, HttpUrl, Theme

__all__ = ["Loaded", "add_feeds", "as_feed", "load", "schema", "secret_of", "shipped"]

SECRETS = (
    "AGGREGATOR_DATABASE_URL",
    "AGGREGATOR_SMTP_URL",
    "AGGREGATOR_SECRET",
    "AGGREGATOR_DKIM_KEY",
    "AGGREGATOR_BOUNCES_URL",
    "AGGREGATOR_HOOK_TOKEN",
)
_MAIL = ("smtp://", "smtps://", "maildir:", "file:")
_MAILBOX = ("imaps://", "imap://", "maildir:")
_DATABASE = ("postgresql://", "postgresql+psycopg://", "postgres://", "sqlite://")
_SHORTEST_SECRET = 16
_HEADINGS = frozenset(Configuration.model_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The configuration as everything else receives it."""

    config: Configuration
    """Every entry of `config.feeds` has an id; disabled ones are among them."""
    feeds: dict[str, Feed]
    """The enabled ones, by id, in the order of the file."""
    path: Path
    data: Path
    theme: Theme = field(default_factory=Theme)
    """How the letter looks; its name and sender stand in `config` already."""
    secret: bytes | None
    """From the environment; `secret_of` falls back to a file in the data folder."""
    dkim_key: str = field(default="", repr=False)
    """As PEM, from the environment."""


def load(path: Path | None, environ: Mapping[str, str], *, data: Path | None = None) -> Loaded:
    """Read and check everything; raises one ConfigError with all findings.

    File: `path`, else AGGREGATOR_CONFIG, else ./feeds.yaml, else the shipped one.
    Data folder: `data`, else AGGREGATOR_DATA, else ./data. The environment wins over the file.
    """
    chosen = _chosen(path, environ)
    read = document.read(document.text_of(chosen))
    if read.value is None and not read.faults:
        raise ConfigError((f"{chosen}: the file is empty: name at least one feed",))
    given, findings = _given(environ)
    config, faults = _validated(read, chosen.parent)
    faults = tuple(sorted((*read.faults, *faults), key=lambda fault: fault.line))
    findings = (*(_line(chosen, fault) for fault in faults), *findings)
    if findings or config is None:
        raise ConfigError(findings)
    theme = theme_beside(chosen)
    config = _themed(_completed(config, given, chosen), theme)
    secret = given.get("AGGREGATOR_SECRET")
    return Loaded(
        config=config,
        feeds={entry.id: as_feed(entry) for entry in config.feeds if entry.enabled},
        path=chosen,
        theme=theme,
        data=data or Path(environ.get("AGGREGATOR_DATA") or "data"),
        secret=secret.encode() if secret else None,
        dkim_key=given.get("AGGREGATOR_DKIM_KEY", ""),
    )


def shipped() -> Path:
    """The feeds.yaml that came with the program: inside the wheel, or on top of a source tree."""
    package = Path(__file__).parents[1]
    inside = package / "feeds.yaml"
    return inside if inside.exists() else package.parent / "feeds.yaml"


def secret_of(loaded: Loaded) -> bytes:
    """The key that signs links in letters; made on first use as DATA/secret, for the owner only.

    Two processes that start together agree: the file appears whole or not at all.
    """
    if loaded.secret:
        return loaded.secret
    path = loaded.data / "secret"
    try:
        if not path.exists():
            loaded.data.mkdir(parents=True, exist_ok=True)
            _create_once(path, secrets.token_hex(32))
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is not plain text"
        raise ConfigError((f"{path}: the secret cannot be kept there: {why}",)) from error
    if len(kept) < _SHORTEST_SECRET:
        what = f"holds fewer than {_SHORTEST_SECRET} characters; remove it to have a new one made"
        raise ConfigError((f"{path}: {what}",))
    return kept.encode()


def schema() -> dict[str, Any]:
    """JSON Schema of feeds.yaml, for editors; durations as the operator writes them."""
    made = Configuration.model_json_schema()
    for name, section in Configuration.model_fields.items():
        if isinstance(section.annotation, type) and issubclass(section.annotation, BaseModel):
            reference = made["properties"][name]["$ref"]
            _write_durations(section.annotation, made["$defs"][reference.rsplit("/", 1)[1]])
            # a heading whose lines are all commented out is null, and means the defaults
            made["properties"][name] = {"anyOf": [{"$ref": reference}, {"type": "null"}]}
    made["properties"]["feeds"].pop("default", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _write_durations(section: type[BaseModel], made: dict[str, Any]) -> None:
    for name, key in section.model_fields.items():
        if isinstance(key.default, timedelta):
            made["properties"][key.alias or name]["default"] = duration(key.default)


def _chosen(path: Path | None, environ: Mapping[str, str]) -> Path:
    if path is not None:
        return path
    if named := environ.get("AGGREGATOR_CONFIG"):
        return Path(named)
    here = Path("feeds.yaml")
    return here if here.exists() else shipped()


def _validated(read: Document, folder: Path) -> tuple[Configuration | None, tuple[Fault, ...]]:
    if read.value is None:
        return None, ()
    value = read.value
    if isinstance(value, dict):
        # a heading whose lines are all commented out says nothing, so the defaults hold
        value = {key: v for key, v in value.items() if v is not None or key not in _HEADINGS}
    try:
        config = Configuration.model_validate(value)
    except ValidationError as error:
        return None, (*sentences.faults(error, read), *doubled(read))
    return config, (*doubled(read), *_contradictions(config, read, folder))


def _contradictions(config: Configuration, read: Document, folder: Path) -> tuple[Fault, ...]:
    """Values that are right by themselves and wrong together, or of the wrong kind."""
    polling = config.polling
    checks: tuple[tuple[Where, bool, str], ...] = (
        (("polling", "fastest"), polling.fastest > polling.slowest, "longer than polling.slowest"),
        (
            ("stories", "window"),
            config.stories.window > config.stories.longest,
            "longer than stories.longest",
        ),
        (("mail", "url"), not _fits(config.mail.url, _MAIL), _wanted(_MAIL)),
        (
            ("bounces", "mailbox"),
            not _fits(config.bounces.mailbox, _MAILBOX),
            _wanted(_MAILBOX),
        ),
        (
            ("bounces", "hook_token"),
            _too_short(config.bounces.hook_token.get_secret_value()),
            f"needs at least {_SHORTEST_SECRET} characters",
        ),
        (
            ("storage", "database_url"),
            not _fits(config.storage.database_url, _DATABASE),
            _wanted(_DATABASE),
        ),
    )
    missing = tuple(
        (("tags", "files", index), f"no such file: {folder / name}")
        for index, name in enumerate(config.tags.files)
        if not (folder / name).is_file()
    )
    wrong = (*((where, what) for where, is_wrong, what in checks if is_wrong), *missing)
    return tuple(Fault(line=read.line(where), where=where, what=what) for where, what in wrong)


def _too_short(secret: str) -> bool:
    return 0 < len(secret) < _SHORTEST_SECRET


def _fits(url: SecretStr, starts: tuple[str, ...]) -> bool:
    return not url.get_secret_value() or url.get_secret_value().lower().startswith(starts)


def _wanted(starts: tuple[str, ...]) -> str:
    return f"expected an address that starts with {' or '.join(starts)}"


def _given(environ: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """What the environment says, files read; an empty variable counts as not set."""
    given: dict[str, str] = {}
    findings: list[str] = []
    for name in SECRETS:
        value, file = environ.get(name, ""), environ.get(f"{name}_FILE", "")
        if value and file:
            findings.append(f"{name} and {name}_FILE are both set: keep one of them")
        elif file:
            try:
                value = Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                findings.append(f"{name}_FILE: {file} cannot be read: {error.strerror}")
            except UnicodeError:
                findings.append(f"{name}_FILE: {file} is not plain text")
            else:
                if not value:
                    findings.append(f"{name}_FILE: {file} is empty")
        if value:
            given[name] = value
    if url := environ.get("AGGREGATOR_SITE_URL"):
        given["AGGREGATOR_SITE_URL"] = url
    return given, (*findings, *_unusable(given))


def _unusable(given: Mapping[str, str]) -> tuple[str, ...]:
    findings = []
    for name, starts in (
        ("AGGREGATOR_SMTP_URL", _MAIL),
        ("AGGREGATOR_DATABASE_URL", _DATABASE),
        ("AGGREGATOR_BOUNCES_URL", _MAILBOX),
    ):
        if not _fits(SecretStr(given.get(name, "")), starts):
            findings.append(f"{name}: {_wanted(starts)}")
    findings += [
        f"{name}: needs at least {_SHORTEST_SECRET} characters"
        for name in ("AGGREGATOR_SECRET", "AGGREGATOR_HOOK_TOKEN")
        if _too_short(given.get(name, ""))
    ]
    try:
        TypeAdapter(HttpUrl).validate_python(given.get("AGGREGATOR_SITE_URL", "http://unset"))
    except ValidationError:
        findings.append('AGGREGATOR_SITE_URL: expected "http://" or "https://" and a host')
    return tuple(findings)


def _completed(config: Configuration, given: Mapping[str, str], path: Path) -> Configuration:
    """The environment's values in place, ids on every feed, tag files by their full path."""
    site = given.get("AGGREGATOR_SITE_URL", config.site.url).rstrip("/")
    mail = given.get("AGGREGATOR_SMTP_URL")
    database = given.get("AGGREGATOR_DATABASE_URL")
    storage = {"database_url": SecretStr(database)} if database else {}
    bounces = {
        key: SecretStr(given[name])
        for key, name in (
            ("mailbox", "AGGREGATOR_BOUNCES_URL"),
            ("hook_token", "AGGREGATOR_HOOK_TOKEN"),
        )
        if name in given
    }
    files = tuple(str(path.parent.absolute() / name) for name in config.tags.files)
    return config.model_copy(
        update={
            "site": config.site.model_copy(update={"url": site}),
            "mail": config.mail.model_copy(update={"url": SecretStr(mail)} if mail else {}),
            "bounces": config.bounces.model_copy(update=bounces),
            "storage": config.storage.model_copy(update=storage),
            "tags": config.tags.model_copy(update={"files": files}),
            "feeds": identified(config.feeds),
        }
    )


def _themed(config: Configuration, theme: Theme) -> Configuration:
    """Name and sender as the theme has them; what it leaves open stays as feeds.yaml says."""
    given = {"sender": theme.sender, "sender_name": theme.sender_name}
    mail = {key: value for key, value in given.items() if value}
    site = {"title": theme.name} if theme.name else {}
    return config.model_copy(
        update={
            "site": config.site.model_copy(update=site),
            "mail": config.mail.model_copy(update=mail),
        }
    )


def _line(path: Path, fault: Fault) -> str:
    at = f"{path}:{fault.line}: " if fault.line else f"{path}: "
    where = sentences.place(fault.where)
    return f"{at}{where}: {fault.what}" if where else f"{at}{fault.what}"


def _create_once(path: Path, text: str) -> None:
    part = path.with_name(f".secret.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(text)
        os.link(part, path)
    except FileExistsError:
        pass  # another process was first: its secret counts
    finally:
        os.unlink(part)
