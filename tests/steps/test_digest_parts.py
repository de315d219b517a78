"""The parts of an issue beside its stories, and the editions made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from aggregator.model import Evidence, Issue, Item, Ledger, StoryItems, Tagging
from aggregator.rules import Digest
from aggregator.steps import digest, periods
from aggregator.steps.digest import editions
from aggregator.steps.digest.editions import edition, finishable, tailored
from aggregator.steps.digest.telling import quotable
from aggregator.steps.perspectives import coverage
from aggregator.taxonomy import load
from tests import make

TAXONOMY = load()
WEEK = periods.named("2019-W26", "Asia/Seoul")
NEXT = periods.named("2019-W27", "Asia/Seoul")
SEOUL = make.feed("seoul-daily", perspective="rok-press-centre", language="ko", publisher="Seoul D")
TOKYO = make.feed("tokyo-daily", perspective="japan-public", publisher="Tokyo D")
WASHINGTON = make.feed("capitol-post", perspective="us-press", publisher="Capitol P")
PYONGYANG = make.feed("pyongyang-voice", perspective="dprk-state", kind="state-media")
ALL = ("beijing", "moscow", "pyongyang", "seoul", "tokyo", "washington")


def compose(
    *stories: StoryItems,
    period: Any = WEEK,
    ledger: Ledger | None = None,
    before: digest.Before | None = None,
    **rules: Any,
) -> Issue:
    return digest.compose(
        period,
        stories,
        ledger or Ledger(heard=ALL, asked=ALL),
        title="Weekly",
        rules=Digest(**rules),
        taxonomy=TAXONOMY,
        now=period.end + timedelta(hours=7),
        before=before or digest.Before(),
    )


def told(*items: Item, **changes: Any) -> StoryItems:
    covered = make.story(*items, coverage=coverage(items), **changes)
    return StoryItems(story=covered.story, items=items)


# ── lede ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_lede_is_whole_sentences_of_the_leading_stories_with_their_source() -> None:
    issue = compose(
        told(
            make.item(
                "a", "Leaders meet", "us-dprk-summit",
                summary="The two leaders met at Panmunjom on Sunday. It was their third meeting.",
            )
        )
    )  # fmt: skip
    (clause,) = issue.opening
    assert clause.text == "The two leaders met at Panmunjom on Sunday."
    assert clause.publisher == make.feed().publisher
    assert clause.url == "https://example.org/a"


def test_the_lede_has_sixty_words_at_most_and_three_clauses() -> None:
    long = " ".join(["word"] * 28) + "."
    slugs = ("icbm", "abductions", "sanctions-un", "cyber-crypto", "opcon")
    issue = compose(*(told(make.item(s, f"On {s}", s, summary=long)) for s in slugs))
    assert len(issue.opening) <= 3
    assert sum(editions.words(c.text) for c in issue.opening) <= 60


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


def launch(id: str = "m", **changes: Any) -> StoryItems:
    return told(make.item(id, f"Missile launch {id}", "missile-launch", by=SEOUL, **changes))


def test_a_figure_names_its_sources_and_the_week_before() -> None:
    first = compose(launch("m1", seen_at=WEEK.start), launch("m2", seen_at=WEEK.start))
    (figure,) = first.figures
    assert (figure.slug, figure.count, figure.before) == ("launches", 2, None)
    assert figure.publishers == ("Seoul D",)
    later = launch("m3", seen_at=NEXT.start, published_at=NEXT.start)
    second = compose(later, period=NEXT, before=digest.Before(issues=[first]))
    assert [(f.count, f.before) for f in second.figures] == [(1, 2)]


def test_a_figure_is_hidden_while_its_sources_are_down() -> None:
    down = Ledger(heard=("washington", "pyongyang"), asked=ALL)
    assert compose(launch(), ledger=down).figures == ()


def test_what_may_happen_is_not_counted() -> None:
    perhaps = make.judgement("missile-launch", certainty="c-hypothetical")
    issue = compose(told(make.item("p", "North may launch", by=SEOUL, judgement=perhaps)))
    assert issue.figures == ()


# ── capitals ─────────────────────────────────────────────────────────────────────────────────────


def test_each_capital_reports_is_silent_or_cannot_be_heard() -> None:
    story = told(
        make.item("a", "Leaders meet", "us-dprk-summit", by=SEOUL),
        make.item("b", "Leaders shake hands", "us-dprk-summit", by=TOKYO, published_at=make.NOW),
        make.item("c", "A handshake", "us-dprk-summit", by=WASHINGTON, published_at=make.NOW),
    )
    ledger = Ledger(heard=("seoul", "tokyo", "washington", "moscow"), asked=(*ALL[1:],))
    views = {v.group: v for v in compose(story, ledger=ledger).views}
    assert views["seoul"].state == "reports"
    assert views["seoul"].first == 1
    assert views["seoul"].lead is not None
    assert views["seoul"].lead.title == "Leaders meet"
    assert (views["moscow"].state, views["moscow"].absent) == ("silent", "a")
    assert (views["pyongyang"].state, views["pyongyang"].absent) == ("failed", "")
    assert views["beijing"].state == "unheard"
    assert list(views) == ["pyongyang", "seoul", "washington", "tokyo", "beijing", "moscow"]


# ── Pyongyang ────────────────────────────────────────────────────────────────────────────────────


def cited(title: str, speaker: str, words: str) -> Item:
    start = title.index(words)
    judgement = make.judgement("military-exercises")
    tag = Tagging(
        slug=speaker,
        score=3.0,
        method="strong",
        evidence=(Evidence(field="title", start=start, end=start + len(words), text=words),),
    )
    judgement = replace(judgement, tags=(*judgement.tags, tag))
    return make.item("q", title, by=SEOUL, language="ko", judgement=judgement)


def test_who_of_the_north_is_quoted_in_a_headline_is_quoted_apart() -> None:
    item = cited("김정은 “연합훈련은 가장 적대적 의사 표명”", "kim-jong-un", "김정은")
    (quotation,) = compose(told(item)).quotations
    assert quotation.words == "연합훈련은 가장 적대적 의사 표명"
    assert quotation.speaker == "kim-jong-un"
    assert quotation.item.publisher == "Seoul D"


def test_others_who_are_quoted_are_not_pyongyang() -> None:
    item = cited("통일부 “김정은 비난은 늘 있던 대응일 뿐”", "rok-unification-ministry", "통일부")
    assert compose(told(item)).quotations == ()


def test_state_media_speak_in_their_own_words() -> None:
    statement = make.judgement("nuclear-talks", genre="g-dprk-statement")
    summary = "The department gives a solemn warning. More will follow."
    item = make.item("s", "Press statement", by=PYONGYANG, judgement=statement, summary=summary)
    (quotation,) = compose(told(item)).quotations
    assert quotation.words == "The department gives a solemn warning."


# ── what is long ago, and what was wrong ─────────────────────────────────────────────────────────


def test_a_box_is_not_shown_again_within_four_weeks() -> None:
    def about(id: str, at: Any) -> StoryItems:
        return told(
            make.item(id, "Armistice remembered", "armistice-1953", seen_at=at, published_at=at)
        )

    first = compose(about("a", WEEK.start))
    assert [box.slug for box in first.past] == ["armistice-1953"]
    assert first.past[0].texts["ko"]
    second = compose(
        about("b", NEXT.start), period=NEXT, before=digest.Before(issues=[first])
    )  # fmt: skip
    assert second.past == ()
    later = periods.named("2019-W32", "Asia/Seoul")
    third = compose(
        about("c", later.start), period=later, before=digest.Before(issues=[first])
    )  # fmt: skip
    assert [box.slug for box in third.past] == ["armistice-1953"]


def test_a_headline_that_was_changed_is_corrected_and_a_revision_is_none() -> None:
    first = compose(
        told(make.item("a", "Two missiles fired", "icbm")),
        told(make.item("b", "Talks resume", "nuclear-talks")),
    )
    titles = {"a": "One missile fired", "b": "(2nd LD) Talks resume"}
    second = compose(period=NEXT, before=digest.Before(issues=[first], titles=titles))
    assert [(c.was, c.current, c.period) for c in second.corrections] == [
        ("Two missiles fired", "One missile fired", "2019-W26")
    ]


# ── themes ───────────────────────────────────────────────────────────────────────────────────────


def test_smaller_stories_of_a_theme_stand_with_its_leading_one() -> None:
    summit = [
        told(
            make.item(f"s{n}", f"Summit, angle {n}", "us-dprk-summit", "donald-trump", by=by),
            make.item(f"t{n}", f"Summit, again {n}", "us-dprk-summit", "donald-trump"),
        )
        for n, by in enumerate((SEOUL, TOKYO, WASHINGTON))
    ]
    other = told(make.item("x", "Rice for the North", "humanitarian-aid", by=SEOUL))
    issue = compose(*summit, other)
    assert len(issue.top) == 2
    assert len(issue.top[0].related) == 2
    assert issue.top[0].theme is not None
    assert (issue.top[0].theme.tag, issue.top[0].theme.stories) == ("us-dprk-summit", 3)
    assert issue.stories == 4


# ── headlines and quotations ─────────────────────────────────────────────────────────────────────


def test_the_headline_is_what_happened_not_an_experts_word_or_a_market_note() -> None:
    story = told(
        make.item("a", "전문가 “도발 가능성”", "us-dprk-summit", by=SEOUL, language="ko"),
        make.item("b", "[특징주] 방산주 강세", "us-dprk-summit", by=SEOUL, language="ko"),
        make.item("c", "두 정상, 판문점서 만나", "us-dprk-summit", by=SEOUL, language="ko"),
    )
    assert compose(story).top[0].title == "두 정상, 판문점서 만나"


def test_no_sentence_is_cut_so_that_no_hedge_is_lost() -> None:
    sentence = "The North fired two missiles, " + "which is a detail, " * 20 + "a source claimed."
    assert quotable(make.item("a", "x", summary=sentence)) == ""
    assert quotable(make.item("a", "x", summary="Talks may resume, one said. Nothing is set.")) == (
        "Talks may resume, one said. Nothing is set."
    )
    cut = "The ministry confirmed the launch. A second one was reportedly..."
    assert quotable(make.item("a", "x", summary=cut)) == "The ministry confirmed the launch."


def test_rights_bound_what_is_quoted() -> None:
    summary = ("It is a sentence of some length about talks. " * 9).strip()
    for rights, most in (("title", 0), ("snippet", 300), ("full", 480)):
        by = make.feed("f", rights=rights)
        assert len(quotable(make.item("a", "x", by=by, summary=summary))) <= most


# ── editions ─────────────────────────────────────────────────────────────────────────────────────


def bilingual() -> Issue:
    return compose(
        told(
            make.item("k", "두 정상 판문점 회동", "us-dprk-summit", by=SEOUL, language="ko",
                      summary="두 정상이 30일 판문점에서 만났다."),
            make.item("e", "Leaders meet at Panmunjom", "us-dprk-summit", by=WASHINGTON,
                      summary="The two leaders met on Sunday."),
        ),
        told(make.item("j", "日朝協議へ", "japan-dprk", by=TOKYO, language="ja")),
    )  # fmt: skip


def test_an_edition_tells_each_story_in_its_language_where_it_can() -> None:
    issue = bilingual()
    english, korean = edition(issue, "en"), edition(issue, "ko")
    assert [s.title for s in english.top] == ["Leaders meet at Panmunjom", "日朝協議へ"]
    assert [s.title for s in korean.top] == ["두 정상 판문점 회동", "日朝協議へ"]
    assert korean.top[0].what == "두 정상이 30일 판문점에서 만났다."
    assert korean.top[0].url == "https://example.org/k"
    assert [c.language for c in korean.opening] == ["ko"]
    assert english.stories == korean.stories == 2


def test_a_reader_gets_what_they_asked_for_and_always_the_leading_story() -> None:
    slugs = ("us-dprk-summit", "icbm", "abductions", "sanctions-un", "cyber-crypto", "opcon",
             "north-korean-defectors", "humanitarian-aid")  # fmt: skip
    issue = compose(*(told(make.item(s, f"On {s}", s, by=SEOUL)) for s in slugs))
    people = tailored(issue, topics=["people"])
    rest = [s.section for s in people.top[1:]]
    rest += [s.section for part in people.sections for s in part.stories]
    assert set(rest) <= {"people"}
    assert people.top[0] == issue.top[0]
    assert tailored(issue, groups=["tokyo"]).sections == ()
    assert tailored(issue) == issue


def test_a_letter_can_be_finished_and_says_what_it_leaves_out() -> None:
    slugs = ("abductions", "north-korean-defectors", "humanitarian-aid", "war-remains",
             "human-rights-dprk", "natural-disaster-dprk")  # fmt: skip
    stories = [
        told(make.item(f"{s}-{n}", f"On {s} {n} " + "word " * 20, s, by=SEOUL))
        for s in slugs
        for n in range(4)
    ]
    issue = compose(*stories)
    short = finishable(issue)
    for part in short.sections:
        assert len(part.stories) <= editions.LETTER.sections
    left = sum(part.more for part in short.sections)
    shown = sum(len(part.stories) for part in short.sections)
    assert left + shown == sum(len(part.stories) for part in issue.sections)
    assert short.minutes <= issue.minutes


# ── daily ────────────────────────────────────────────────────────────────────────────────────────


def test_a_day_is_an_issue_too() -> None:
    day = periods.named("2019-06-30", "Asia/Seoul")
    assert day.cadence == "daily"
    assert day.end - day.start == timedelta(days=1)
    issue = compose(told(make.item("a", "One", "icbm", seen_at=day.start)), period=day)
    assert len(issue.days) == 1
    assert issue.stories == 1
