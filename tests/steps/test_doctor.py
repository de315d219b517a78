"""Facts -> findings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model import BounceRecord, Reached, RelayFacts
from aggregator.steps import doctor

NOW = datetime(2026, 8, 24, tzinfo=UTC)


def seconds(*ahead: float | None) -> list[Reached]:
    return [
        Reached(status=200, ahead=None if each is None else timedelta(seconds=each))
        for each in ahead
    ]


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        (seconds(0.5, -0.5, 1), "ok"),
        (seconds(59), "ok"),
        (seconds(61), "warning"),
        (seconds(-90, -91, 0), "warning"),
        (seconds(0, 0, 86_400), "ok"),
        (seconds(None), "unchecked"),
        ([], "unchecked"),
    ],
)
def test_clocks(answers: list[Reached], state: str) -> None:
    assert doctor.clock(NOW, answers).state == state


def test_which_way_the_clock_is_wrong_is_told() -> None:
    assert "90 s behind" in doctor.clock(NOW, seconds(90)).found
    assert "90 s ahead" in doctor.clock(NOW, seconds(-90)).found
    assert doctor.clock(datetime(1970, 1, 1, tzinfo=UTC), []).state == "failed"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", "ok"),
        ("8f1c4be2a90d7735e1b3c6a84f02d9ce", "ok"),
        ("change-me-change-me", "failed"),
        ("aaaaaaaaaaaaaaaaaaaa", "failed"),
        ("my-secret-of-the-digest", "failed"),
    ],
)
def test_secrets(text: str, state: str) -> None:
    finding = doctor.secret(text, "AGGREGATOR_SECRET")
    assert finding.state == state
    assert not text or text not in finding.found + finding.advice


def test_a_secret_for_everybody_to_read() -> None:
    good = "8f1c4be2a90d7735e1b3c6a84f02d9ce"
    assert doctor.secret(good, "data/secret", readable_by_others=True).advice == (
        "chmod 600 data/secret"
    )


def test_disks() -> None:
    assert doctor.disk("data", 10**10, "").found == "data, 10 GB free"
    assert doctor.disk("data", 10**8, "").state == "warning"
    assert doctor.disk("data", 0, "Read-only file system").state == "failed"


@pytest.mark.parametrize(
    ("url", "answer", "state"),
    [
        ("https://news.example.org", Reached(status=200), "ok"),
        ("https://news.example.org", Reached(status=502), "failed"),
        ("https://news.example.org", Reached(trouble="no DNS entry"), "failed"),
        ("http://news.example.org", Reached(status=200), "failed"),
        ("https://news.example.org", None, "unchecked"),
        ("http://127.0.0.1:8080", Reached(status=200), "warning"),
    ],
)
def test_sites(url: str, answer: Reached | None, state: str) -> None:
    assert doctor.site(url, answer).state == state


def test_hubs() -> None:
    assert doctor.hub("https://hub.example.org", Reached(status=405)).state == "ok"
    assert doctor.hub("https://hub.example.org", Reached(status=500)).state == "warning"
    assert doctor.hub("https://hub.example.org", Reached(trouble="x")).state == "warning"
    assert doctor.hub("https://hub.example.org", None).state == "unchecked"


@pytest.mark.parametrize(
    ("facts", "state", "said"),
    [
        (RelayFacts(smtputf8=True), "ok", "without TLS"),
        (RelayFacts(certificate_until=NOW + timedelta(days=90)), "ok", "for 90 days, no SMTPUTF8"),
        (RelayFacts(certificate_until=NOW + timedelta(days=6)), "warning", "ends in 6 days"),
        (RelayFacts(size_limit=100_000), "failed", "more than 100,000 bytes"),
        (RelayFacts(size_limit=150_000), "ok", ""),
        (RelayFacts(trouble="TLS: certificate has expired"), "failed", "expired"),
        (None, "unchecked", "no answer in time"),
    ],
)
def test_mail_servers(facts: RelayFacts | None, state: str, said: str) -> None:
    finding = doctor.relay("mail.example.org:587", facts, NOW)
    assert (finding.state, said in finding.found) == (state, True)


def test_refusals_of_us_are_told_with_the_last_reason() -> None:
    def record(days: int, kind: str, detail: str) -> BounceRecord:
        return BounceRecord(
            letter="2026-W34.a",
            subscriber_id="a",
            kind=kind,  # type: ignore[arg-type]
            status="",
            detail=detail,
            effect=None,
            at=NOW - timedelta(days=days),
        )

    records = [record(1, "policy", ""), record(2, "policy", "listed"), record(3, "soft", "full")]
    finding = doctor.refusals(records, NOW)
    assert finding is not None
    assert finding.found.startswith("2 letters were refused")
    assert finding.found.endswith("the last: listed")
    assert doctor.refusals([record(11, "policy", "listed")], NOW) is None


def test_mailboxes() -> None:
    assert doctor.mailbox(False, "", "").state == "warning"
    assert doctor.mailbox(True, "b@example.org", "").state == "ok"
    assert doctor.mailbox(True, "b@example.org", "login refused").state == "failed"
    assert doctor.mailbox(True, "b@example.org", None).state == "unchecked"
