"""`aggregator run`: one process that polls, serves, mails and stops cleanly."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.hosts.embedded import finish
from tests.hosts.conftest import Place, rss
from tests.hosts.test_crash import wait_for
from tests.servers import MailServer, Reply, silent

AT = datetime.now(UTC)


@contextmanager
def running(place: Place, *command: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A started program (`run`, or another command) and its address."""
    process = place.start(*(command or ("run",)), "--port", "0")
    address = ""
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                address = found[0]
                break
        assert address, "it did not start"
        yield address, process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def get(url: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    request = urllib.request.Request(
        url, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), dict(error.headers)


def stop(process: subprocess.Popen[str]) -> float:
    """Seconds from SIGTERM to the end."""
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=15)
    return time.monotonic() - started


def test_the_sample_week_is_served_as_soon_as_it_says_so(place: Place) -> None:
    with running(place, "demo", "--no-open") as (address, process):
        assert get(f"{address}/digests/2019-W26")[0] == 200
        assert "Panmunjom" in get(f"{address}/")[1]
        assert stop(process) < 6


def test_it_polls_by_itself_serves_what_came_and_stops_cleanly(place: Place) -> None:
    place.publish("wire", rss(("dmz", "Trump and Kim Jong Un meet at Panmunjom", AT)))
    place.write()
    with running(place) as (address, process):
        assert get(f"{address}/healthz")[0] == 200
        assert get(f"{address}/readyz")[0] == 200
        wait_for(lambda: "Panmunjom" in get(f"{address}/")[1], "the first story", 30)
        status, atom, headers = get(f"{address}/atom.xml")
        assert (status, atom.count("<entry")) == (200, 1)
        assert get(f"{address}/atom.xml", If_None_Match=headers["etag"])[0] == 304
        assert get(f"{address}/nowhere")[0] == 404
        assert "default-src 'none'" in headers["content-security-policy"]
        assert stop(process) < 5
        assert process.returncode == 0


def test_it_stops_within_five_seconds_with_work_in_hand(place: Place) -> None:
    place.publish("slow", b"")
    place.web.add("/slow.xml", silent())
    place.write()
    with running(place) as (_, process):
        wait_for(lambda: len(place.web.requests) > 0, "the first request", 30)
        assert stop(process) < 5
        assert process.returncode == 0


def test_the_loop_is_uvloop_where_there_is_one() -> None:
    uvloop = pytest.importorskip("uvloop")
    loops: list[asyncio.AbstractEventLoop] = []

    async def look() -> None:
        loops.append(asyncio.get_running_loop())

    finish(look())
    assert isinstance(loops[0], uvloop.Loop)


def test_a_taken_port_is_told_in_one_sentence(place: Place) -> None:
    place.write()
    said = place.run("run", "--port", str(place.web.port), expect=1)
    assert "cannot listen" in said
    assert "--port" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_document_that_parses_for_ever_does_not_hold_up_the_stop(place: Place) -> None:
    place.publish("bomb", b"<rss><item " + b" ".join(b"a%d='1'" % n for n in range(60_000)) + b"/>")
    place.write()
    with running(place) as (_, process):
        wait_for(lambda: len(place.web.requests) > 0, "the first request", 30)
        time.sleep(2)
        assert stop(process) < 5
        assert process.returncode == 0


@pytest.mark.slow
def test_a_silent_mail_server_does_not_hold_up_the_stop(place: Place, mail: MailServer) -> None:
    place.publish("wire", rss(("dmz", "Trump and Kim Jong Un meet at Panmunjom", AT)))
    place.write()
    place.run("poll", "--all", "--as-of", f"{AT - timedelta(days=8):%Y-%m-%dT00:00:00Z}")
    place.run("subscribers", "add", "reader@example.org")
    place.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    mail.after = 60
    place.settings["digest"] = {"expires": "30d", "schedule": "* * * * *", "timezone": "UTC"}
    place.write()
    with running(place) as (_, process):
        wait_for(lambda: len(mail.sessions) > 0, "the letter", 30)
        time.sleep(0.5)
        assert stop(process) < 5
    assert process.returncode == 0
    assert place.json("digest", "ledger")["audience"] == 1


QUICK = """
from datetime import timedelta
from aggregator.hosts import embedded
embedded.HEALTH_TICK = timedelta(seconds=0.2)
if __name__ == "__main__":
    from aggregator.__main__ import main
    main()
"""


@pytest.mark.slow
def test_a_feed_that_gets_into_trouble_or_out_of_it_is_told_once(place: Place) -> None:
    """Failing before the start is no news; falling silent, ending and recovering is."""
    before = AT - timedelta(days=4)
    hourly = [(f"a{n}", f"Kim Jong Un speaks {n}", before - timedelta(hours=n)) for n in range(60)]
    for id in ("wire", "sick", "gone", "quiet"):
        place.publish(id, rss(*hourly), every="5m")
    place.web.add("/sick.xml", Reply(status=404))
    place.write()
    place.run("poll", "--all", "--as-of", f"{before + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")
    news = rss(("new", "Kim Jong Un speaks again", AT))
    place.publish("wire", news)
    place.publish("sick", news)
    place.web.add("/gone.xml", Reply(status=410))
    (place.folder / "quick.py").write_text(QUICK, "utf-8")
    process = subprocess.Popen(
        [sys.executable, "quick.py", "run", "--port", "0"],
        cwd=place.folder,
        env=place.environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    said: list[str] = []
    assert process.stderr is not None
    reader = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
    reader.start()

    def told() -> list[dict[str, Any]]:
        rows = [json.loads(line) for line in [*said] if line.startswith("{")]
        return [row for row in rows if "status" in row]

    try:
        wait_for(lambda: len(told()) >= 3, "three changes", 30)
        time.sleep(2)  # ten more looks at unchanged feeds
    finally:
        stop(process)
    assert {(row["feed"], row["status"], row["level"]) for row in told()} == {
        ("quiet", "silent", "WARNING"),
        ("gone", "retired", "WARNING"),
        ("sick", "ok", "INFO"),
    }
    assert len(told()) == 3
    rows = {row["feed"]: row for row in told()}
    assert rows["quiet"]["event"].startswith("quiet is silent: nothing new since ")
    assert rows["quiet"]["since"] == before.replace(microsecond=0).isoformat()
    assert "usually every" in rows["quiet"]["reason"]
    assert "answered 410 Gone" in rows["gone"]["reason"]
