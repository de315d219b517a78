"""What the pages say in each language: all of it, with dates as its readers write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from aggregator.errors import TemplateError
from aggregator.render.language import ENGLISH, languages
from aggregator.render.names import AGENCY, FACET, GROUP, KIND, PERSPECTIVE, RIGHTS, STATUS
from aggregator.rules import FeedEntry, Site
from aggregator.steps.sections import SECTIONS
from aggregator.steps.tagging import relay
from aggregator.taxonomy import FACETS, load
from tests.messages import LOCALES, messages

LATE = datetime(2019, 6, 30, 15, 5, 9, tzinfo=UTC)
KOREAN = languages()["ko"]
HOLDER = re.compile(r"%\(\w+\)s")


@pytest.mark.parametrize("file", sorted(LOCALES.glob("*.po")), ids=lambda file: file.stem)
def test_a_catalogue_says_everything_and_keeps_what_is_filled_in(file: Path) -> None:
    catalogue = read_po(BytesIO(file.read_bytes()), locale=file.stem)
    wanted = {message.id for message in messages() if message.id}
    assert {message.id for message in catalogue if message.id} == wanted
    for message in catalogue:
        if not message.id:
            continue
        one = message.id if isinstance(message.id, str) else message.id[-1]
        said = [message.string] if isinstance(message.string, str) else list(message.string or ())
        assert all(said), message.id
        assert not message.fuzzy, message.id
        for words in said:
            assert set(HOLDER.findall(words)) == set(HOLDER.findall(one)), message.id


def test_what_code_hands_to_templates_is_among_the_messages() -> None:
    known = {message.id for message in messages()}
    told = {heading for _, heading, _ in SECTIONS} | {Site().description}
    for names in (GROUP, PERSPECTIVE, KIND, STATUS, RIGHTS, FACET):
        told |= set(names.values())
    assert told <= known


def test_each_code_has_a_name() -> None:
    fields = FeedEntry.model_fields
    assert set(PERSPECTIVE) == set(fields["perspective"].annotation.__args__)  # type: ignore[union-attr]
    assert set(KIND) == set(fields["kind"].annotation.__args__)  # type: ignore[union-attr]
    assert set(RIGHTS) == set(fields["rights"].annotation.__args__)  # type: ignore[union-attr]
    assert set(FACET) == set(FACETS)
    assert set(AGENCY) == set(relay._NAMES)


def test_background_is_told_of_known_tags_in_both_languages_of_the_site() -> None:
    taxonomy = load()
    assert len(taxonomy.background) > 30
    for slug, told in taxonomy.background.items():
        assert slug in taxonomy
        assert set(told) == {"en", "ko"}
        assert len(told["en"].split()) <= 45, slug


def test_dates_are_written_as_readers_write_them() -> None:
    assert ENGLISH.day(LATE, "Asia/Seoul") == "1 July 2019"
    assert KOREAN.day(LATE, "Asia/Seoul") == "2019년 7월 1일"
    assert (ENGLISH.stamp(LATE, "UTC"), KOREAN.stamp(LATE, "UTC")) == (
        "30 Jun 15:05",
        "6월 30일 15:05",
    )
    assert (ENGLISH.short_day(date(2019, 6, 30)), KOREAN.short_day(date(2019, 6, 30))) == (
        "Sun 30 June",
        "6월 30일 (일)",
    )


def test_counts_follow_the_language() -> None:
    one, many = "%(num)s report", "%(num)s reports"
    assert [ENGLISH.ngettext(one, many, n) for n in (1, 1204)] == ["1 report", "1,204 reports"]
    assert KOREAN.ngettext(one, many, 1204) == "보도 1,204건"


def test_an_operator_may_add_a_language_and_is_told_of_a_broken_one(tmp_path: Path) -> None:
    (tmp_path / "ja.po").write_text('msgid "Stories"\nmsgstr "話題"\n', "utf-8")
    found = languages([tmp_path])
    assert list(found) == ["en", "ko", "ja"]
    assert (found["ja"].gettext("Stories"), found["ja"].name) == ("話題", "日本語")
    assert found["ja"].gettext("Sources") == "Sources"
    (tmp_path / "ja.po").rename(tmp_path / "klingon!.po")
    with pytest.raises(TemplateError, match=r"klingon!\.po"):
        languages([tmp_path])
