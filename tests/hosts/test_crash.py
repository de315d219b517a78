"""kill -9 in the middle of a poll and of a send: nothing is lost, nothing happens twice."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.hosts.conftest import Place, rss
from tests.servers import MailServer, Reply

pytestmark = pytest.mark.slow

AT = datetime(2019, 6, 27, 6, 0, tzinfo=UTC)
FEEDS, ENTRIES = 12, 5


def wait_for(happened: Callable[[], bool], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def kill(place: Place, *arguments: str, when: Callable[[], bool]) -> None:
    """Start a command and kill it without warning once `when` is true."""
    running = place.start(*arguments)
    wait_for(lambda: when() or running.poll() is not None, "the moment to kill")
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=10)


SLOW = pytest.mark.slow


@pytest.mark.parametrize("answered", [4, pytest.param(1, marks=SLOW), pytest.param(9, marks=SLOW)])
def test_a_killed_poll_loses_and_doubles_nothing(place: Place, answered: int) -> None:
    for n in range(FEEDS):
        items = [
            (f"{n}-{k}", f"Kim Jong Un inspects farm {n} in province {k}", AT)
            for k in range(ENTRIES)
        ]
        place.publish(f"feed{n}", rss(*items))
        place.web.add(f"/feed{n}.xml", Reply(body=rss(*items), etag=f'"{n}"', after=0.05))
    place.write()
    kill(
        place,
        *("poll", "--all", "--as-of", "2019-06-27T07:00:00Z"),
        when=lambda: len(place.web.requests) > answered,
    )
    place.run("poll", "--all", "--as-of", "2019-06-27T08:00:00Z")
    with sqlite3.connect(place.folder / "data/aggregator.db") as db:
        ids = [row[0] for row in db.execute("SELECT url FROM articles")]
        loose = db.execute(
            "SELECT count(*) FROM articles WHERE relevant AND story_id IS NULL"
        ).fetchone()
    assert len(ids) == len(set(ids)) == FEEDS * ENTRIES
    assert loose == (0,)


@pytest.mark.parametrize(
    "handed_over", [7, *(pytest.param(n, marks=SLOW) for n in (1, 3, 12, 20, 28))]
)
def test_a_killed_send_loses_and_doubles_nothing(
    place: Place, mail: MailServer, handed_over: int
) -> None:
    readers = 30
    place.publish("wire", rss(("dmz", "Trump and Kim Jong Un meet at Panmunjom", AT)))
    place.write()
    place.run("poll", "--all", "--as-of", "2019-06-27T07:00:00Z")
    rows = "".join(f"reader{n}@example.org,test\n" for n in range(readers))
    (place.folder / "list.csv").write_text(f"address,consent_source\n{rows}", "utf-8")
    place.run("subscribers", "import", "list.csv")
    place.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    mail.after = 0.05
    monday = datetime(2019, 7, 1, 0, 0, tzinfo=UTC)
    kill(
        place,
        *("digest", "send", "--as-of", monday.isoformat()),
        when=lambda: len(mail.letters) >= handed_over,
    )
    mail.after = 0.0
    # The dead sender's claims end with their lease.
    place.run("digest", "send", "--as-of", (monday + timedelta(minutes=20)).isoformat())
    place.run("digest", "send", "--as-of", (monday + timedelta(minutes=40)).isoformat())

    got = Counter(r for letter in mail.letters for r in letter.recipients)
    ledger = place.json("digest", "ledger", "--recipients")
    states = Counter(ledger["states"])
    missing = {r["address"] for r in ledger["recipients"]} - got.keys()
    uncertain = {r["address"] for r in ledger["recipients"] if r["state"] == "uncertain"}
    assert max(got.values()) == 1, "a letter was sent twice"
    assert missing <= uncertain, "a letter was lost and nobody knows"
    assert states.total() == ledger["audience"] == readers
    assert set(states) <= {"sent", "uncertain"}
    assert states["uncertain"] <= 4, "at most one a connection"
