"""A sample week for the views: public facts of June 2019, example publishers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import jinja2

from aggregator.model import (
    CapitalView,
    Clause,
    Correction,
    Coverage,
    Feed,
    FeedHealth,
    Figure,
    Issue,
    IssueItem,
    IssueStory,
    Item,
    Ledger,
    Past,
    Period,
    Quotation,
    Section,
    Story,
    StoryItems,
    Subscriber,
    Telling,
    Upcoming,
)
from aggregator.render.templates import environment
from aggregator.render.views import View
from aggregator.rules import Site
from aggregator.steps.perspectives import coverage, group_of
from aggregator.taxonomy import load
from tests import make

SITE = Site(url="https://news.example.org", contact="desk@example.org")
START = datetime(2019, 6, 23, 15, 0, tzinfo=UTC)
PERIOD = Period(
    name="2019-W26", start=START, end=START + timedelta(days=7), timezone="Asia/Seoul"
)  # fmt: skip
READER = Subscriber(id="reader1", address="reader@example.org")


class Names:
    """A taxonomy of two words a tag."""

    def label(self, slug: str, language: str = "en") -> str:
        known = {"us-dprk-summit": "US–DPRK summit", "c-claimed": "Claimed by one party"}
        return known.get(slug) or slug.split("-", slug[1:2].count("-"))[-1].replace("-", " ")


NAMES = Names()
TAXONOMY = load()

_FEEDS = (
    ("central-wire", "dprk-state", "ko", "state-media", "Example Central Agency"),
    ("hanguk-wire", "rok-wire", "ko", "news", "Example Seoul Wire"),
    ("hanguk-daily", "rok-press-right", "ko", "news", "Example Seoul Daily"),
    ("blue-office", "rok-gov", "ko", "official", "Example Ministry Desk"),
    ("capitol-post", "us-press", "en", "news", "Example Capitol Post"),
    ("state-desk", "us-gov", "en", "official", "Example State Desk"),
    ("tokyo-public", "japan-public", "ja", "news", "Example Tokyo Broadcasting"),
    ("beijing-daily", "china-state", "zh", "state-media", "Example Beijing Daily"),
    ("moscow-agency", "russia-state", "ru", "news", "Example Moscow Agency"),
    ("vienna-agency", "un-iaea", "en", "official", "Example Vienna Office"),
    ("north-notes", "nk-specialist", "en", "analysis", "Example North Notes"),
    ("world-service", "intl-press", "en", "news", "Example World Service"),
)
FEEDS: dict[str, Feed] = {
    id: make.feed(
        id, perspective=perspective, language=language, kind=kind, publisher=name, title=name
    )
    for id, perspective, language, kind, name in _FEEDS
}

_WEEK: tuple[tuple[str, tuple[tuple[str, float, str], ...]], ...] = (
    (
        "us-dprk-summit panmunjom kim-jong-un donald-trump",
        (
            ("capitol-post", 150.1, "Trump crosses the demarcation line at Panmunjom"),
            ("hanguk-wire", 150.2, "북미 정상, 판문점에서 만나… 미국 대통령 첫 방북"),
            ("tokyo-public", 150.4, "米朝首脳、板門店で面会 現職大統領が初めて軍事境界線を越える"),
            ("moscow-agency", 150.9, "Лидеры США и КНДР встретились в Пханмунджоме"),
            ("hanguk-daily", 151.0, "판문점 회동 53분… 실무협상 재개 합의"),
            ("world-service", 151.2, "Leaders agree to resume working-level talks"),
            ("beijing-daily", 152.0, "朝美领导人在板门店会面 同意重启工作磋商"),
            ("north-notes", 155.0, "What the Panmunjom meeting leaves open"),
            ("state-desk", 156.0, "Remarks at the Demilitarized Zone"),
            ("central-wire", 163.0, "판문점에서 력사적인 상봉"),
        ),
    ),
    (
        "g20-osaka rok-japan",
        (
            ("tokyo-public", 104.0, "G20大阪サミット開幕 日韓首脳の個別会談は見送り"),
            ("hanguk-wire", 105.0, "G20 정상회의 개막… 한일 정상회담은 무산"),
            ("world-service", 106.0, "G20 opens in Osaka without a Seoul-Tokyo bilateral"),
        ),
    ),
    (
        "china-dprk xi-jinping",
        (
            ("beijing-daily", 20.0, "习近平访朝成果解读：推动半岛问题政治解决"),
            ("hanguk-daily", 26.0, "시진핑 방북 이후… 중국의 한반도 역할론"),
            ("north-notes", 40.0, "Reading the readouts of the Pyongyang visit"),
        ),
    ),
    (
        "kim-jong-un letter us-dprk-relations",
        (
            ("central-wire", 2.0, "김정은 위원장, 미국 대통령의 친서를 받다"),
            ("capitol-post", 5.0, "North Korea says Kim received 'excellent' letter"),
            ("hanguk-wire", 5.5, "북 매체 “트럼프 친서 받아… 흥미로운 내용”"),
        ),
    ),
    (
        "sanctions unsc",
        (
            ("capitol-post", 60.0, "National emergency over North Korea extended a year"),
            ("central-wire", 82.0, "외무성 대변인 담화: 미국의 제재 연장을 규탄"),
        ),
    ),
    ("inter-korean-relations food-aid", (("blue-office", 70.0, "대북 쌀 5만t 지원 절차 착수"),)),
    ("iaea yongbyon", (("vienna-agency", 30.0, "Statement on safeguards in the DPRK"),)),
)  # fmt: skip


@cache
def week() -> tuple[StoryItems, ...]:
    """Seven stories, the largest first."""
    return tuple(_story(n, tags.split(), reports) for n, (tags, reports) in enumerate(_WEEK))


def _story(n: int, tags: list[str], reports: tuple[tuple[str, float, str], ...]) -> StoryItems:
    items = [
        make.item(
            f"s{n}a{m}",
            title,
            *tags,
            by=FEEDS[feed_id],
            language=FEEDS[feed_id].language,
            summary=f"{title}. Both sides described what comes next in general terms.",
            published_at=START + timedelta(hours=hours),
            seen_at=START + timedelta(hours=hours + 0.5),
            story_id=f"s{n}a0",
        )
        for m, (feed_id, hours, title) in enumerate(reports)
    ]
    if n == 0:
        items.insert(2, _copy_of(items[1]))
    made = make.story(*items, score=10.0 - n)
    story = _covered(made.story, items)
    return StoryItems(story=story, items=made.items)


def _copy_of(item: Item) -> Item:
    return make.item(
        "copy1",
        item.article.title,
        by=FEEDS["hanguk-daily"],
        language="ko",
        published_at=item.article.published_at + timedelta(minutes=9),
        seen_at=item.article.seen_at,
        story_id=item.story_id,
        duplicate_of=item.article.id,
    )


def _covered(story: Story, items: list[Item]) -> Story:
    return replace(story, coverage=coverage(items))


DAYS = tuple(zip([f"2019-06-{n}" for n in range(24, 31)], (4, 6, 3, 9, 12, 7, 31), strict=True))


def health() -> tuple[FeedHealth, ...]:
    rows = []
    for n, feed in enumerate(FEEDS.values()):
        state = make.state(feed.id, last_ok_at=make.NOW, last_new_at=make.NOW)
        status = ("ok", "ok", "ok", "silent", "failing", "ok", "retired", "new")[n % 8]
        since, usual = None, None
        if status == "silent":
            since, usual = make.NOW - timedelta(days=3), timedelta(hours=2, minutes=30)
        elif status == "retired":
            since = make.NOW - timedelta(days=9)
        elif status == "failing":
            since = make.NOW - timedelta(days=2)
            state = make.state(
                feed.id,
                failures=4.0,
                last_error="The server answered 503 Service Unavailable",
                last_ok_at=since,
            )
        rows.append(
            FeedHealth(
                feed=feed,
                state=state,
                status=status,  # type: ignore[arg-type]
                since=since,
                usual=usual,
                articles=37 * n,
            )
        )
    return tuple(rows)


def issue_item(item: Item) -> IssueItem:
    return IssueItem(
        article_id=item.article.id,
        title=item.article.title,
        url=item.article.url,
        publisher=item.feed.publisher,
        perspective=item.feed.perspective,
        group=group_of(item.feed.perspective),
        language=item.article.language,
        kind=item.feed.kind,
        genre=item.judgement.genre,
        published_at=item.article.published_at,
        summary=item.article.summary,
    )


def issue_story(each: StoryItems, suffix: str = "") -> IssueStory:
    items = tuple(issue_item(item) for item in each.items if item.duplicate_of is None)
    story = each.story
    return IssueStory(
        id=story.id + suffix,
        title=story.title,
        language=story.language,
        what=each.items[0].article.summary,
        what_source=items[0].publisher,
        certainty="c-claimed" if suffix == "" and story.id == "s3a0" else "c-confirmed",
        tags=story.tags,
        url=items[0].url,
        first=items[0],
        items=items,
        weight=float(len(items)),
        gist=story.tags[:3],
        coverage=story.coverage,
        articles=len(items),
    )


def issue(stories: int = 7) -> Issue:
    """An issue with so many stories: five on top, the rest in sections."""
    told = [
        issue_story(week()[n % len(week())], f"-{n // len(week())}" if n >= len(week()) else "")
        for n in range(stories)
    ]
    headings = ("Talks and summits", "Weapons and military", "Alliances and neighbours",
                "China and Russia", "Sanctions, UN and IAEA")  # fmt: skip
    rest = told[5:]
    every = [item for each in week() for item in each.items]
    return Issue(
        period=PERIOD,
        title="Korea diplomacy weekly",
        opening=(
            Clause(
                text="The US and DPRK leaders met at Panmunjom on 30 June.",
                language="en",
                url=every[0].article.url,
                publisher="Example Wire",
            ),
            Clause(
                text="Both sides agreed to resume working-level talks.",
                language="en",
                url=every[6].article.url,
                publisher="Example Gazette",
            ),
            Clause(
                text="양측은 실무 협상을 재개하기로 했다.",
                language="ko",
                url=every[6].article.url,
                publisher="Example Gazette",
            ),
        ),
        figures=(
            Figure(
                slug="meetings",
                count=2,
                publishers=("Example Wire",),
                stories=(told[0].id, told[-1].id) if told else (),
                before=1,
            ),
        ),
        top=tuple(told[:5]),
        sections=tuple(
            Section(slug=f"s{n}", heading=heading, stories=tuple(rest[n :: len(headings)]))
            for n, heading in enumerate(headings)
        ),
        views=(
            CapitalView(
                group="seoul", state="reports", articles=9, stories=4, first=2,
                lead=issue_item(every[1]),
            ),
            CapitalView(group="moscow", state="silent", absent=told[0].id if told else ""),
            CapitalView(group="beijing", state="failed"),
            CapitalView(group="tokyo", state="unheard"),
        ),
        quotations=tuple(
            Quotation(words=i.article.summary or i.article.title, item=issue_item(i))
            for i in every
            if i.feed.perspective == "dprk-state"
        ),
        scenarios=(issue_item(every[2]),),
        past=(
            Past(
                slug="us-dprk-summit",
                when="2018-06-12",
                texts={"en": "The first meeting of the two leaders.", "ko": "첫 만남이었다."},
                story="s1",
            ),
        ),
        coming=(
            Upcoming(
                day="2019-07-10",
                tellings=(
                    Telling(
                        title="실무 협상, 7월 10일 재개", language="ko",
                        url="https://example.org/talks", publisher="Example Daily",
                    ),
                ),
                tags=("us-dprk-summit",),
            ),
            Upcoming(
                day="2019-07-27",
                tellings=(Telling(title="Armistice day", language="en", url="", publisher=""),),
            ),
        ),
        corrections=(
            Correction(
                was="Leaders did not meet", current="Leaders met",
                item=issue_item(every[0]), period="2019-W25",
            ),
        ),
        analysis=tuple(issue_item(i) for i in every if i.feed.perspective == "nk-specialist"),
        ritual=(issue_item(every[10]),),
        days=DAYS,
        coverage=week_coverage(),
        ledger=Ledger(
            feeds_ok=54,
            feeds_silent=("Example Vienna Office",),
            feeds_failed=("Example Capitol Post",),
            seen=3120,
            kept=24,
            merged=1,
        ),
        stories=stories,
        articles=24,
        minutes=4,
        composed_at=START + timedelta(days=7, hours=7),
    )  # fmt: skip


def week_coverage() -> tuple[Coverage, ...]:
    return coverage([item for each in week() for item in each.items])


@cache
def env() -> jinja2.Environment:
    return environment()


def view() -> View:
    return View(env=env(), site=SITE, taxonomy=TAXONOMY, version="0.1.0")
