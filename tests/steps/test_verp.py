"""Return paths that only we can make."""

from __future__ import annotations

import secrets
import string

from hypothesis import assume, given
from hypothesis import strategies as st

from aggregator.steps import verp

SECRET = b"a secret of the tests"
MAILBOX = "bounces@example.org"
periods = st.one_of(
    st.builds("{:04}-W{:02}".format, st.integers(2000, 2199), st.integers(1, 53)),
    st.dates().map(lambda day: day.isoformat()),
)
letters = st.builds("{}.{}".format, periods, st.text("0123456789abcdef", min_size=16, max_size=16))


@given(letters)
def test_32_a_return_path_leads_back_to_its_letter(letter: str) -> None:
    path = verp.return_path(SECRET, letter, MAILBOX)
    assert path.startswith("bounces+")
    assert path.endswith("@example.org")
    assert len(path.rpartition("@")[0].encode()) <= 64
    assert verp.letter_of(SECRET, path) == letter


@given(letters)
def test_32_servers_may_change_the_case(letter: str) -> None:
    path = verp.return_path(SECRET, letter, MAILBOX)
    for written in (path.lower(), path.upper(), path.swapcase()):
        assert verp.letter_of(SECRET, written) == letter


@given(letters, st.data())
def test_32_a_forged_or_cut_return_path_is_none(letter: str, data: st.DataObject) -> None:
    local = verp.return_path(SECRET, letter, MAILBOX).rpartition("@")[0]
    at = data.draw(st.integers(len("bounces"), len(local) - 1))
    other = data.draw(st.sampled_from("+." + string.ascii_lowercase + string.digits))
    assume(other != local[at])
    assert verp.letter_of(SECRET, f"{local[:at]}{other}{local[at + 1 :]}@example.org") is None
    assert verp.letter_of(SECRET, f"{local[:at]}@example.org") is None
    assert verp.letter_of(SECRET, f"{local[:at]}{local[at + 1 :]}@example.org") is None
    assert verp.letter_of(SECRET, f"{local}{other}@example.org") is None


@given(letters)
def test_32_another_secret_opens_nothing(letter: str) -> None:
    assert verp.letter_of(b"other", verp.return_path(SECRET, letter, MAILBOX)) is None


@given(st.text(max_size=200))
def test_any_text_may_be_asked(text: str) -> None:
    assert verp.letter_of(SECRET, text) is None


def test_what_would_not_survive_keeps_the_plain_address() -> None:
    for letter in ("2026-W34.Reader", f"2026-W34.{'a' * 40}", "preview", "2026-W34.a@b"):
        assert verp.return_path(SECRET, letter, MAILBOX) == MAILBOX


def test_the_longest_mailbox_that_is_allowed_has_room_for_a_daily_letter() -> None:
    letter = f"2026-08-24.{secrets.token_hex(8)}"
    path = verp.return_path(SECRET, letter, f"{'b' * 19}@example.org")
    assert verp.letter_of(SECRET, path) == letter


def test_a_header_may_hold_more_than_the_address() -> None:
    path = verp.return_path(SECRET, "2026-W34.a1", MAILBOX)
    assert verp.letter_of(SECRET, f"rfc822; <{path}>, other@example.org") == "2026-W34.a1"
    assert verp.first_letter(SECRET, ["", "x", f"To: {path}"]) == "2026-W34.a1"
