"""A coded text whose gaps are filled is the coded text of what was filled in."""

from __future__ import annotations

import base64
import quopri
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.render.stencil import Stencil, stencil
from aggregator.steps.dkim import relaxed_body

GAPS = {"u": "https://reader.invalid/u", "p": "https://reader.invalid/p"}
LINKS = st.from_regex(r"https://[a-z0-9./?=_-]{0,200}", fullmatch=True)


def decoded(made: Stencil, values: dict[str, str]) -> str:
    coded = made.fill(values)
    assert max(map(len, coded.split(b"\r\n"))) <= 76
    assert not coded or coded.endswith(b"\r\n")
    assert b"\n" not in coded.replace(b"\r\n", b"")
    assert not re.search(rb"(?m)^(\.|From )", coded)
    assert relaxed_body(coded + b"--\r\n") == coded + b"--\r\n"
    if made.coding == "base64":
        return base64.b64decode(coded, validate=False).decode()
    return quopri.decodestring(coded.replace(b"\r\n", b"\n")).decode().replace("\n", "\r\n")


LINES = st.lists(
    st.one_of(
        # No slash: as part of something longer a mark is none.
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n/"), max_size=90),
        st.text("한국 외교=. \t", max_size=120),
        st.sampled_from(["", ".", "From here", "x" * 75 + "=", *GAPS.values()]),
        st.sampled_from(list(GAPS.values())).map(lambda mark: f"go: {mark} now"),
    ),
    max_size=12,
)


@given(LINES, LINKS, LINKS)
def test_filled_is_what_would_have_been_coded(lines: list[str], u: str, p: str) -> None:
    text = "\n".join(lines)
    want = text.replace(GAPS["u"], u).replace(GAPS["p"], p)
    made = stencil(text, GAPS, between=r"\s")
    assert decoded(made, {"u": u, "p": p}).rstrip("\r\n") == want.replace("\n", "\r\n").rstrip(
        "\r\n"
    )


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9))
def test_base64_groups_are_kept_however_long_link_and_text_are(a: int, b: int, link: int) -> None:
    text = f"{'외' * 40}{'x' * a} {GAPS['u']} {'y' * b} {GAPS['u']} {GAPS['p']}"
    made = stencil(text, GAPS, between=r"\s")
    assert made.coding == "base64"
    values = {"u": "u" * link, "p": ""}
    want = text.replace(GAPS["u"], values["u"]).replace(GAPS["p"], "")
    assert decoded(made, values) == want


def test_18_the_shorter_coding_is_taken() -> None:
    assert stencil("한반도 외교" * 9, GAPS, between=" ").coding == "base64"
    assert stencil("Korea diplomacy — the week" * 9, GAPS, between=" ").coding == (
        "quoted-printable"
    )


@pytest.mark.parametrize(
    "text",
    [
        "https://stranger.example/?next=https://reader.invalid/u",
        "https://reader.invalid/unsubscribe-me",
        "(https://reader.invalid/u)",
    ],
)
def test_no_strangers_link_takes_a_readers_link_along(text: str) -> None:
    assert stencil(text, GAPS, between=r"\s").gaps == ()
