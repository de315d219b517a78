"""stories, tags, issues, feeds -> the pages of the site (templates/web)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import jinja2

from aggregator.model import FeedHealth, Issue, Item, StoryItems
from aggregator.render import charts
from aggregator.render.links import Links, digest_path, story_path, tag_path
from aggregator.render.safe import excerpt, headline, shown, web_link
from aggregator.render.templates import TagNames, render
from aggregator.rules import Site
from aggregator.steps.health import worst_first
from aggregator.steps.perspectives import GROUPS, group_of, listened

_LABEL = {group.slug: group.label for group in GROUPS}
_TAGS_OF_A_STORY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What every page needs."""

    env: jinja2.Environment
    site: Site
    taxonomy: TagNames
    links: Links = field(default_factory=Links)
    version: str = ""
    """Of this software, for the foot of the page."""

    def page(self, template: str, here: str, **values: Any) -> str:
        """The page at the site path `here`."""
        return render(
            self.env,
            f"web/{template}",
            site=self.site,
            links=self.links.at(here),
            version=self.version,
            groups=GROUPS,
            here=here,
            **values,
        )


# ── what the templates see ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag with its readable name."""

    slug: str
    label: str
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One article in a list or a timeline."""

    title: str
    url: str
    """Empty when the link is not one we may show."""
    language: str
    publisher: str
    group: str
    group_label: str
    perspective: str
    kind: str
    genre: str
    certainty: str
    at: datetime
    dated: bool
    excerpt: str
    tags: tuple[Tag, ...] = ()
    story_id: str = ""
    first: bool = False
    copies: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One story in a list."""

    id: str
    title: str
    language: str
    reports: int
    publishers: int
    first_at: datetime
    last_at: datetime
    first_by: str
    cells: tuple[charts.Cell, ...]
    tags: tuple[Tag, ...]


def card(each: StoryItems, taxonomy: TagNames, heard: Collection[str] | None = None) -> Card:
    """One story in a list. `heard`: the groups of which a feed is read; None, all."""
    story = each.story
    reports = [item for item in each.items if item.duplicate_of is None]
    first = min(reports or each.items, key=_when, default=None)
    return Card(
        id=story.id,
        title=headline(story.title),
        language=story.language,
        reports=len(reports) or len(story.article_ids),
        publishers=len({item.feed.publisher or item.feed.title for item in each.items}),
        first_at=story.first_at,
        last_at=story.last_at,
        first_by=_publisher(first) if first else "",
        cells=charts.capitals(story.coverage, heard),
        tags=_tags(story.tags[:_TAGS_OF_A_STORY], taxonomy),
    )


def report(item: Item, taxonomy: TagNames) -> Report:
    article, group = item.article, group_of(item.feed.perspective)
    return Report(
        title=headline(article.title),
        url=web_link(article.url),
        language=article.language,
        publisher=_publisher(item),
        group=group,
        group_label=_LABEL[group],
        perspective=item.feed.perspective.replace("-", " "),
        kind=item.feed.kind.replace("-", " "),
        genre=taxonomy.label(item.judgement.genre),
        certainty=""
        if item.judgement.certainty == "c-confirmed"
        else taxonomy.label(item.judgement.certainty),
        at=article.published_at,
        dated=article.dated,
        excerpt=excerpt(item),
        tags=_tags(
            [t.slug for t in item.judgement.tags if t.score >= 2 and t.method != "implied"],
            taxonomy,
        ),
        story_id=item.story_id or "",
    )


def timeline(each: StoryItems, taxonomy: TagNames) -> tuple[Report, ...]:
    """The story's reports, earliest first, copies folded into their originals."""
    originals = sorted((i for i in each.items if i.duplicate_of is None), key=_when)
    ids = {item.article.id for item in originals}
    copies: dict[str, list[Report]] = {}
    for item in sorted((i for i in each.items if i.duplicate_of is not None), key=_when):
        # A copy whose original is not among the items is shown as a report, never lost.
        if item.duplicate_of in ids:
            copies.setdefault(str(item.duplicate_of), []).append(report(item, taxonomy))
        else:
            originals.append(item)
    return tuple(
        replace(
            report(item, taxonomy),
            first=n == 0,
            copies=tuple(copies.get(item.article.id, ())),
        )
        for n, item in enumerate(sorted(originals, key=_when))
    )


def _when(item: Item) -> tuple[datetime, str]:
    return item.article.published_at, item.article.id


def _publisher(item: Item) -> str:
    return shown(item.feed.publisher or item.feed.title, 80) or item.feed.id


