"""stories, articles -> what the templates of pages are handed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

import jinja2
from markupsafe import Markup

from aggregator.model import (
    Difference,
    Item,
    Story,
    StoryItems,
    Tagging,
)
from aggregator.render import charts, names
from aggregator.render.language import ENGLISH, Language
from aggregator.render.links import (
    Links,
    in_language,
    query_of,
)
from aggregator.render.names import N_
from aggregator.render.safe import excerpt, headline, shown, web_link
from aggregator.render.templates import render
from aggregator.rules import Site
from aggregator.steps import perspectives
from aggregator.steps.perspectives import GROUPS, group_of
from aggregator.taxonomy import Taxonomy

_TAGS_OF_A_STORY = 5
_BACKGROUND = 2
SHOWN = 2
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
    takes_readers: bool = False
    """The digest can be asked for at /subscribe."""

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
            takes_readers=self.takes_readers and not links.static,
            groups=GROUPS,
            names=names,
            here=here,
            elsewhere=[(each, links.here_in(self._prefix(each)) + query) for each in self.languages]
            if query is not None
            else [],
            # A page that was negotiated is the one in its language, for whoever counts pages.
            canonical=self.site.url + in_language(here, self._prefix(self.language)) + query
            if query is not None
            else "",
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


ONE_PAGE: Final = Pager()


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
        tags=named_tags(view, story.tags[:_TAGS_OF_A_STORY]),
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
        perspective=perspective_name(view, feed.perspective),
        kind=view.say(names.KIND.get(feed.kind, feed.kind)),
        genre="" if judgement.genre == "g-news" else view.label(judgement.genre),
        certainty="" if judgement.certainty == "c-confirmed" else view.label(judgement.certainty),
        at=article.published_at,
        dated=article.dated,
        excerpt=excerpt(item),
        relays=tuple(view.say(names.AGENCY.get(one, one)) for one in judgement.relays),
        tags=named_tags(
            view, [t.slug for t in judgement.tags if t.score >= SHOWN and t.method != "implied"]
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


def voices(view: View, each: StoryItems, cells: Iterable[charts.Cell]) -> tuple[Voice, ...]:
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


def backgrounds(view: View, each: StoryItems) -> tuple[Background, ...]:
    """Past events that its reports name, the most named first; never the story's own event."""
    today = each.story.first_at.date()
    named = Counter(
        tag.slug
        for item in each.items
        for tag in item.judgement.tags
        if tag.slug in view.taxonomy.background and tag.score >= SHOWN
    )
    past = [
        slug
        for slug, _ in named.most_common()
        if (day := first_day(view.taxonomy[slug].when)) and (today - day).days > 60
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


def first_day(when: str) -> date | None:
    """The day with which a text begins, as in 2019-06-30..2019-07-01; None: with no day."""
    try:
        return date.fromisoformat(when[:10])
    except ValueError:
        return None


def when_words(when: str, say: Language) -> str:
    """2018-06-12, 2000-06-13..2000-06-15, 2003-08..2009-04, 2024-10.. or 1991, as the page's
    readers write it; else as it stands."""
    first, span, last = when.partition("..")
    if (one := first_day(first)) and (other := first_day(last)):
        return say.days(one, other)
    begins, ends = _moment_words(first, say), _moment_words(last, say)
    if not begins:
        return when
    if span and not last:
        return say.gettext(N_("since %(moment)s")) % {"moment": begins}
    return begins + (f" – {ends}" if ends else "")


def _moment_words(moment: str, say: Language) -> str:
    """A day, a month or a year in words; "" when it is none."""
    if day := first_day(moment):
        return say.day(day)
    if month := first_day(f"{moment}-01") if len(moment) == 7 else None:
        return say.month(month)
    return moment if len(moment) == 4 and moment.isdigit() else ""


def proofs(view: View, tags: Iterable[Tagging]) -> tuple[Proof, ...]:
    """Each shown tag with the words that it rests on, the surest first."""
    found = []
    for tag in sorted(tags, key=lambda tag: (-tag.score, tag.slug)):
        if tag.score < SHOWN:
            continue
        method, _, rule = tag.method.partition(":")
        words = Counter(shown(proof.text, 80) for proof in tag.evidence)
        found.append(
            Proof(
                tag=named_tags(view, [tag.slug])[0],
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
    return shown(perspectives.publisher_of(item.feed), 80) or item.feed.id


def perspective_name(view: View, slug: str) -> str:
    return view.say(names.PERSPECTIVE.get(slug, slug.replace("-", " ")))


def named_tags(view: View, slugs: Sequence[str]) -> tuple[Tag, ...]:
    return tuple(Tag(slug=slug, label=view.label(slug)) for slug in slugs)


def counted_tags(view: View, counts: Iterable[tuple[str, int]]) -> list[Tag]:
    return [Tag(slug=s, label=view.label(s), count=n) for s, n in counts if n > 0]


def page_addresses(base: str, **asked: str) -> Callable[[int], str]:
    """Page of a list -> its address."""
    return lambda page: base + query_of(**asked, page=page if page > 1 else 0)


def days_chart(view: View, days: Sequence[tuple[str, int]]) -> Markup:
    return charts.days_svg(days if any(n for _, n in days) else (), view.language)


def differences(view: View, differs: Iterable[Difference]) -> list[tuple[str, list[Any]]]:
    return [
        (view.label(one.about), [(view.label(s.value), s.publishers) for s in one.sayings])
        for one in differs
    ]
