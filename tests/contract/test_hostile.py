"""What strangers write comes back as it was, or harmless; it never stops a visit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aggregator.edges.sql.columns import clean
from aggregator.edges.sql.store import SqlStore, open_store
from aggregator.errors import StoreError
from aggregator.model import Article, Evidence, Judged, Judgement, Tagging, Verdict
from tests import make
from tests.contract.build import conclusions, judged, plan, reading
from tests.contract.conftest import NewUrl
from tests.make import NOW

NASTY = "a\x00b\ud800c"
HARMLESS = "a\ufffdb\ufffdc"


def test_nul_and_lone_surrogates_become_replacement_characters(store: SqlStore) -> None:
    tag = make.tagging("summit", evidence=(Evidence(field="title", start=0, end=5, text=NASTY),))
    bad = replace(
        judged("a1", title=NASTY, summary=NASTY, content=NASTY, author=NASTY, guid=NASTY),
        judgement=make.judgement(tags=(tag,)),
    )
    assert store.apply(plan(bad, judged("a2"))) == 2
    item = next(i for i in store.items(limit=9) if i.article.id == "a1")
    assert {item.article.title, item.article.summary, item.article.author} == {HARMLESS}
    (seen,) = item.judgement.tags[0].evidence
    assert seen.text == item.article.title[seen.start : seen.end] == HARMLESS


def test_a_nasty_guid_is_known_again_as_the_visit_spells_it(store: SqlStore) -> None:
    store.apply(plan(judged("a1", guid=NASTY)))
    known = store.known("example-wire", reading(make.article("a1", guid=NASTY)))
    assert known.guids == {NASTY: "a1"}


def test_an_edit_to_a_nasty_title_is_one_edit(store: SqlStore) -> None:
    store.apply(plan(judged("a1", title="Fine")))
    for _ in range(2):
        store.apply(plan(edited=(judged("a1", title=NASTY),)))
    assert [former.title for former in store.former_titles("a1")] == ["Fine"]


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE articles; --", "%s :x {y}", "\\u0000", "\x85\u2028"]
)
def test_harmless_oddities_stay_as_they_are(store: SqlStore, text: str) -> None:
    store.apply(plan(judged("a1", title=text, guid=text)))
    (item,) = store.items(limit=9)
    assert (item.article.title, item.article.guid) == (text, text)


def test_a_time_without_zone_is_refused(store: SqlStore) -> None:
    naive = datetime(2019, 6, 30, 12, 0)  # noqa: DTZ001 - the very thing
    with pytest.raises(StoreError, match="time without zone"):
        store.apply(plan(judged("a1", published_at=naive)))


def test_other_zones_come_back_in_utc(store: SqlStore) -> None:
    seoul = datetime(2019, 6, 30, 15, 45, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    store.apply(plan(judged("a1", published_at=seoul)))
    (item,) = store.items(limit=9)
    assert item.article.published_at == seoul
    assert item.article.published_at.tzinfo is UTC


@pytest.fixture
def roomy(new_url: NewUrl) -> Iterator[SqlStore]:
    """A store that many examples share: each brings an id of its own."""
    opened = open_store(new_url(), {})
    opened.register([make.feed()], NOW)
    yield opened
    opened.close()


TEXT = st.text(st.characters(codec=None), max_size=40)
TIMES = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=9)), timezone(timedelta(hours=-5))]),
)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
TAGS = st.builds(
    Tagging,
    slug=st.text("abc-", min_size=1, max_size=3),
    score=NUMBER,
    method=st.sampled_from(["strong", "weak:near", "implied"]),
    evidence=st.lists(
        st.builds(
            Evidence,
            field=st.sampled_from(["title", "summary", "content"]),
            start=st.integers(0, 99),
            end=st.integers(0, 99),
            text=TEXT,
        ),
        max_size=2,
    ).map(tuple),
)
JUDGEMENTS = st.builds(
    Judgement,
    verdict=st.builds(
        Verdict,
        relevant=st.just(True),
        score=NUMBER,
        reasons=st.lists(TEXT, max_size=3).map(tuple),
    ),
    tags=st.lists(TAGS, max_size=4).map(tuple),
    genre=TEXT,
    certainty=TEXT,
    relays=st.lists(TEXT, max_size=2).map(tuple),
)
ARTICLES = st.builds(
    Article,
    id=st.just("x"),
    feed_id=st.just("example-wire"),
    url=TEXT,
    guid=TEXT,
    title=TEXT,
    summary=TEXT,
    content=TEXT,
    author=TEXT,
    language=TEXT,
    published_at=TIMES,
    dated=st.booleans(),
    updated_at=st.none() | TIMES,
    seen_at=TIMES,
    fingerprint=TEXT,
)
_numbers = count()


def cleaned(article: Article) -> Article:
    texts = ("url", "guid", "title", "summary", "content", "author", "language", "fingerprint")
    return replace(article, **{name: clean(getattr(article, name)) for name in texts})  # type: ignore[arg-type]


def cleaned_judgement(judgement: Judgement) -> Judgement:
    verdict = replace(judgement.verdict, reasons=tuple(map(clean, judgement.verdict.reasons)))
    tags = tuple(
        replace(tag, evidence=tuple(replace(e, text=clean(e.text)) for e in tag.evidence))
        for tag in judgement.tags
    )
    return Judgement(
        verdict=verdict,
        tags=tags,
        genre=clean(judgement.genre),
        certainty=clean(judgement.certainty),
        relays=tuple(map(clean, judgement.relays)),
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(article=ARTICLES, judgement=JUDGEMENTS)
@example(article=make.article("x", title=NASTY), judgement=make.judgement("a", genre=NASTY))
def test_articles_and_judgements_make_the_round_trip(
    roomy: SqlStore, article: Article, judgement: Judgement
) -> None:
    id = f"x{next(_numbers)}"
    mine = replace(article, id=id)
    assert roomy.apply(plan(Judged(article=mine, judgement=judgement))) == 1
    since, until = mine.seen_at, mine.seen_at + timedelta(microseconds=1)
    found = roomy.items(limit=10_000, since=since, until=until)
    (item,) = (item for item in found if item.article.id == id)
    assert conclusions(item) == (cleaned(mine), cleaned_judgement(judgement))
    known = roomy.known("example-wire", reading(mine))
    assert known.fingerprints == {id: clean(mine.fingerprint)} or mine.guid in known.guids


@given(st.text(st.characters(codec=None)))
def test_clean_text_has_its_length_and_can_be_stored(text: str) -> None:
    done = clean(text)
    assert len(done) == len(text)
    assert "\x00" not in done
    assert done.encode().decode() == done
    assert clean(done) == done