def _tags(slugs: Sequence[str], taxonomy: TagNames) -> tuple[Tag, ...]:
    return tuple(Tag(slug=slug, label=taxonomy.label(slug)) for slug in slugs)


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def front(
    view: View,
    *,
    stories: Sequence[StoryItems],
    days: Sequence[tuple[str, int]] = (),
    tag_counts: Mapping[str, int] | None = None,
    health: Sequence[FeedHealth] = (),
    issue: Issue | None = None,
    next_check: datetime | None = None,
    next_digest: datetime | None = None,
) -> str:
    """This week's stories, best first. `issue`: the latest one; `days`: (ISO date, articles)."""
    counted = Counter(tag_counts or {}).most_common(16)
    return view.page(
        "front.html",
        "/",
        cards=[card(each, view.taxonomy, listened(health)) for each in stories],
        days=tuple(days),
        chart=charts.days_svg(days),
        day_words=charts.days_in_words(days),
        top_tags=[Tag(slug=s, label=view.taxonomy.label(s), count=n) for s, n in counted if n],
        health=tuple(health),
        unreachable=[h for h in health if h.status == "failing"],
        issue=issue,
        next_check=next_check,
        next_digest=next_digest,
    )


def story(view: View, each: StoryItems, health: Sequence[FeedHealth] = ()) -> str:
    """One story: who reported what, and when; where its sources differ."""
    heard = listened(health)
    return view.page(
        "story.html",
        story_path(each.story.id),
        card=card(each, view.taxonomy, heard),
        tags=_tags(each.story.tags, view.taxonomy),
        differs=[
            (
                view.taxonomy.label(one.about),
                [(view.taxonomy.label(said.value), said.publishers) for said in one.sayings],
            )
            for one in each.story.differs
        ],
        reports=timeline(each, view.taxonomy),
        coverage={one.group: one for one in each.story.coverage},
        words=charts.coverage_in_words(each.story.coverage, heard),
        reasons=each.story.reasons,
    )


def tag(
    view: View,
    slug: str,
    *,
    stories: Sequence[StoryItems] = (),
    items: Sequence[Item] = (),
    health: Sequence[FeedHealth] = (),
) -> str:
    """One tag: its stories, and its latest articles."""
    heard = listened(health)
    return view.page(
        "tag.html",
        tag_path(slug),
        slug=slug,
        label=view.taxonomy.label(slug),
        cards=[card(each, view.taxonomy, heard) for each in stories],
        reports=[report(item, view.taxonomy) for item in items],
    )


def tags(view: View, counts: Mapping[str, int]) -> str:
    """All tags that articles show, by name, with their counts."""
    named = [Tag(slug=s, label=view.taxonomy.label(s), count=n) for s, n in counts.items() if n > 0]
    return view.page(
        "tags.html",
        "/tags/",
        most=max((tag.count for tag in named), default=0),
        tags=sorted(named, key=lambda tag: (tag.label.casefold(), tag.slug)),
    )


def digests(view: View, issues: Sequence[Issue], *, next_digest: datetime | None = None) -> str:
    """The archive of issues, latest first."""
    return view.page("digests.html", "/digests/", issues=tuple(issues), next_digest=next_digest)


def digest(view: View, issue: Issue) -> str:
    """The web copy of an issue: everything, also what the letter had to leave out."""
    return view.page(
        "digest.html",
        digest_path(issue.period.name),
        issue=issue,
        capitals=charts.capitals,
        in_words=charts.coverage_in_words,
        cells=charts.capitals(issue.coverage),
        chart=charts.days_svg(issue.days),
        day_words=charts.days_in_words(issue.days),
        label=view.taxonomy.label,
        labels=_LABEL,
    )


def sources(
    view: View, health: Sequence[FeedHealth], *, next_check: datetime | None = None
) -> str:  # fmt: skip
    """Every feed with its health, by group, worst first: what is silent because it is broken."""
    rows: dict[str, list[FeedHealth]] = {}
    for each in worst_first(sorted(health, key=lambda h: h.feed.title.casefold())):
        rows.setdefault(group_of(each.feed.perspective), []).append(each)
    return view.page(
        "sources.html",
        "/sources",
        rows=[(group, rows[group.slug]) for group in GROUPS if group.slug in rows],
        counts=Counter(each.status for each in health),
        total=len(health),
        next_check=next_check,
    )


def about(view: View, *, feeds: int = 0) -> str:
    """How it works, and what it may and may not be used for."""
    return view.page("about.html", "/about", feeds=feeds)


def message(
    view: View,
    *,
    here: str,
    heading: str,
    paragraphs: Sequence[str],
    action: str = "",
    button: str = "",
) -> str:
    """A page with a few sentences and, with `button`, a form that posts to `action`."""
    return view.page(
        "message.html",
        here,
        heading=heading,
        paragraphs=tuple(paragraphs),
        action=action,
        button=button,
    )


def not_found(view: View, here: str = "/404") -> str:
    """There is no such page."""
    return view.page("not_found.html", here)


def icon(env: jinja2.Environment) -> str:
    """The site's mark, for /icon.svg."""
    return render(env, "web/icon.svg")


def stylesheet(env: jinja2.Environment) -> str:
    """The one style sheet, for /style.css."""
    return render(env, "web/style.css")
