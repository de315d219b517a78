"""The facts of one installation, gathered side by side and judged: what `doctor` shows."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from aggregator import __version__, jobs
from aggregator.config import Loaded
from aggregator.edges.dns import Resolver
from aggregator.edges.reach import reach
from aggregator.edges.relay import Relay, is_loopback, relay
from aggregator.edges.smtp import SmtpSend
from aggregator.errors import AggregatorError
from aggregator.model import Reached, Subscriber
from aggregator.ports import Tools
from aggregator.render.letter import address
from aggregator.render.templates import check
from aggregator.steps import doctor, domain, periods, polling
from aggregator.steps.addresses import ascii_domain
from aggregator.steps.doctor import Finding
from aggregator.steps.spf import Answer, Question
from aggregator.wiring import now, open_tools

T = TypeVar("T")

WITHIN_SECONDS = 8.0
"""For all that others must answer; what is left is a matter of a second."""
CONNECT_SECONDS = 4.0
_CLOCKS = 3
"""Publishers that are asked for the time, beside the site."""
_MOST_ROUNDS = 8
"""Of questions to name servers: an SPF record names others, and so on."""
_RECORDS = 200


class Asked(Generic[T]):
    """Work in a thread that the end of the program does not wait for: a look-up may hang."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._results: list[T] = []
        self._thread = threading.Thread(target=lambda: self._results.append(work()), daemon=True)
        self._thread.start()

    def by(self, deadline: float) -> T | None:
        """The result; None when there is none at `deadline` (of `monotonic`)."""
        self._thread.join(max(0.0, deadline - monotonic()))
        return next(iter(self._results), None)


def examine(found: Loaded, resolver: Resolver) -> list[Finding]:
    """Everything but the configuration, which could be loaded."""
    config, deadline = found.config, monotonic() + WITHIN_SECONDS
    site = Asked(lambda: reach(config.site.url, now()))
    hub = Asked(lambda: reach(config.site.hub, now()) if config.site.hub else Reached())
    publishers = [_reaching(feed.url) for feed in islice(found.feeds.values(), _CLOCKS)]
    mail = _mail(found, resolver)
    findings = [_program(), _disk(found.data), _secret(found)]
    mailbox = None
    try:
        with open_tools(found) as tools:
            if tools.open_mailbox is not None:
                mailbox = Asked(lambda: _trouble_of_mailbox(tools))
            findings += _stored(tools)
    except AggregatorError as error:
        findings.append(
            Finding(what="database", state="failed", found=str(error), advice="see the message")
        )
    clocks = [told for each in (site, *publishers) if (told := each.by(deadline))]
    return [
        doctor.clock(now(), clocks),
        *findings,
        *mail(deadline),
        _bounces(found, mailbox, deadline),
        doctor.site(config.site.url, site.by(deadline)),
        *([doctor.hub(config.site.hub, hub.by(deadline))] if config.site.hub else []),
    ]


def _reaching(url: str) -> Asked[Reached]:
    return Asked(lambda: reach(url, now()))


# ── this machine ─────────────────────────────────────────────────────────────────────────────────


def _program() -> Finding:
    python = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        what="program",
        state="ok",
        found=f"version {__version__}, Python {python}, SQLite {sqlite3.sqlite_version}",
    )


def _disk(folder: Path) -> Finding:
    free, trouble = 0, ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.write_text("probe")
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        trouble = error.strerror or "it cannot be written"
    return doctor.disk(str(folder), free, trouble)


def _secret(found: Loaded) -> Finding:
    if found.secret:
        return doctor.secret(found.secret.decode("utf-8", "replace"), "AGGREGATOR_SECRET")
    file = found.data / "secret"
    try:
        text, mode = file.read_text("ascii"), file.stat().st_mode
    except (OSError, UnicodeError):
        return doctor.secret("", str(file))
    return doctor.secret(text, str(file), readable_by_others=bool(mode & 0o077))


# ── what is stored ───────────────────────────────────────────────────────────────────────────────


