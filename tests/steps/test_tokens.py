"""Links that only we can make."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.steps import tokens


def test_a_token_opens_what_it_was_made_for() -> None:
    token = tokens.make(b"secret", "unsubscribe", "a1")
    assert tokens.subject_of(b"secret", "unsubscribe", token) == "a1"


def test_neither_another_purpose_nor_another_secret_opens_it() -> None:
    token = tokens.make(b"secret", "unsubscribe", "a1")
    assert tokens.subject_of(b"secret", "confirm", token) is None
    assert tokens.subject_of(b"other", "unsubscribe", token) is None


@given(st.text(max_size=80))
def test_a_guess_opens_nothing(guess: str) -> None:
    assert tokens.subject_of(b"secret", "unsubscribe", guess) is None


def test_a_digest_does_not_lead_back_to_its_token() -> None:
    assert tokens.digest("a") == tokens.digest("a") != tokens.digest("b")
    assert len(tokens.digest("\ud800")) == 64
