"""Letters that wait -> the mail server, over a few connections side by side."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

from aggregator.errors import AggregatorError, NotFound, TemplateError
from aggregator.jobs.bounces import refused
from aggregator.jobs.letters import coded, letter_to, render
from aggregator.model import (
    MailState,
    OutboxItem,
    SendResult,
    Sent,
)
from aggregator.ports import Send, Tools
from aggregator.render.letter import Letter
from aggregator.steps import delivery, pacing
from aggregator.steps.addresses import domain_of

log = logging.getLogger(__name__)

MAIL_LEASE = timedelta(minutes=15)
"""Above the ten minutes that RFC 5321 gives a server to answer the final dot."""
CLAIM = 20
"""Letters at a time: what one claim costs is shared, and a crash strands no more until their lease
ends."""
LOOK_AGAIN = 1.0
"""Seconds after which whoever waits for a rate asks whether the program ends."""
MOST_LETTERS = 100
"""Made for a group of readers and kept, about 250 KB each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came of the letters that waited."""

    states: dict[MailState, int]

    @property
    def total(self) -> int:
        return sum(self.states.values())


class Pacer:
    """What may be sent now, shared by all connections and kept from one delivery to the next."""

    def __init__(self) -> None:
        self.pace = pacing.Pace()
        self.changed = threading.Condition()


def deliver(
    tools: Tools, stopping: Callable[[], bool] = lambda: False, pacer: Pacer | None = None
) -> Delivery:
    """Hand over every letter that is due. What is past its window is held for the operator."""
    now = tools.clock()
    if held := tools.store.hold_late(now - tools.config.digest.expires, now):
        log.warning("%d letters come too late and are held: `aggregator digest release`", held)
    connections = 1 if tools.mail_is_file else tools.config.mail.connections
    desk = _Desk(tools, stopping, pacer or Pacer())
    if not desk.opens():
        return Delivery(states={})  # asked every few seconds: no thread is started for nothing
    try:
        with ThreadPoolExecutor(connections, thread_name_prefix="mail") as pool:
            running = [pool.submit(_connection, tools, desk) for _ in range(connections)]
        counts = [each.result() for each in running]
    finally:
        desk.give_back()
    return Delivery(states=dict(sum(counts, Counter())))


class _Desk:
    """Hands out claimed letters to the connections, none before it may go."""

    def __init__(self, tools: Tools, stopping: Callable[[], bool], pacer: Pacer) -> None:
        self._tools = tools
        self._rules = tools.config.mail
        self._stopping = stopping
        self._pacer = pacer
        self._hand: list[OutboxItem] = []
        self._claim_at = 0.0
        self._unreachable = 0
        """Letters in a row that found no mail server."""
        self._making = threading.Lock()
        self._letters: OrderedDict[object, Letter | AggregatorError] = OrderedDict()

    def opens(self) -> bool:
        """Take the first letters in hand; False: none is due."""
        with self._pacer.changed:
            return not self._stopping() and self._claim(time.monotonic())

    def take(self) -> OutboxItem | None:
        """The next letter; None: none is due any more, the server is away, or the program ends."""
        with self._pacer.changed:
            while not self._stopping() and self._unreachable <= 2 * self._rules.connections:
                now = time.monotonic()
                if item := self._free(now) or (self._claim(now) and self._free(now)):
                    domain = domain_of(item.subscriber.address)
                    self._pacer.pace = pacing.begun(self._pacer.pace, domain, self._rules, now)
                    self._hand.remove(item)
                    return item
                if not self._hand:
                    break
                self._pacer.changed.wait(min(self._next(), now + LOOK_AGAIN) - now)
        return None

    def _free(self, now: float) -> OutboxItem | None:
        return next((item for item in self._hand if self._free_at(item) <= now), None)

    def _next(self) -> float:
        return min(map(self._free_at, self._hand))

    def _free_at(self, item: OutboxItem) -> float:
        return pacing.free_at(self._pacer.pace, domain_of(item.subscriber.address))

    def _claim(self, now: float) -> bool:
        """Take more letters, none to a domain that waits already; False: there are none."""
        if self._hand and (now < self._claim_at or now < self._pacer.pace.free_at):
            return False
        clock = self._tools.clock()
        self._claim_at = now + LOOK_AGAIN
        more = self._tools.store.claim_mail(
            clock,
            MAIL_LEASE,
            CLAIM,
            late=clock - self._tools.config.digest.expires,
            without={domain_of(item.subscriber.address) for item in self._hand},
        )
        self._hand += more
        return bool(more)

    def ended(self, item: OutboxItem, result: SendResult | None) -> None:
        """A letter that was taken is done with; None: no server had a say in it."""
        domain = domain_of(item.subscriber.address)
        with self._pacer.changed:
            self._pacer.pace = pacing.ended(
                self._pacer.pace, domain, result, self._rules, time.monotonic()
            )
            if result is not None:
                away = result.result is Sent.LATER and not result.code
                self._unreachable = self._unreachable + 1 if away else 0
            if result is not None and pacing.complains(result):
                log.warning("%s finds our rate unusual: nothing goes there for a while", domain)
                self._put_off(domain)
            self._pacer.changed.notify_all()

    def _put_off(self, domain: str) -> None:
        theirs = [i for i in self._hand if domain_of(i.subscriber.address) == domain]
        self._hand = [i for i in self._hand if i not in theirs]
        self._tools.store.unclaim(theirs)
        until = self._tools.clock() + timedelta(seconds=pacing.PAUSE)
        self._tools.store.put_off(domain, until)

    def give_back(self) -> None:
        """What was claimed and not taken waits again."""
        self._tools.store.unclaim(self._hand)
        self._hand.clear()

    def letter(self, item: OutboxItem) -> Letter:
        """The letter of all who want what this reader wants; made once. Raises AggregatorError."""
        reader = item.subscriber
        wants = (reader.language, reader.cadence, reader.topics, reader.groups, reader.languages)
        key = (item.period, *wants)
        with self._making:
            if key not in self._letters:
                self._letters[key] = _letter(self._tools, item)
            self._letters.move_to_end(key)
            while len(self._letters) > MOST_LETTERS:
                self._letters.popitem(last=False)
            found = self._letters[key]
        if isinstance(found, AggregatorError):
            raise found
        return found


def _connection(tools: Tools, desk: _Desk) -> Counter[MailState]:
    done: Counter[MailState] = Counter()
    send = tools.open_mail()
    try:
        while item := desk.take():
            result = None
            try:
                state, result = _send_one(tools, desk, send, item)
            finally:
                desk.ended(item, result)
            done[state] += 1
    finally:
        send.close()
    return done


def _send_one(
    tools: Tools, desk: _Desk, send: Send, item: OutboxItem
) -> tuple[MailState, SendResult | None]:
    """What became of the letter, and the server's answer if it had a say."""
    try:
        mail = letter_to(tools, desk.letter(item), item.subscriber)
    except AggregatorError as error:
        log.error("letter", extra={"letter": item.id, "fault": str(error)})
        unmade = SendResult(result=Sent.LATER, detail=f"could not be made: {error}")
        return _settled(tools, item, unmade), None
    ours = item

    def before_dot() -> bool:
        nonlocal ours
        until = tools.clock() + MAIL_LEASE
        marked = tools.store.mark_dot(item, until)
        ours = replace(item, claimed_until=until, state="dot" if marked else "suppressed")
        return marked

    result = send(mail, before_dot)
    if ours.state == "suppressed":  # they left, or the lease went to somebody else
        return "suppressed", None
    return _settled(tools, ours, result), result


def _settled(tools: Tools, item: OutboxItem, result: SendResult) -> MailState:
    now = tools.clock()
    settlement = delivery.settle(item, result, tools.config.mail, now)
    if not tools.store.settle_mail(item, settlement, now):
        return "suppressed"
    refused(tools, item.id, result, settlement)
    log.info("letter", extra={"letter": item.id, "state": settlement.state, "code": result.code})
    return settlement.state


# ── letters ──────────────────────────────────────────────────────────────────────────────────────


def _letter(tools: Tools, item: OutboxItem) -> Letter | AggregatorError:
    try:
        issue = tools.store.issue(item.period)
        if issue is None:
            return NotFound(f"the letter {item.id} belongs to an issue that is not stored")
        return coded(tools, issue, render(tools, issue, item.subscriber))
    except AggregatorError as error:
        return error
    except Exception as error:  # a template, or an issue, that nobody thought of
        log.exception("an issue cannot be made into a letter")
        return TemplateError(f"{item.period}: {type(error).__name__}")
