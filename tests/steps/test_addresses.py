"""What is an address, and when two are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.steps.addresses import LONGEST, address_of, ascii_domain, key_of


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" a@example.org ", "a@example.org"),
        ("Mina Kim <Mina.Kim+news@Example.org>", "Mina.Kim+news@Example.org"),
        ("김@보기.한국", "김@보기.한국"),
        ("o'brien@xn--bcher-kva.example", "o'brien@xn--bcher-kva.example"),
        ("a@example.org.", "a@example.org"),
    ],
)
def test_an_address_stays_as_it_was_written(text: str, address: str) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "@example.org", "a@", "a@example", "a b@example.org", "a@exa mple.org"),
        *("a@b@example.org", ".a@example.org", "a..b@example.org", '"a b"@example.org'),
        *("a@[127.0.0.1]", "a@127.0.0.1", "a@-x.org", "a@example.org\nBcc: b@example.org"),
        *("a\r\n@example.org", "a@example.org,b@example.org", "a\u202e@example.org", "a@ex_a.org"),
        *("x" * 65 + "@example.org", "a@" + "x" * 250 + ".org", "a@" + "ü" * 3000 + ".org"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no e-mail address"):
        address_of(text)


@given(st.text(max_size=60))
def test_what_is_taken_can_stand_in_an_envelope(text: str) -> None:
    try:
        address = address_of(text + "@example.org")
    except ValueError:
        return
    assert len(address) <= LONGEST
    assert address.isprintable()
    assert not set(address) & set(' <>()[]:;,"\\')
    assert address_of(address) == address


def test_one_address_has_one_key() -> None:
    written = ("Mina@Bücher.example", "mina@bücher.example", " mina@BU\u0308CHER.example ")
    assert {key_of(address) for address in written} == {"mina@xn--bcher-kva.example"}
    assert ascii_domain("Mina@Bücher.example") == "Mina@xn--bcher-kva.example"
    assert key_of("nonsense\ud800") == "nonsense\ud800"
