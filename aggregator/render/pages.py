"""stories, articles, tags, issues, feeds -> the pages of the site (templates/web)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import jinja2
from markupsafe import Markup

from aggregator.model import (
    Difference,
    FeedHealth,
    FormerTitle,
    Issue,
    Item,
    Story,
    StoryItems,
    Tagging,
)
from aggregator.render import charts, names
from aggregator.render.language import ENGLISH, Language
from aggregator.render.links import (
    Links,
    article_path,
    digest_path,
    perspective_path,
    query_of,
    story_path,
    tag_path,
)
from aggregator.render.marked import Part, marked
from aggregator.render.safe import SNIPPET, excerpt, headline, shown, web_link
from aggregator.render.templates import render
from aggregator.rules import Site
from aggregator.steps.health import worst_first
from aggregator.steps.perspectives import GROUPS, group_of, listened
from aggregator.taxonomy import Taxonomy

_TAGS_OF_A_STORY = 5
_BACKGROUND = 2
_SHOWN = 2
"""Score from which a tag is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What every page needs."""

    env: jinja2.Environment
    """Speaks `language`."""
    site: Site
    taxonomy: Taxonomy
    language: Language = ENGLISH
    languages: Sequence[Language] = (ENGLISH,)
    """All that the site speaks, its own first."""
    links: Links = field(default_factory=Links)
    version: str = ""
    """Of this software, for the foot of the page."""

    def page(self, template: str, here: str, query: str | None = "", **values: Any) -> str:
        """The page at the site path `here`. `query`: what the address also holds, "?q=…"; None: the
        page has this one address, whatever the language."""
        links = self.links.at(here)
        return render(
            self.env,
            f"web/{template}",
            site=self.site,
            links=links,
            version=self.version,
            groups=GROUPS,
            names=names,
            here=here,
            elsewhere=[(each, links.here_in(self._prefix(each)) + query) for each in self.languages]
            if query is not None
            else [],
            **values,
        )

    def _prefix(self, language: Language) -> str:
        # A static copy has the site's own language at its root, and no negotiation.
        return "" if self.links.static and language is self.languages[0] else language.code

    def say(self, words: str) -> str:
        """Our own words in the page's language."""
        return self.language.gettext(words)

    def label(self, slug: str) -> str:
        """The name of a tag in the page's language."""
        return self.taxonomy.label(slug, self.language.code)


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

    id: str
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
    """Empty of plain news."""
    certainty: str
    """Empty of what is told as a fact."""
    at: datetime
    dated: bool
    excerpt: str
    relays: tuple[str, ...] = ()
    """On whose word it rests, the nearest first."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How one capital puts a story: its first report."""

    cell: charts.Cell
    report: Report
    publishers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """An event or agreement that a story goes back to."""

    slug: str
    label: str
    when: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Why an article bears a tag."""

    tag: Tag
    method: str
    rule: str
    score: float
    certainty: str
    words: tuple[tuple[str, int], ...]
    """(the very words, how often)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Where a list goes on."""

    page: int = 1
    more: bool = False


def card(view: View, story: Story, heard: Collection[str] | None = None) -> Card:
    """One story in a list. `heard`: the groups of which a feed is read; None, all."""
    first = min(story.coverage, key=lambda one: (one.first_at, one.group), default=None)
    publishers = {name for one in story.coverage for name in one.publishers}
    return Card(
        id=story.id,
        title=headline(story.title),
        language=story.language,
        reports=len(story.article_ids),
        publishers=len(publishers),
        first_at=story.first_at,
        last_at=story.last_at,
        first_by=shown(first.publishers[0], 80) if first and first.publishers else "",
        cells=charts.capitals(story.coverage, heard, view.language),
        tags=_tags(view, story.tags[:_TAGS_OF_A_STORY]),
    )


def report(view: View, item: Item) -> Report:
    """One article in a list."""
    article, feed, judgement = item.article, item.feed, item.judgement
    group = group_of(feed.perspective)
    return Report(
        id=article.id,
        title=headline(article.title),
        url=web_link(article.url),
        language=article.language,
        publisher=_publisher(item),
        group=group,
        group_label=view.say(names.GROUP[group]),
        perspective=_perspective(view, feed.perspective),
        kind=view.say(names.KIND.get(feed.kind, feed.kind)),
        genre="" if judgement.genre == "g-news" else view.label(judgement.genre),
        certainty="" if judgement.certainty == "c-confirmed" else view.label(judgement.certainty),
        at=article.published_at,
        dated=article.dated,
        excerpt=excerpt(item),
        relays=tuple(view.say(names.AGENCY.get(one, one)) for one in judgement.relays),
        tags=_tags(
            view, [t.slug for t in judgement.tags if t.score >= _SHOWN and t.method != "implied"]
        ),
        story_id=item.story_id or "",
    )


def timeline(view: View, each: StoryItems) -> tuple[Report, ...]:
    """The story's reports, earliest first, copies folded into their originals."""
    originals = sorted((i for i in each.items if i.duplicate_of is None), key=_when)
    ids = {item.article.id for item in originals}
    copies: dict[str, list[Report]] = {}
    for item in sorted((i for i in each.items if i.duplicate_of is not None), key=_when):
        # A copy whose original is not among the items is shown as a report, never lost.
        if item.duplicate_of in ids:
            copies.setdefault(str(item.duplicate_of), []).append(report(view, item))
        else:
            originals.append(item)
    return tuple(
        replace(report(view, item), first=n == 0, copies=tuple(copies.get(item.article.id, ())))
        for n, item in enumerate(sorted(originals, key=_when))
    )


