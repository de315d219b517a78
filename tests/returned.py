"""Letters that came back, as various mail systems write that (tests/cases/bounces)."""

from __future__ import annotations

from pathlib import Path

from aggregator.steps import tokens, verp

FOLDER = Path(__file__).parent / "cases" / "bounces"
SECRET = b"a secret of the tests"
LETTER = "2026-W34.0123456789abcdef"
MAILBOX = "bounces@example.org"


def sample(
    name: str,
    *,
    letter: str = LETTER,
    secret: bytes = SECRET,
    verp_kept: bool = True,
    headers_kept: bool = True,
) -> bytes:
    """A message from the folder about `letter`, CRLF at the ends of its lines.

    Not `verp_kept`: it came to the plain mailbox. Not `headers_kept`: the letter's own are gone.
    """
    headers = (FOLDER / "letter_headers.txt").read_text("utf-8") if headers_kept else ""
    path = verp.return_path(secret, letter, MAILBOX) if verp_kept else MAILBOX
    text = (FOLDER / f"{name}.eml").read_text("utf-8").replace("HEADERS\n", headers)
    for mark, value in (
        ("RETURN_PATH", path),
        ("LETTER", letter),
        ("TOKEN", tokens.make(secret, "unsubscribe", letter.partition(".")[2])),
    ):
        text = text.replace(mark, value)
    return text.replace("\n", "\r\n").encode()
