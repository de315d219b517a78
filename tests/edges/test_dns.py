"""Against a real name server on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aggregator.edges.dns import Resolver
from aggregator.errors import ConfigError
from tests.name_server import NameServer


@pytest.fixture
def names() -> Iterator[NameServer]:
    with NameServer() as server:
        yield server


def test_records_come_in_their_usual_form(names: NameServer) -> None:
    names.txt("example.org", "v=spf1 mx -all", "x" * 450)
    names.records |= {
        ("example.org", "MX"): ["10 mx.example.org."],
        ("null.example.org", "MX"): ["0 ."],
        ("example.org", "A"): ["192.0.2.1", "192.0.2.2"],
        ("1.2.0.192.in-addr.arpa", "PTR"): ["mail.example.org."],
    }
    questions = [
        *(("example.org", kind) for kind in ("TXT", "MX", "A", "AAAA")),
        ("null.example.org", "MX"),
        ("1.2.0.192.in-addr.arpa", "PTR"),
        ("nowhere.example.org", "A"),
        (f"{'x' * 64}.example.org", "A"),
        ("a..b", "A"),
    ]
    told = Resolver(names.address).ask(questions)
    assert [sorted(told[question] or ()) for question in questions] == [
        ["v=spf1 mx -all", "x" * 450],
        ["10 mx.example.org"],
        ["192.0.2.1", "192.0.2.2"],
        [],
        ["0"],
        ["mail.example.org"],
        [],
        [],
        [],
    ]


def test_no_answer_is_none(names: NameServer) -> None:
    asked = [(f"n{n}.example.org", "A") for n in range(3)]
    names.silent = {name for name, _ in asked}
    assert set(Resolver(names.address).ask(asked).values()) == {None}
    with NameServer() as gone:
        address = gone.address
    assert Resolver(address).ask([("example.org", "A")]) == {("example.org", "A"): None}


def test_servers_may_be_written_in_several_ways() -> None:
    for server in ("192.0.2.53", "192.0.2.53:5353", "::1", "[::1]", "[::1]:5353"):
        Resolver(server)
    for server in ("example.org", "192.0.2.53:dns", "[::1"):
        with pytest.raises(ConfigError, match="is no name server: write its address"):
            Resolver(server)