def _voices(view: View, each: StoryItems, cells: Iterable[charts.Cell]) -> tuple[Voice, ...]:
    """Each capital that reports, who was first before who followed."""
    by_group: dict[str, list[Item]] = {}
    for item in sorted(each.items, key=_when):
        by_group.setdefault(group_of(item.feed.perspective), []).append(item)
    found = []
    for cell in cells:
        if items := by_group.get(cell.group):
            own = next((item for item in items if item.duplicate_of is None), items[0])
            publishers = tuple(dict.fromkeys(_publisher(item) for item in items))
            found.append(Voice(cell=cell, report=report(view, own), publishers=publishers))
    return tuple(sorted(found, key=lambda voice: voice.report.at))


def _background(view: View, each: StoryItems) -> tuple[Background, ...]:
    """Past events that its reports name, the most named first; never the story's own event."""
    today = each.story.first_at.date()
    named = Counter(
        tag.slug
        for item in each.items
        for tag in item.judgement.tags
        if tag.slug in view.taxonomy.background and tag.score >= _SHOWN
    )
    past = [
        slug
        for slug, _ in named.most_common()
        if (day := _first_day(view.taxonomy[slug].when)) and (today - day).days > 60
    ]
    return tuple(
        Background(
            slug=slug,
            label=view.label(slug),
            when=when_words(view.taxonomy[slug].when, view.language),
            text=background_of(view, slug),
        )
        for slug in past[:_BACKGROUND]
    )


def background_of(view: View, slug: str) -> str:
    """What a tag's event was, in the page's language, else in English; empty when not written."""
    told = view.taxonomy.background.get(slug, {})
    return told.get(view.language.code) or told.get("en", "")


def _first_day(when: str) -> date | None:
    try:
        return date.fromisoformat(when[:10])
    except ValueError:
        return None


def when_words(when: str, say: Language) -> str:
    """2018-06-12 or 2000-06-13..2000-06-15, as the page's readers write it; else as it stands."""
    first, _, last = when.partition("..")
    begins, ends = _first_day(first), _first_day(last)
    if begins is None:
        return when
    return say.day(begins) + (f" – {say.day(ends)}" if ends else "")


def proofs(view: View, tags: Iterable[Tagging]) -> tuple[Proof, ...]:
    """Each shown tag with the words that it rests on, the surest first."""
    found = []
    for tag in sorted(tags, key=lambda tag: (-tag.score, tag.slug)):
        if tag.score < _SHOWN:
            continue
        method, _, rule = tag.method.partition(":")
        words = Counter(shown(proof.text, 80) for proof in tag.evidence)
        found.append(
            Proof(
                tag=_tags(view, [tag.slug])[0],
                method=view.say(names.METHOD.get(method, method)),
                rule=rule,
                score=tag.score,
                certainty=view.label(tag.certainty) if tag.certainty else "",
                words=tuple(words.most_common(8)),
            )
        )
    return tuple(found)


def _when(item: Item) -> tuple[datetime, str]:
    return item.article.published_at, item.article.id


def _publisher(item: Item) -> str:
    return shown(item.feed.publisher or item.feed.title, 80) or item.feed.id


def _perspective(view: View, slug: str) -> str:
    return view.say(names.PERSPECTIVE.get(slug, slug.replace("-", " ")))


def _tags(view: View, slugs: Sequence[str]) -> tuple[Tag, ...]:
    return tuple(Tag(slug=slug, label=view.label(slug)) for slug in slugs)


