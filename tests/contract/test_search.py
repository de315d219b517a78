"""StoryStore.search on both engines: what is found, in which order, and what follows it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from aggregator.edges.sql import search
from aggregator.edges.sql.store import SqlStore, open_store
from aggregator.errors import StoreError
from aggregator.model import Arrangement, Copy, Judged, Rejudged, Renewal, Search
from aggregator.steps.search import parse
from tests import make
from tests.contract.build import HOUR, judged, plan, story
from tests.contract.conftest import NewUrl
from tests.make import NOW


def titled(store: SqlStore, *titles: str, **changes: Any) -> None:
    """Articles 0, 1, 2, ..., each an hour older than the one before."""
    store.apply(
        plan(
            *(
                judged(str(n), title=title, published_at=NOW - n * HOUR, **changes)
                for n, title in enumerate(titles)
            )
        )
    )


def found(store: SqlStore, text: str = "", limit: int = 9, offset: int = 0, **asked: Any) -> str:
    items = store.search(Search(text=text, **asked), limit=limit, offset=offset)
    return " ".join(item.article.id for item in items)


def assert_whole(store: SqlStore) -> None:
    """The index holds what it would hold if it were made anew: nothing of former texts or tags."""

    def held(connection: Connection) -> list[Any]:
        if connection.dialect.name == "postgresql":
            query = "SELECT article_id, terms FROM searchable ORDER BY article_id"
        else:
            vocabulary = "temp.vocabulary USING fts5vocab('main', 'search_terms', 'row')"
            connection.execute(text(f"CREATE VIRTUAL TABLE IF NOT EXISTS {vocabulary}"))
            query = "SELECT term, doc, cnt FROM temp.vocabulary ORDER BY term"
        return list(connection.execute(text(query)).all())

    def made_anew(connection: Connection) -> list[Any]:
        connection.execute(text("DELETE FROM searchable"))
        if connection.dialect.name != "postgresql":
            clear = "INSERT INTO search_terms (search_terms) VALUES ('delete-all')"
            connection.execute(text(clear))
        search.fill(connection)
        return held(connection)

    assert store.database.write(held) == store.database.write(made_anew) != []


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("북한", "0 1"),
        ("북한이", "0"),
        ("핵", "0 4"),
        ("이 핵", "0"),
        ("朝鮮", "2"),
        ("北朝鮮", "2"),
        ("鮮の", "2"),
        ("KOREA", "3 5"),
        ("korea's", "5"),
        ("sanction", "3"),
        ("Cafe", "3"),
        ("пхеньян", "4"),
        ("ПХЕНЬЯН", "4"),
        ("елка", "4"),
        ("북한 미국", "1"),
        ('"북한 미국"', "1"),
        ('"미국 북한"', ""),
        ("북한 -미국", "0"),
        ("-북한", "2 3 4 5"),
        ('korea -"korea sanctions"', "5"),
        ("Ｋｏｒｅａ", "3 5"),
        ("ミサイル", "2"),
        ("ﾐｻｲﾙ", "2"),
        ("한이핵", ""),
        ("summar", ""),
        ("shook hands", "0 1 2 3 4 5"),
        ("body", "0 1 2 3 4 5"),
        ("!?", ""),
        (" ", "0 1 2 3 4 5"),
    ],
)
def test_what_is_found(store: SqlStore, asked: str, ids: str) -> None:
    titled(
        store,
        "북한이 핵실험",
        "북한 미국 회담",
        "北朝鮮のミサイル",
        "North Korea Sanctions at a Café",
        "Пхеньян: Ёлка и 核, 핵",
        "South Korea’s talks",
        content="The body of it",
    )
    assert found(store, asked) == ids


def test_pages_follow_each_other(store: SqlStore) -> None:
    titled(store, *("북한",) * 7)
    pages = [found(store, "북한", limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert pages == ["0 1 2", "3 4 5", "6", ""]


def test_filters(store: SqlStore) -> None:
    other = make.feed('other\'s/"feed"')
    store.register([make.feed(), other], NOW)
    store.apply(
        plan(
            judged("a", "summit", "talks", language="ko", published_at=NOW),
            judged("b", "summit", feed_id=other.id, published_at=NOW - HOUR),
            judged("c", 'odd "tag"', language="ja", published_at=NOW - 2 * HOUR),
            judged("noise", "summit", relevant=False),
        )
    )
    assert found(store) == "a b c"
    assert found(store, tags=("summit",)) == "a b"
    assert found(store, tags=("summit", "talks")) == "a"
    assert found(store, tags=('odd "tag"',)) == "c"
    assert found(store, tags=("x' OR",)) == ""
    assert found(store, languages=("ko", "ja")) == "a c"
    assert found(store, feeds=frozenset({other.id})) == "b"
    assert found(store, feeds=frozenset()) == ""
    assert found(store, "leaders", tags=("summit",), languages=("en",)) == "b"
    assert found(store, since=NOW - HOUR) == "a b"
    assert found(store, until=NOW) == "b c"
    assert found(store, "-summit", since=NOW - HOUR, until=NOW) == "b"


@pytest.mark.parametrize("limit", [1, 9])
def test_ten_thousand_feeds(store: SqlStore, limit: int) -> None:
    titled(store, "북한", "북한")
    many = frozenset(f"feed-{n}" for n in range(10_000))
    assert found(store, "북한", limit, feeds=many) == ""
    many |= {"example-wire"}
    assert found(store, "북한", limit, feeds=many) == "0 1"[: 2 * limit - 1]
    assert found(store, "미국", limit, feeds=many) == ""


def test_articles_of_one_moment_come_last_seen_first(store: SqlStore) -> None:
    """More of them than have a number within that second; none is lost."""
    then = NOW - timedelta(days=3)
    ids = [f"{n:04}" for n in range(600)]
    store.apply(plan(*(judged(id, published_at=then) for id in ids), judged("y", published_at=NOW)))
    store.apply(plan(judged("x", published_at=then, seen_at=NOW)))
    store.apply(plan(judged("z", published_at=then - timedelta(seconds=1))))
    pages = [found(store, "leaders", 100, start) for start in range(0, 700, 100)]
    assert " ".join(pages).split() == ["y", "x", *ids, "z"]


def test_dates_of_all_times_are_in_order(store: SqlStore) -> None:
    zone = NOW.tzinfo
    years = (1, 1066, 1969, 1970, 2019, 9999)
    times = {str(year): NOW.replace(year=year, tzinfo=zone) for year in years}
    store.apply(plan(*(judged(id, published_at=at, seen_at=at) for id, at in times.items())))
    assert found(store) == "9999 2019 1970 1969 1066 1"
    assert found(store, until=times["1970"]) == "1969 1066 1"


def test_an_edit_is_found_by_its_new_words_only(store: SqlStore) -> None:
    titled(store, "북한 미국", "북한 중국")
    edited = judged("1", title="러시아", published_at=NOW - 3 * HOUR)
    for _ in range(2):
        store.apply(plan(edited=(edited,)))
    assert found(store, "중국") == ""
    assert found(store, "북한") == "0"
    assert found(store, "러시아") == "1"
    assert found(store) == "0 1"
    assert_whole(store)
    store.apply(plan(edited=(judged("0", title="북한", relevant=False),)))
    assert found(store) == "1"


def test_what_is_judged_anew_is_found_by_its_new_tags(store: SqlStore) -> None:
    titled(store, "북한", "미국")

    def rejudge(id: str, *tags: str, relevant: bool = True, language: str = "en") -> None:
        item = store.item(id)
        assert item is not None
        after = Judged(
            article=replace(item.article, language=language),
            judgement=make.judgement(*tags, relevant=relevant),
        )
        store.rejudge([Rejudged(before=item, after=after, changed=True)], "new")

    rejudge("0", "summit", language="ko")
    assert found(store, tags=("summit",), languages=("ko",)) == "0"
    rejudge("0", "talks")
    assert (found(store, tags=("summit",)), found(store, tags=("talks",))) == ("", "0")
    assert_whole(store)
    assert found(store, languages=("ko",)) == ""
    rejudge("0", "talks", relevant=False)
    assert found(store, "북한") == found(store, tags=("talks",)) == ""
    rejudge("0")
    assert found(store, "북한") == "0"


def test_copies_are_not_found_until_they_are_none(store: SqlStore) -> None:
    titled(store, "북한", "북한", "북한")
    copies = (
        Copy(article_id="1", original_id="0"),
        Copy(article_id="2", original_id="1"),
    )
    items = {item.article.id: item for item in store.items(limit=9)}
    told = story(items["0"])
    store.save(
        Arrangement(
            stories=(told.story,), placements=dict.fromkeys("012", told.story.id), copies=copies
        )
    )
    assert found(store, "북한") == "0"
    assert_whole(store)
    original = Judged(article=items["0"].article, judgement=make.judgement(relevant=False))
    store.rejudge([Rejudged(before=items["0"], after=original, changed=True)], "new")
    (stale,) = store.stale_stories(9)
    store.renew([Renewal(stale=stale, story=None)])
    assert found(store, "북한") == "1 2"
    assert_whole(store)


SAFE = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
WORD = st.text(min_size=1, max_size=12) | st.text(
    alphabet="북한핵朝鮮ミサaäßsİ9é'-*:()&|!<>\\", min_size=1, max_size=12
)


@pytest.fixture
def roomy(new_url: NewUrl) -> Iterator[SqlStore]:
    """A store that many examples share: each brings an id of its own."""
    opened = open_store(new_url(), {})
    opened.register([make.feed()], NOW)
    yield opened
    opened.close()


_NUMBERS = count()


@SAFE
@given(word=WORD, before=st.text(max_size=9), after=st.text(max_size=9))
@example(word="북", before="남", after="한")
@example(word="a'b\\", before="", after="")
def test_a_word_of_a_title_finds_it(roomy: SqlStore, word: str, before: str, after: str) -> None:
    asked = " ".join(word.replace('"', " ").replace("-", " ").split())
    assume(parse(asked).all)
    id = f"x{next(_NUMBERS)}"
    roomy.apply(plan(judged(id, title=f"{before} {word} {after}", published_at=NOW)))
    assert id in found(roomy, asked, limit=10_000).split()


@SAFE
@given(text=st.text() | st.text(alphabet="\"-*:'()&|!<>\\ a북NOTR\x00\ud800"), tag=st.text())
@example(text='"', tag="\ud800\x00'\"")
@example(text="a" * 10_000, tag="")
@example(text="a* OR b) NEAR(c", tag="")
def test_whatever_strangers_type_is_answered(roomy: SqlStore, text: str, tag: str) -> None:
    found(roomy, text)
    found(roomy, text, tags=(tag,), languages=(tag,), feeds=frozenset({tag}))


def test_a_sqlite_without_full_text_search_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    open_store(url, {}).close()
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'fts5(', 'fts5_of_none(')"
            " WHERE name = 'search_terms'"
        )
    with pytest.raises(StoreError, match="has no full-text search"):
        open_store(url, {})
