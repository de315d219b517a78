"""Judging stored articles anew: as a visit would judge them today, from what is stored of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from aggregator import demo, pipeline
from aggregator.model import Feed, FeedState, Fetched, Item, Known, Verdict, Visit
from aggregator.rules import Configuration, Relevance
from aggregator.steps import relevance, stories
from aggregator.steps.normalise import language_of
from aggregator.taxonomy import Taxonomy, load
from aggregator.taxonomy.version import version
from tests import make
from tests.make import NOW

TAXONOMY = load()
CONFIG = Configuration()
NAMES = relevance.telling(TAXONOMY, CONFIG.relevance)
OWN = """
polar-corridor:
  facet: topic
  en: Polar corridor
  anchor: true
"""


def taken_in(body: bytes, feed: Feed) -> list[Item]:
    """The articles of a document as a first visit judges them."""
    fetched = Fetched(url=feed.url, body=body, body_hash="x")
    reading = pipeline.read(fetched, feed, NOW, replay=False, names=NAMES)
    visit = Visit(feed=feed, state=FeedState(feed_id=feed.id, next_check_at=NOW))
    plan = pipeline.decide(
        visit, fetched, reading, Known(), TAXONOMY, CONFIG, NOW, judged_by="this"
    )
    assert plan.judged_by == "this"
    return [Item(article=j.article, judgement=j.judgement, feed=feed) for j in plan.new]


@pytest.mark.parametrize("scope", ["general", "korea-specific"])
@pytest.mark.parametrize("name", demo.publishers())
def test_the_same_taxonomy_judges_the_same(name: str, scope: str) -> None:
    feed = make.feed(name, scope=scope)
    found = taken_in(demo.document(name), feed)
    assert found
    for item in found:
        again = pipeline.rejudge(item, TAXONOMY, CONFIG.relevance, NAMES)
        assert (again.changed, again.after.judgement) == (False, item.judgement)
        assert again.after.article == item.article


@given(some.text(max_size=60), some.text(max_size=60), some.sampled_from(["", "ko", "ja", "fr"]))
def test_a_language_that_was_told_is_told_again(title: str, summary: str, feed: str) -> None:
    told = language_of(title, summary, feed)
    assert language_of(title, summary, told) == told


def test_what_was_set_aside_gets_its_language_once_it_counts(tmp_path: Path) -> None:
    own = _own(tmp_path, OWN.replace("anchor", "ko: 극지 회랑\n  anchor"))
    item = make.item("a", "극지 회랑 시험 운항", summary="선사들이 나섰다", language="en")
    item = replace(item, judgement=pipeline.judge(item.article, item.feed, TAXONOMY, Relevance()))
    names = relevance.telling(own, CONFIG.relevance)
    found = pipeline.rejudge(item, own, CONFIG.relevance, names)
    assert found.changed
    assert found.after.article.language == "ko"
    assert found.after.judgement.verdict.relevant
    kept = pipeline.rejudge(item, TAXONOMY, CONFIG.relevance, NAMES)
    assert kept.after.article.language == "en"  # nobody sees in which language it is


def _own(folder: Path, text: str) -> Taxonomy:
    path = folder / "own.yaml"
    path.write_text(text, "utf-8")
    return load([path])


def test_the_version_moves_with_what_judging_reads_and_with_nothing_else(tmp_path: Path) -> None:
    first = version(_own(tmp_path, OWN))
    assert first == version(_own(tmp_path, OWN)) != version(TAXONOMY)
    labels = "  ja: 極地\n  label_aliases: [Polar corridor]\n"
    for same in ("  note: Another\n", "  weight: 2.0\n", labels):
        assert version(_own(tmp_path, OWN + same)) == first
    for other in ("  strong: [x y z]\n", "  parents: [sanctions]\n"):
        assert version(_own(tmp_path, OWN + other)) != first
    assert version(load(off=["sanctions"])) != version(TAXONOMY)
    gates = tuple(replace(gate, cost=gate.cost + 1) for gate in TAXONOMY.gates)
    assert version(replace(TAXONOMY, gates=gates)) != version(TAXONOMY)


NEVER = Verdict(relevant=False, score=0.0, reasons=())


def left(item: Item) -> Item:
    return replace(item, judgement=replace(item.judgement, verdict=NEVER))


def test_a_story_is_told_by_the_members_that_are_still_relevant() -> None:
    items = [make.item(f"a{n}", f"Envoys meet, day {n}", "sanctions") for n in range(3)]
    copy = make.item("c1", "Envoys meet, day 1", duplicate_of="a1")
    told = make.story(items[0], items[1], copy, items[2], title="Envoys meet, day 2", score=9.0)
    renewed = stories.renewed(
        replace(told, items=(items[0], left(items[1]), copy, items[2])),
        TAXONOMY,
        CONFIG.stories,
        NOW,
    )
    assert renewed is not None
    assert (renewed.id, renewed.article_ids) == ("a0", ("a0", "a2"))
    assert renewed.title == "Envoys meet, day 2"
    assert renewed.tags == ("sanctions",)
    assert sum(c.articles for c in renewed.coverage) == 2
    assert renewed.updated_at == NOW


def test_a_headline_whose_article_left_is_replaced_and_an_empty_story_is_none() -> None:
    items = [make.item(f"a{n}", f"Envoys meet, day {n}") for n in range(2)]
    told = make.story(*items, title="Envoys meet, day 0")
    renewed = stories.renewed(
        replace(told, items=(left(items[0]), items[1])), TAXONOMY, CONFIG.stories, NOW
    )
    assert renewed is not None
    assert (renewed.id, renewed.title) == ("a0", "Envoys meet, day 1")
    nobody = replace(told, items=tuple(left(item) for item in items))
    assert stories.renewed(nobody, TAXONOMY, CONFIG.stories, NOW) is None
