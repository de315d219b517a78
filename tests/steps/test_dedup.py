"""The same article again: in the same feed, or at another address."""

from __future__ import annotations

from aggregator.model import Article, Known, Reading
from aggregator.steps import dedup
from tests import make


def fresh_of(*articles: Article, known: Known, shared: str = "") -> dedup.Fresh:
    """Of a document that holds these; several entries bear the guid `shared`."""
    return dedup.fresh(Reading(articles=articles, shared_guids=frozenset({shared})), known)


NOTHING = dedup.Fresh(new=(), edited=(), sightings=())


def test_an_unknown_article_is_new_and_sighted() -> None:
    found = fresh_of(make.article("a", guid="g"), known=Known())
    assert [a.id for a in found.new] == ["a"]
    assert found.sightings == (("a", "g"),)


def test_a_known_article_is_nothing() -> None:
    article = make.article("a", guid="g")
    known = Known(
        fingerprints={"a": article.fingerprint}, guids={"g": "a"}, sighted=frozenset({"a"})
    )
    assert fresh_of(article, known=known) == NOTHING


def test_an_edited_title_updates_the_article_instead_of_doubling_it() -> None:
    article = make.article("a", "A new headline", guid="g")
    known = Known(fingerprints={"a": "before"}, guids={"g": "a"}, sighted=frozenset({"a"}))
    found = fresh_of(article, known=known)
    assert found.new == ()
    assert [a.title for a in found.edited] == ["A new headline"]


def test_a_known_guid_at_a_new_address_is_the_same_article_moved() -> None:
    moved = make.article("b", guid="g", fingerprint="same")
    known = Known(fingerprints={"a": "same"}, guids={"g": "a"}, sighted=frozenset({"a"}))
    assert fresh_of(moved, known=known) == NOTHING


def test_an_article_of_a_feed_that_moved_takes_on_its_new_address() -> None:
    moved = make.article("b", guid="new", url="https://new.example.org/1", fingerprint="same")
    found = fresh_of(moved, known=Known(fingerprints={}, moved={"b": "a"}))
    assert found.new == ()
    assert [(a.id, a.url) for a in found.edited] == [("a", "https://new.example.org/1")]
    assert found.sightings == (("a", "new"),)


def test_another_feed_with_another_wording_does_not_edit() -> None:
    article = make.article("a", guid="other", fingerprint="their wording")
    found = fresh_of(article, known=Known(fingerprints={"a": "our wording"}))
    assert found.new == found.edited == ()
    assert found.sightings == (("a", "other"),)


def test_one_guid_for_all_entries_identifies_nothing() -> None:
    articles = [make.article("a", guid="home"), make.article("b", guid="home")]
    known = Known(fingerprints={"x": "x"}, guids={"home": "x"}, sighted=frozenset({"x"}))
    assert [a.id for a in fresh_of(*articles, known=known, shared="home").new] == ["a", "b"]


def test_an_entry_without_guid_is_known_by_its_address() -> None:
    article = make.article("a", guid="")
    known = Known(fingerprints={"a": article.fingerprint}, sighted=frozenset({"a"}))
    assert fresh_of(article, known=known) == NOTHING
