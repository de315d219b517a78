"""Which story leads, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from aggregator.model import Item, Verdict
from aggregator.steps import ranking
from aggregator.steps.perspectives import coverage
from aggregator.taxonomy import load
from tests import make

TAXONOMY = load()
SEOUL = make.feed("seoul-daily", perspective="rok-press-centre")
TOKYO = make.feed("tokyo-daily", perspective="japan-public")


def rank(*items: Item) -> tuple[float, tuple[str, ...]]:
    tags = tuple(t.slug for t in items[0].judgement.tags)
    return ranking.rank(items, coverage(items), tags, TAXONOMY)


def test_two_capitals_outweigh_many_articles_of_one() -> None:
    one = [make.item(f"s{n}", "Talks", "nuclear-talks", by=SEOUL) for n in range(4)]
    two = [make.item("s", "Talks", "nuclear-talks", by=SEOUL), make.item("t", "Talks", by=TOKYO)]
    assert rank(*two)[0] > rank(*one)[0]


def test_ritual_stays_below_a_launch() -> None:
    ritual = make.item("r", "Floral basket", "dprk-ritual")
    launch = make.item("l", "Launch", "missile-launch")
    assert rank(launch)[0] > rank(ritual)[0] + 1


def test_what_mentions_korea_in_passing_goes_down_and_says_so() -> None:
    told = make.item("a", "Launch", "missile-launch")
    verdict = Verdict(relevant=True, score=1.0, reasons=("anchor in the summary",))
    passing = replace(told, judgement=replace(told.judgement, verdict=verdict))
    score, reasons = rank(passing)
    assert score == rank(told)[0] - 2
    assert "Korea is mentioned in passing only: × 0.25" in reasons


def judged(item: Item, *, genre: str = "g-news", certainty: str = "c-confirmed") -> Item:
    changed = replace(item.judgement, genre=genre, certainty=certainty)
    return replace(item, judgement=changed)


def test_a_story_is_as_quiet_as_its_loudest_report() -> None:
    talks = make.item("a", "Talks", "nuclear-talks", by=SEOUL)
    video = judged(
        make.item("v", "Video of the talks", "nuclear-talks", by=SEOUL), genre="g-photo-video"
    )
    assert rank(video, talks) == rank(talks, video)
    assert rank(talks)[0] - rank(video)[0] > 1
    assert "only pictures, notices or briefs: × 0.3" in rank(video)[1]


def test_opinion_previews_and_ceremony_go_down_and_say_so() -> None:
    news = make.item("n", "Talks", "nuclear-talks")
    for changed, reason in (
        (judged(news, genre="g-oped"), "only analysis or opinion: × 0.6"),
        (judged(news, certainty="c-hypothetical"), "nothing has happened yet: × 0.7"),
        (make.item("n", "Talks", "nuclear-talks", "dprk-ritual"), "ceremony: × 0.4"),
    ):
        score, reasons = rank(changed)
        assert score < rank(news)[0]
        assert reason in reasons


def test_leaders_of_two_states_make_a_summit_as_long_as_they_are_in_office() -> None:
    people = ("kim-jong-un", "donald-trump")
    met = make.item("a", "They meet", "dmz", *people)
    spoke = make.item("b", "One speaks", "dmz", "kim-jong-un")
    score, reasons = rank(met)
    assert score > rank(spoke)[0]
    assert "leaders of north-korea and united-states at once: + 1 of it" in reasons
    later = replace(met, article=replace(met.article, published_at=make.NOW + timedelta(days=900)))
    assert not any("leaders" in reason for reason in rank(later)[1])


def test_who_only_passes_on_what_others_report_is_half_a_view() -> None:
    seoul = make.item("s", "Talks", "nuclear-talks", by=SEOUL)
    own = make.item("t", "Talks", "nuclear-talks", by=TOKYO)
    passed_on = replace(own, judgement=replace(own.judgement, relays=("yonhap",)))
    assert rank(seoul)[0] < rank(seoul, passed_on)[0] < rank(seoul, own)[0]
    assert rank(seoul, passed_on)[1][0].endswith("; 1 only on others' word")


def test_one_speculation_among_many_reports_does_not_decide() -> None:
    plain = [make.item(f"s{n}", "Talks", "alliance-us-rok") for n in range(4)]
    wild = make.item("w", "A test?", "alliance-us-rok", "nuclear-test")
    tags = ("alliance-us-rok", "nuclear-test")
    value, decisive = ranking.importance([*plain, wild], tags, TAXONOMY)
    assert decisive == "alliance-us-rok"
    assert value < ranking.importance([wild], tags, TAXONOMY)[0]


def test_a_half_life_later_is_one_more_and_the_order_never_changes() -> None:
    old = make.item("a", "Launch", "missile-launch")
    new = make.item("b", "Launch", "missile-launch")
    later = old.article.published_at + ranking.HALF_LIFE
    new = replace(new, article=replace(new.article, published_at=later))
    assert rank(new)[0] - rank(old)[0] == 1.0
    assert timedelta(hours=1) < ranking.HALF_LIFE
