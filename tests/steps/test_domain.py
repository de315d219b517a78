"""How receivers of mail see the domain that letters come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.steps.doctor import Finding
from aggregator.steps.domain import Sending, examine
from aggregator.steps.spf import Answer, Question

KEY = "v=DKIM1; k=rsa; p=" + "MIIB" * 90
GOOD: dict[Question, Answer] = {
    ("example.org", "TXT"): ("v=spf1 mx include:_spf.example.net -all", "other=1"),
    ("example.org", "MX"): ("10 mx.example.org",),
    ("mx.example.org", "A"): ("8.8.8.8",),
    ("_spf.example.net", "TXT"): ("v=spf1 ip4:9.9.9.0/24 ~all",),
    ("relay.example.net", "A"): ("9.9.9.9",),
    ("9.9.9.9.in-addr.arpa", "PTR"): ("out.example.net",),
    ("out.example.net", "A"): ("9.9.9.1", "9.9.9.9"),
    ("_dmarc.example.org", "TXT"): ("v=DMARC1; p=none; rua=mailto:d@example.org",),
    ("d1._domainkey.example.org", "TXT"): (KEY,),
}


def sending(**changes: Any) -> Sending:
    there: dict[str, Any] = {
        "sender": "example.org",
        "envelope": "example.org",
        "host": "relay.example.net",
        "ours": False,
        "selector": "d1",
        "dkim_record": KEY,
    }
    return Sending(**there | changes)


def examined(
    answers: Mapping[Question, Answer], setup: Sending | None = None
) -> dict[str, Finding]:
    """All questions answered from `answers`, as a resolver would: what is not there is nothing."""
    known: dict[Question, Answer] = {}
    for _ in range(9):
        findings, missing = examine(setup or sending(), known)
        known |= {question: answers.get(question, ()) for question in missing}
        if not missing:
            return {each.what: each for each in findings}
    raise AssertionError("it asks without end")


def states(answers: Mapping[Question, Answer], setup: Sending | None = None) -> dict[str, str]:
    return {what: each.state for what, each in examined(answers, setup).items()}


def test_21_a_domain_in_order() -> None:
    assert states(GOOD) == dict.fromkeys(("spf", "dkim", "dmarc", "ptr", "mx"), "ok")


@pytest.mark.parametrize(
    ("what", "state", "said", "changes"),
    [
        ("spf", "failed", "has no SPF record", {("example.org", "TXT"): ("other=1",)}),
        ("spf", "failed", "2 SPF records", {("example.org", "TXT"): ("v=spf1 mx", "v=spf1 a")}),
        (
            "spf",
            "warning",
            "does not name relay.example.net (9.9.9.9)",
            {("example.org", "TXT"): ("v=spf1 ip4:8.8.8.8 -all",)},
        ),
        ("spf", "warning", "lets everybody", {("example.org", "TXT"): ("v=spf1 mx +all",)}),
        ("spf", "warning", "lets everybody", {("example.org", "TXT"): ("v=spf1 all",)}),
        (
            "spf",
            "failed",
            "more than 10 look-ups",
            {("example.org", "TXT"): (f"v=spf1 {'a ' * 11}-all",)},
        ),
        ("spf", "unchecked", "no DNS answer", {("example.org", "TXT"): None}),
        ("spf", "ok", "is not known", {("relay.example.net", "A"): ()}),
        ("dkim", "failed", "has no record", {("d1._domainkey.example.org", "TXT"): ()}),
        (
            "dkim",
            "failed",
            "another key",
            {("d1._domainkey.example.org", "TXT"): ("v=DKIM1; p=MIIBother",)},
        ),
        ("dkim", "failed", "revoked", {("d1._domainkey.example.org", "TXT"): ("v=DKIM1; p=",)}),
        ("dkim", "ok", "holds our key", {("d1._domainkey.example.org", "TXT"): (KEY + " ;",)}),
        ("dkim", "unchecked", "no DNS answer", {("d1._domainkey.example.org", "TXT"): None}),
        ("dmarc", "failed", "no DMARC record", {("_dmarc.example.org", "TXT"): ("v=spf1",)}),
        ("dmarc", "failed", "no p=none", {("_dmarc.example.org", "TXT"): ("v=DMARC1; q=none",)}),
        (
            "dmarc",
            "failed",
            "has 2 records",
            {("_dmarc.example.org", "TXT"): ("v=DMARC1; p=none", "v=DMARC1; p=reject")},
        ),
        ("dmarc", "unchecked", "no DNS answer", {("_dmarc.example.org", "TXT"): None}),
        ("ptr", "warning", "has no name", {("9.9.9.9.in-addr.arpa", "PTR"): ()}),
        ("ptr", "warning", "another address", {("out.example.net", "A"): ("9.9.9.1",)}),
        ("ptr", "unchecked", "no public", {("relay.example.net", "A"): ("10.0.0.1",)}),
        ("ptr", "unchecked", "no DNS answer", {("9.9.9.9.in-addr.arpa", "PTR"): None}),
        ("ptr", "unchecked", "no DNS answer", {("out.example.net", "A"): None}),
        ("mx", "failed", "takes no mail", {("example.org", "MX"): ()}),
        ("mx", "failed", "takes no mail", {("example.org", "MX"): ("0",)}),
        (
            "mx",
            "ok",
            "at its own address",
            {("example.org", "MX"): (), ("example.org", "A"): ("8.8.8.8",)},
        ),
        ("mx", "unchecked", "no DNS answer", {("example.org", "MX"): None}),
    ],
)
def test_21_what_is_wrong_is_told(
    what: str, state: str, said: str, changes: dict[Question, Answer]
) -> None:
    found = examined(GOOD | changes)
    assert (found[what].state, said in found[what].found) == (state, True), found[what]
    assert bool(found[what].advice) == (state in ("warning", "failed"))
    others = {name: each.state for name, each in found.items() if name not in (what, "dmarc")}
    if what not in ("spf", "ptr", "mx"):  # these hang together
        assert set(others.values()) == {"ok"}


def test_21_without_any_answer_nothing_is_claimed() -> None:
    known: dict[Question, Answer] = {}
    findings, missing = examine(sending(), known)
    while missing:
        known |= dict.fromkeys(missing)
        findings, missing = examine(sending(), known)
    assert {each.found for each in findings} == {"not checked: no DNS answer"}
    assert len(findings) == 5


def test_21_a_mail_server_of_our_own_must_be_in_order() -> None:
    ours = sending(ours=True, host="news.example.org")
    answers = GOOD | {("news.example.org", "A"): ("8.8.4.4",)}
    assert states(answers, ours) == {
        "spf": "failed",
        "dkim": "ok",
        "dmarc": "ok",
        "ptr": "failed",
        "mx": "ok",
    }
    answers |= {
        ("example.org", "TXT"): ("v=spf1 a:news.example.org -all",),
        ("4.4.8.8.in-addr.arpa", "PTR"): ("news.example.org",),
    }
    assert set(states(answers, ours).values()) == {"ok"}


def test_21_the_return_path_must_speak_for_the_sender_unless_a_signature_does() -> None:
    elsewhere = {"envelope": "bounces.example.com"}
    answers = GOOD | {
        ("bounces.example.com", "TXT"): ("v=spf1 ip4:9.9.9.9 -all",),
        ("bounces.example.com", "MX"): ("10 mx.example.com",),
    }
    assert set(states(answers, sending(**elsewhere)).values()) == {"ok"}
    unsigned = examined(answers, sending(**elsewhere, selector="", dkim_record=""))
    assert (unsigned["dkim"].state, unsigned["dmarc"].state) == ("warning", "warning")
    below = sending(envelope="b.example.org", dkim_record="")
    answers |= {("b.example.org", "TXT"): ("v=spf1 ip4:9.9.9.9 -all",)}
    assert examined(answers, below)["dmarc"].found == "p=none, SPF aligned with example.org"
    strict = {("_dmarc.example.org", "TXT"): ("v=DMARC1; p=none; aspf=s",)}
    assert examined(answers | strict, below)["dmarc"].state == "warning"


def test_21_the_organisation_speaks_for_a_domain_below_it() -> None:
    below = sending(sender="news.example.org", envelope="b.example.org")
    answers = GOOD | {
        ("d1._domainkey.news.example.org", "TXT"): (KEY,),
        ("b.example.org", "TXT"): ("v=spf1 ip4:9.9.9.9 -all",),
    }
    told = examined(answers, below)["dmarc"].found
    assert told == "p=none, DKIM and SPF aligned with news.example.org"


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.lists(st.text(max_size=30)).map(tuple)))
def test_any_answers_may_come(strange: dict[Question, tuple[str, ...]]) -> None:
    addresses = {q: a for q, a in strange.items() if q[1] not in ("A", "AAAA")}
    assert len(examined(GOOD | addresses)) == 5
