"""What goes into an issue, what stays out, and in which order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aggregator.model import Issue, Item, Ledger, StoryItems
from aggregator.rules import Digest
from aggregator.steps import digest, periods
from aggregator.steps.perspectives import coverage
from aggregator.taxonomy import load
from tests import make

TAXONOMY = load()
WEEK = periods.named("2019-W26", "Asia/Seoul")
SEOUL = make.feed("seoul-daily", perspective="rok-press-centre")
TOKYO = make.feed("tokyo-daily", perspective="japan-public")
PYONGYANG = make.feed("pyongyang-voice", perspective="dprk-state", kind="state-media")


def compose(*stories: StoryItems, **rules: Any) -> Issue:
    return digest.compose(
        WEEK,
        stories,
        Ledger(),
        title="Weekly",
        rules=Digest(**rules),
        taxonomy=TAXONOMY,
        now=WEEK.end + timedelta(hours=7),
    )


def told(*items: Item, **changes: Any) -> StoryItems:
    made = make.story(*items, **changes)
    covered = make.story(*items, coverage=coverage(items), **changes)
    return StoryItems(story=covered.story, items=made.items)


def titles(issue: Issue) -> list[str]:
    stories = (*issue.top, *(s for part in issue.sections for s in part.stories))
    return [told.title for s in stories for told in (s, *s.related)]


def test_perspectives_and_importance_lead_not_the_count_of_articles() -> None:
    summit = told(
        make.item("s1", "Leaders meet at Panmunjom", "us-dprk-summit", by=SEOUL),
        make.item("s2", "Leaders shake hands at Panmunjom", "us-dprk-summit", by=TOKYO),
        make.item("s3", "A handshake at Panmunjom", "us-dprk-summit"),
    )
    quarrel = told(
        *(
            make.item(f"q{n}", f"Party quarrel, part {n}", "rok-domestic-politics", by=SEOUL)
            for n in range(12)
        )
    )
    assert titles(compose(quarrel, summit))[0] == "Leaders meet at Panmunjom"


def test_a_story_belongs_to_the_week_of_its_first_report() -> None:
    late = told(make.item("a", "Seen later"), seen_at=WEEK.end)
    early = told(make.item("b", "Seen before"), seen_at=WEEK.start - timedelta(seconds=1))
    first = told(make.item("c", "Seen at the first second"), seen_at=WEEK.start)
    assert titles(compose(late, early, first)) == ["Seen at the first second"]


def test_archive_articles_are_no_news() -> None:
    old = make.item("a", "From the archive", published_at=make.NOW - timedelta(days=11))
    assert titles(compose(told(old))) == []
    assert titles(compose(told(old), backlog="12d")) == ["From the archive"]


def test_every_sentence_stands_in_a_source_and_names_it() -> None:
    summary = "Envoys may meet next week, an official said. The date is open. Nothing is agreed."
    issue = compose(told(make.item("a", "Envoys may meet", "nuclear-talks", summary=summary)))
    assert issue.top[0].what == "Envoys may meet next week, an official said. The date is open."
    assert issue.top[0].what_source == make.feed().publisher


def test_a_feed_with_title_rights_is_never_quoted() -> None:
    closed = make.feed("closed", rights="title")
    issue = compose(told(make.item("a", "Envoys may meet", "nuclear-talks", by=closed)))
    assert issue.top[0].what == ""
    assert issue.top[0].items[0].summary == ""


def test_statements_opinion_and_ritual_stand_apart() -> None:
    statement = make.item("a", "Foreign Ministry spokesperson answers", by=PYONGYANG)
    statement = Item(
        article=statement.article,
        feed=PYONGYANG,
        judgement=make.judgement("nuclear-talks", genre="g-dprk-statement"),
    )
    essay = make.item("b", "What the handshake changes", "nuclear-talks")
    essay = Item(
        article=essay.article,
        feed=essay.feed,
        judgement=make.judgement("nuclear-talks", genre="g-analysis"),
    )
    basket = make.item("c", "Floral basket sent", "dprk-ritual")
    issue = compose(told(statement), told(essay), told(basket))
    assert titles(issue) == []
    assert [q.item.article_id for q in issue.quotations] == ["a"]
    assert [i.article_id for i in issue.analysis] == ["b"]
    assert [i.article_id for i in issue.ritual] == ["c"]


def test_copies_add_a_publisher_but_no_article() -> None:
    issue = compose(
        told(
            make.item("a", "Rice for the World Food Programme", "humanitarian-aid", by=SEOUL),
            make.item("b", "Rice for the World Food Programme", by=TOKYO, duplicate_of="a"),
        )
    )
    assert issue.articles == 1
    assert [c.group for c in issue.top[0].coverage] == ["seoul", "tokyo"]


def test_the_headline_links_to_the_article_that_bears_it() -> None:
    story = told(
        make.item("early", "First flash", "nuclear-talks", by=SEOUL),
        make.item("late", "The full report", "nuclear-talks", by=SEOUL, published_at=make.NOW),
        title="The full report",
    )
    issue = compose(story)
    assert issue.top[0].title == "The full report"
    assert issue.top[0].first.article_id == "early"
    assert "late" in {i.article_id for i in issue.top[0].items}


def test_sections_follow_their_fixed_order_and_empty_ones_are_left_out() -> None:
    matters = ("icbm", "abductions", "sanctions-un", "cyber-crypto", "opcon")
    stories = [told(make.item(slug, f"On {slug}", slug)) for slug in matters]
    stories += [
        told(make.item("x", "Refugees", "north-korean-defectors")),
        told(make.item("y", "Exercise", "military-exercises")),
        told(make.item("z", "Nothing known")),
    ]
    issue = compose(*stories)
    slugs = [s.slug for s in issue.sections]
    assert slugs == [s for s in ["talks", "weapons", "people", "more"] if s in slugs]
    assert {"more"} <= set(slugs)


def test_the_same_values_give_the_same_issue_in_any_order() -> None:
    stories = [told(make.item(f"t{n}", f"Story {n}", "us-dprk-summit")) for n in range(8)]
    assert compose(*stories) == compose(*reversed(stories))


def test_an_empty_week_is_an_issue_that_says_so() -> None:
    issue = compose()
    assert (issue.stories, issue.articles, issue.top) == (0, 0, ())
    assert sum(n for _, n in issue.days) == 0
    assert len(issue.days) == 7
