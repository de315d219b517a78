"""A text with what its tags rest on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Evidence
from aggregator.render.marked import Part, marked
from aggregator.render.safe import harmless


def proof(text: str, start: int, end: int) -> Evidence:
    return Evidence(field="title", start=start, end=end, text=text[start:end])


def test_marks_stand_where_the_evidence_is_and_overlaps_are_one() -> None:
    text = "Kim and Trump meet"
    found = marked(text, [proof(text, 8, 13), proof(text, 0, 3), proof(text, 2, 5)], "title")
    assert found == (
        Part(text="Kim a", marked=True),
        Part(text="nd "),
        Part(text="Trump", marked=True),
        Part(text=" meet"),
    )


def test_evidence_of_another_field_or_beyond_the_limit_marks_nothing() -> None:
    text = "Kim and Trump meet"
    assert marked(text, [proof(text, 0, 3)], "summary") == (Part(text=text),)
    assert marked(text, [proof(text, 8, 13)], "title", 6) == (Part(text="Kim an…"),)


@given(
    st.text(max_size=80),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=6),
    st.integers(1, 100),
)
def test_no_text_is_lost_doubled_or_let_through_unharmed(
    text: str, spans: list[tuple[int, int]], limit: int
) -> None:
    parts = marked(text, [proof(text, *span) for span in spans], "title", limit)
    told = "".join(part.text for part in parts)
    # Runs of spaces that a mark divides stay two.
    assert told.replace(" ", "") == (
        harmless(text[:limit]) + ("…" if len(text) > limit else "")
    ).replace(" ", "")
    assert all(part.text == harmless(part.text) for part in parts)