def _counted(view: View, counts: Iterable[tuple[str, int]]) -> list[Tag]:
    return [Tag(slug=s, label=view.label(s), count=n) for s, n in counts if n > 0]


def _addresses(base: str, **asked: str) -> Callable[[int], str]:
    """Page of a list -> its address."""
    return lambda page: base + query_of(**asked, page=page if page > 1 else 0)


def _chart(view: View, days: Sequence[tuple[str, int]]) -> Markup:
    return charts.days_svg(days if any(n for _, n in days) else (), view.language)


def _differs(view: View, differs: Iterable[Difference]) -> list[tuple[str, list[Any]]]:
    return [
        (view.label(one.about), [(view.label(s.value), s.publishers) for s in one.sayings])
        for one in differs
    ]


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def front(
    view: View,
    *,
    stories: Sequence[Story],
    days: Sequence[tuple[str, int]] = (),
    tag_counts: Mapping[str, int] | None = None,
    health: Sequence[FeedHealth] = (),
    issue: Issue | None = None,
    next_check: datetime | None = None,
    next_digest: datetime | None = None,
) -> str:
    """This week's stories, best first. `issue`: the latest one; `days`: (ISO date, articles)."""
    heard = listened(health)
    return view.page(
        "front.html",
        "/",
        cards=[card(view, each, heard) for each in stories],
        days=tuple(days),
        top_tags=_counted(view, Counter(tag_counts or {}).most_common(16)),
        health=tuple(health),
        unreachable=[h for h in health if h.status == "failing"],
        issue=issue,
        next_check=next_check,
        next_digest=next_digest,
        chart=_chart(view, days),
    )


def story(view: View, each: StoryItems, health: Sequence[FeedHealth] = ()) -> str:
    """One story: how each capital puts it, where they differ, and who reported what and when."""
    heard, told = listened(health), each.story
    shown_card = card(view, told, heard)
    certainty = Counter(i.judgement.certainty for i in each.items if i.duplicate_of is None)
    return view.page(
        "story.html",
        story_path(told.id),
        card=shown_card,
        tags=_tags(view, told.tags),
        # Only what no report tells as a fact is marked as a whole.
        certainty=view.label(certainty.most_common(1)[0][0])
        if certainty and not certainty["c-confirmed"]
        else "",
        voices=_voices(view, each, shown_card.cells),
        silent=[cell.label for cell in shown_card.cells if cell.state == "silent"],
        unheard=[cell.label for cell in shown_card.cells if cell.state == "unheard"],
        differs=_differs(view, told.differs),
        background=_background(view, each),
        reports=timeline(view, each),
        words=charts.coverage_in_words(told.coverage, heard, view.language),
        reasons=told.reasons,
    )


def article(
    view: View,
    item: Item,
    *,
    copies: Sequence[Item] = (),
    former: Sequence[FormerTitle] = (),
) -> str:
    """Why one article is here and bears its tags."""
    evidence = [
        proof
        for tag in item.judgement.tags
        if tag.score >= _SHOWN and tag.method != "implied"
        for proof in tag.evidence
    ]
    summary: tuple[Part, ...] = ()
    if item.feed.rights != "title":
        limit = SNIPPET if item.feed.rights == "snippet" else 5_000
        summary = marked(item.article.summary, evidence, "summary", limit)
    return view.page(
        "article.html",
        article_path(item.article.id),
        report=report(view, item),
        title=marked(item.article.title, evidence, "title"),
        summary=summary,
        proofs=proofs(view, item.judgement.tags),
        relevant=item.judgement.verdict.relevant,
        score=item.judgement.verdict.score,
        reasons=item.judgement.verdict.reasons,
        copies=[report(view, copy) for copy in copies],
        copy_of=item.duplicate_of or "",
        former=[(headline(one.title), one.until) for one in former],
    )


def tag(
    view: View,
    slug: str,
    *,
    stories: Sequence[Story] = (),
    items: Sequence[Item] = (),
    health: Sequence[FeedHealth] = (),
    days: Sequence[tuple[str, int]] = (),
    related: Sequence[tuple[str, int]] = (),
    pager: Pager = Pager(),
) -> str:
    """One tag: what it is, its stories, and its latest articles."""
    heard = listened(health)
    known = view.taxonomy.get(slug)
    return view.page(
        "tag.html",
        tag_path(slug),
        query_of(page=pager.page if pager.page > 1 else 0),
        slug=slug,
        label=view.label(slug),
        tag=known,
        facet=view.say(names.FACET[known.facet]) if known else "",
        text=background_of(view, slug),
        when=when_words(known.when, view.language) if known and known.when else "",
        labels=[(code, label) for code, label in known.labels.items() if label != view.label(slug)]
        if known
        else [],
        parents=_tags(view, known.parents if known else ()),
        related=_counted(view, related),
        cards=[card(view, each, heard) for each in stories],
        reports=[report(view, item) for item in items],
        pager=pager,
        page_address=_addresses(view.links.at(tag_path(slug)).tag(slug)),
        chart=_chart(view, days),
    )


