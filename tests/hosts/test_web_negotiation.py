"""Request headers and query strings -> what to answer with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.hosts.web import negotiation

MODIFIED = datetime(2025, 9, 1, 12, 0, 5, 700_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""),
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("GZIP;Q=1", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip;q=0", ""),
        ("br;q=0, *", "gzip"),
        ("*", "br"),
        ("*;q=0", ""),
        ("identity", ""),
        ("identity;q=0.5, gzip;q=0.2", ""),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0", ""),
        ("deflate, zstd", ""),
        ("gzip ; q = 0.3 , br ; q = 0.2", "gzip"),
        (";q=1, ,,", ""),
        ("br;q=high", "br"),
    ],
)
def test_the_client_weighs_codings(accepted: str, coding: str) -> None:
    assert negotiation.coding(accepted) == coding


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("ko", "ko"),
        ("ko-KR", "ko"),
        ("ko-Kore-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("en-US,en;q=0.9,ko;q=0.8", "en"),
        ("ko;q=0.3, en;q=0.7", "en"),
        ("fr, KO;q=0.1", "ko"),
        ("fr, de", "en"),
        ("*", "en"),
        ("en;q=0, *", "ko"),
        ("ko;q=0", "en"),
        ("kor, koi", "en"),
    ],
)
def test_the_client_weighs_languages(accepted: str, language: str) -> None:
    assert negotiation.language(accepted, ("en", "ko")) == language


@pytest.mark.parametrize("tags", ['"a"', 'W/"a"', '"x", W/"a","y"', '"with,comma", "a"', " * "])
def test_an_entity_tag_is_found_in_a_list_and_compared_weakly(tags: str) -> None:
    assert negotiation.holds(tags, '"a"')


@pytest.mark.parametrize("tags", ["", '"b"', '"aa"', 'W/"A"', "a", '"a-br"', '"x,"a'])
def test_another_entity_tag_is_another(tags: str) -> None:
    assert not negotiation.holds(tags, '"a"')


def test_dates_are_compared_by_the_second() -> None:
    assert negotiation.unmodified("Mon, 01 Sep 2025 12:00:05 GMT", MODIFIED)
    assert negotiation.unmodified("Monday, 01-Sep-25 12:00:06 GMT", MODIFIED)
    assert not negotiation.unmodified("Mon, 01 Sep 2025 12:00:04 GMT", MODIFIED)
    assert not negotiation.unmodified("yesterday", MODIFIED)
    assert not negotiation.unmodified("Mon, 01 Sep 2025 12:00:05 GMT", None)
    tokyo = MODIFIED.astimezone(tz=None) + timedelta(0)
    assert negotiation.unmodified("Mon, 01 Sep 2025 21:00:05 +0900", tokyo)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        (b"page=2", (("page", "2"),)),
        (b"tag=x&q=kim&page=1", (("page", "1"), ("q", "kim"), ("tag", "x"))),
        (b"page=2&utm_source=mail&fbclid=x", (("page", "2"),)),
        (b"utm_source=mail", ()),
        (b"q=%EB%B6%81%ED%95%9C+1", (("q", "북한 1"),)),
        (b"q=%FF&q=", (("q", "\ufffd"),)),
        (b"&&=&q", ()),
        (b"page=1&page=2", (("page", "2"),)),
    ],
)
def test_of_a_query_only_known_keys_count_in_any_order(
    text: bytes, query: negotiation.Query
) -> None:
    assert negotiation.query(text) == query


def test_a_path_may_name_a_language() -> None:
    offered = ("en", "ko")
    assert negotiation.split_language("/ko/tags/x", offered) == ("ko", "/tags/x")
    assert negotiation.split_language("/en/", offered) == ("en", "/")
    assert negotiation.split_language("/ko", offered) == ("ko", "")
    assert negotiation.split_language("/korea/", offered) == ("", "/korea/")
    assert negotiation.split_language("/", offered) == ("", "/")


def test_headers_without_end_are_read_in_part() -> None:
    assert negotiation.coding("x," * 100_000 + "br") == ""
    assert negotiation.language("x," * 100_000 + "ko", ("en", "ko")) == "en"
