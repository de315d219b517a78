"""Senders as processes, on both engines: two at once, and one that is killed again and again."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from aggregator.edges.sql.store import SqlStore, open_store
from tests.contract.build import subscriber
from tests.hosts.conftest import AGGREGATOR
from tests.make import NOW
from tests.render.sample import issue as sample_issue
from tests.servers import SinkServer

pytestmark = pytest.mark.slow

PERIOD = "2019-W26"
CONNECTIONS = 4


@dataclass
class Office:
    """An issue that waits for its readers, a store and a mail server."""

    folder: Path
    url: str
    store: SqlStore
    sink: SinkServer

    def queue(self, readers: int) -> None:
        for number in range(readers):
            self.store.add_subscriber(subscriber(f"s{number:05}"), NOW)
        issue = replace(sample_issue(60), composed_at=NOW)
        assert self.store.publish_issue(issue, mailed=True)

    def send(self, at: datetime) -> subprocess.Popen[bytes]:
        """A sender of its own, at a time of its own."""
        return subprocess.Popen(
            [*AGGREGATOR, "digest", "send", "--as-of", at.isoformat()],
            cwd=self.folder,
            env={
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "AGGREGATOR_DATABASE_URL": self.url,
                "AGGREGATOR_SMTP_URL": f"smtp://127.0.0.1:{self.sink.port}",
                "AGGREGATOR_SECRET": "for tests on this machine only",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def states(self) -> Counter[str]:
        return Counter({str(state): n for state, n in self.store.tally(PERIOD).states.items()})


@pytest.fixture
def office(url: str, tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "feeds.yaml").write_text(
        json.dumps({"mail": {"connections": CONNECTIONS}, "digest": {"enabled": False}})
    )
    with SinkServer() as sink:
        store = open_store(url, {})
        yield Office(folder=tmp_path, url=url, store=store, sink=sink)
        store.close()


def test_27_two_senders_at_once_send_each_letter_once(office: Office) -> None:
    office.queue(80)
    both = [office.send(NOW), office.send(NOW)]
    assert [sender.wait(timeout=60) for sender in both] == [0, 0]
    assert Counter(office.sink.taken) == {f"s{n:05}@example.org": 1 for n in range(80)}
    assert office.states() == {"sent": 80}


@pytest.mark.parametrize(
    ("readers", "kills"), [(60, 2), pytest.param(2500, 20, marks=pytest.mark.slow)]
)
def test_28_killed_again_and_again_nothing_is_doubled_or_lost(
    office: Office, readers: int, kills: int
) -> None:
    office.queue(readers)
    chance, at, over = Random(28), NOW, threading.Event()
    sums: set[int] = set()

    def watch() -> None:
        while not over.is_set():
            sums.add(office.states().total())
            time.sleep(0.02)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        for kill in range(kills):
            taken = len(office.sink.taken)
            until = taken + chance.randrange(1, 2 * (readers - taken) // (kills - kill + 2))
            sender = office.send(at)
            while len(office.sink.taken) < until and sender.poll() is None:
                time.sleep(chance.random() * 0.002)
            sender.send_signal(signal.SIGKILL)
            assert sender.wait(timeout=10) == -signal.SIGKILL, "it was through already"
            at += timedelta(minutes=20)  # the dead sender's claims end with their lease
        for _ in range(2):
            assert office.send(at).wait(timeout=600) in (0, 1)
            at += timedelta(minutes=20)
    finally:
        over.set()
        watching.join()

    got = Counter(office.sink.taken)
    lines = office.store.ledger(PERIOD)
    uncertain = {line.address for line in lines if line.state == "uncertain"}
    assert max(got.values()) == 1, "a letter was sent twice"
    assert {line.address for line in lines} - got.keys() <= uncertain, "a letter was lost"
    assert office.states().keys() <= {"sent", "uncertain"}
    assert len(uncertain) <= CONNECTIONS * kills
    assert sums == {readers}, "the ledger did not add up at some moment"