def _stored(tools: Tools) -> list[Finding]:
    tools.store.check()
    at, states = tools.clock(), tools.store.states()
    failing = [i for i, s in states.items() if polling.status(s, at) in ("failing", "retired")]
    waiting, active = jobs.waiting(tools), tools.store.audience()
    refusals = doctor.refusals(tools.store.bounces(_RECORDS), at)
    return [
        Finding(what="database", state="ok", found="reached, and its tables are up to date"),
        Finding(
            what="feeds",
            state="warning" if failing else "ok",
            found=f"{len(states)} known, {len(failing)} failing",
            advice=f"aggregator feeds check {' '.join(failing[:5])}" if failing else "",
        ),
        Finding(
            what="tags",
            state="warning" if waiting else "ok",
            found=f"{waiting} articles wait for being judged by the present taxonomy"
            if waiting
            else "all articles are judged by the present taxonomy",
            advice="`aggregator run` does it in the background, `aggregator retag` at once"
            if waiting
            else "",
        ),
        Finding(
            what="subscribers",
            state="ok" if active else "warning",
            found=f"{active} active",
            advice="" if active else "aggregator subscribers add ADDRESS",
        ),
        _templates(tools),
        *([refusals] if refusals else []),
    ]


def _templates(tools: Tools) -> Finding:
    """All of them compiled, and the letters of last week's issue made in each language."""
    period = periods.last_complete(tools.clock(), tools.config.digest.timezone)
    try:
        for code, templates in tools.templates.items():
            check(templates)
            reader = Subscriber(id="doctor", address="reader@example.org", language=code)
            jobs.render(tools, tools.store.issue(period.name) or jobs.draft(tools, period), reader)
    except AggregatorError as error:
        return Finding(what="templates", state="failed", found=str(error), advice="see the message")
    return Finding(what="templates", state="ok", found="pages and letters can be made")


def _trouble_of_mailbox(tools: Tools) -> str:
    assert tools.open_mailbox is not None
    try:
        with closing(tools.open_mailbox()) as mailbox:
            next(mailbox.waiting(), None)
    except AggregatorError as error:
        return str(error)
    return ""


def _bounces(found: Loaded, mailbox: Asked[str] | None, deadline: float) -> Finding:
    rules = found.config.bounces
    if mailbox is None and rules.hook_token.get_secret_value():
        return Finding(what="bounces", state="ok", found="a mail service reports them")
    configured = bool(rules.mailbox.get_secret_value())
    return doctor.mailbox(configured, rules.address, mailbox.by(deadline) if mailbox else None)


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────


def _mail_server(found: Loaded) -> Relay | Finding:
    """Where letters go, or why they go nowhere."""
    url = found.config.mail.url.get_secret_value()
    if not url.startswith("smtp"):
        return Finding(
            what="mail",
            state="warning",
            found=f"no server: letters go to {url or found.data / 'outbox'}",
            advice="set AGGREGATOR_SMTP_URL=smtp://user:password@host:587 to mail them",
        )
    try:
        return relay(url, found.config.mail)
    except AggregatorError as error:
        return Finding(what="mail", state="failed", found=str(error), advice="mend this line")


def _mail(found: Loaded, resolver: Resolver) -> Callable[[float], list[Finding]]:
    """Begin to ask; the result waits for the answers."""
    there = _mail_server(found)
    if isinstance(there, Finding):
        return lambda deadline: [there]
    greeting = Asked(lambda: SmtpSend(there, connect=CONNECT_SECONDS).facts())
    records = Asked(lambda: _domain(_sending(found, there), resolver))

    def findings(deadline: float) -> list[Finding]:
        place = f"{there.host}:{there.port}"
        told = records.by(deadline) or [doctor.unchecked("sender", "no DNS answer in time")]
        return [doctor.relay(place, greeting.by(deadline), now()), *told]

    return findings


def _sending(found: Loaded, there: Relay) -> domain.Sending:
    config = found.config
    sender = address(config.site, config.mail)
    ours = is_loopback(there.host)
    return domain.Sending(
        sender=_domain_of(sender),
        envelope=_domain_of(config.bounces.address or sender),
        # A mail server on this machine is taken to have the site's address.
        host=(urlsplit(config.site.url).hostname or "") if ours else there.host,
        ours=ours,
    )


def _domain_of(address: str) -> str:
    return ascii_domain(address).rpartition("@")[2].lower()


def _domain(sending: domain.Sending, resolver: Resolver) -> list[Finding]:
    """Ask what the judgement needs, until it needs no more or nobody answers."""
    if "." not in sending.sender:
        return [
            Finding(
                what="sender",
                state="warning",
                found=f"letters come from {sending.sender}, which nobody can answer",
                advice="set mail.sender to an address of a domain of yours",
            )
        ]
    answers: dict[Question, Answer] = {}
    for _ in range(_MOST_ROUNDS):
        missing = domain.examine(sending, answers)[1]
        if not missing:
            break
        told = resolver.ask(missing)
        answers |= told
        if not any(answer is not None for answer in told.values()):
            break
    return list(domain.examine(sending, answers)[0])
