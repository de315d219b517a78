"""`aggregator run`: one process that polls, serves, mails and stops cleanly."""

from __future__ import annotations

import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tests.hosts.conftest import Place, rss
from tests.hosts.test_crash import wait_for
from tests.servers import MailServer, silent

AT = datetime.now(UTC)


@contextmanager
def running(place: Place) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A started program and its address."""
    process = place.start("run", "--port", "0")
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


def test_a_taken_port_is_told_in_one_sentence(place: Place) -> None:
    place.write()
    said = place.run("run", "--port", str(place.web.port), expect=1)
    assert "cannot listen" in said
    assert "--port" in said
    assert "Traceback" not in said


def test_a_document_that_parses_for_ever_does_not_hold_up_the_stop(place: Place) -> None:
    place.publish("bomb", b"<rss><item " + b" ".join(b"a%d='1'" % n for n in range(60_000)) + b"/>")
    place.write()
    with running(place) as (_, process):
        wait_for(lambda: len(place.web.requests) > 0, "the first request", 30)
        time.sleep(2)
        assert stop(process) < 5
        assert process.returncode == 0


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