def tags(view: View, counts: Mapping[str, int]) -> str:
    """All tags that articles show, by kind and name, with their counts."""
    named = _counted(view, counts.items())
    by_facet: dict[str, list[Tag]] = {}
    for each in sorted(named, key=lambda tag: (-tag.count, tag.label.casefold(), tag.slug)):
        known = view.taxonomy.get(each.slug)
        by_facet.setdefault(known.facet if known else "topic", []).append(each)
    return view.page(
        "tags.html",
        "/tags/",
        most=max((tag.count for tag in named), default=0),
        facets=[
            (facet, view.say(label), by_facet[facet])
            for facet, label in names.FACET.items()
            if facet in by_facet
        ],
    )


def perspective(
    view: View,
    name: str,
    *,
    stories: Sequence[Story] = (),
    items: Sequence[Item] = (),
    health: Sequence[FeedHealth] = (),
    days: Sequence[tuple[str, int]] = (),
    pager: Pager = Pager(),
) -> str:
    """What one capital reports, or one kind of source. `health`: of its feeds only."""
    return view.page(
        "perspective.html",
        perspective_path(name),
        query_of(page=pager.page if pager.page > 1 else 0),
        name=name,
        label=view.say(names.GROUP[name]) if name in names.GROUP else _perspective(view, name),
        group=name in names.GROUP,
        feeds=worst_first(sorted(health, key=lambda each: each.feed.title.casefold())),
        reports=[report(view, item) for item in items],
        pager=pager,
        page_address=_addresses(view.links.at(perspective_path(name)).perspective(name)),
        chart=_chart(view, days),
    )


def search(
    view: View,
    *,
    given: Mapping[str, str],
    items: Sequence[Item] = (),
    tag_counts: Mapping[str, int] | None = None,
    pager: Pager = Pager(),
    fault: str = "",
) -> str:
    """What was looked for, and what was found. `given`: the fields of the form, as they came."""
    known = _counted(view, Counter(tag_counts or {}).most_common(400))
    return view.page(
        "search.html",
        "/search",
        query_of(**given, page=pager.page if pager.page > 1 else 0),
        given=given,
        feed_query=query_of(**given),
        page_address=_addresses(view.links.at("/search").search(), **given),
        tag_names=sorted(known, key=lambda tag: tag.label.casefold()),
        perspectives=[
            (group, view.say(group.label), [(p, _perspective(view, p)) for p in group.perspectives])
            for group in GROUPS
        ],
        speech=[(code, view.say(name)) for code, name in names.LANGUAGE.items()],
        reports=[report(view, item) for item in items],
        pager=pager,
        fault=view.say(fault),
    )


def digests(view: View, issues: Sequence[Issue], *, next_digest: datetime | None = None) -> str:
    """The archive of issues, latest first."""
    return view.page("digests.html", "/digests/", issues=tuple(issues), next_digest=next_digest)


def digest(view: View, issue: Issue) -> str:
    """The web copy of an issue: everything, also what the letter had to leave out."""
    say = view.language
    return view.page(
        "digest.html",
        digest_path(issue.period.name),
        issue=issue,
        capitals=lambda found: charts.capitals(found, None, say),
        in_words=lambda found: charts.coverage_in_words(found, None, say),
        cells=charts.capitals(issue.coverage, None, say),
        label=view.label,
        chart=_chart(view, issue.days),
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
        None,
        heading=view.say(heading),
        paragraphs=[view.say(words) for words in paragraphs],
        action=action,
        button=view.say(button),
    )


def not_found(view: View, here: str = "/404") -> str:
    """There is no such page."""
    return view.page("not_found.html", here, None)


def icon(env: jinja2.Environment) -> str:
    """The site's mark, for /icon.svg."""
    return render(env, "web/icon.svg")


def stylesheet(env: jinja2.Environment) -> str:
    """The one style sheet, for /style.css."""
    return render(env, "web/style.css")
