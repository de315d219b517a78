"""stories, articles, tags, issues, feeds -> the pages of the site (templates/web)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import jinja2

from aggregator.model import (
    FeedHealth,
    FormerTitle,
    Issue,
    Item,
    Story,
    StoryItems,
)
from aggregator.render import charts, names
from aggregator.render.issues import View as IssueView
from aggregator.render.issues import subject
from aggregator.render.links import (
    article_path,
    digest_path,
    perspective_path,
    query_of,
    story_path,
    tag_path,
)
from aggregator.render.marked import Part, marked
from aggregator.render.safe import SNIPPET, headline
from aggregator.render.templates import render
from aggregator.render.views import (
    ONE_PAGE,
    SHOWN,
    Pager,
    Tag,
    View,
    background_of,
    backgrounds,
    card,
    counted_tags,
    days_chart,
    differences,
    first_day,
    named_tags,
    page_addresses,
    perspective_name,
    proofs,
    report,
    timeline,
    voices,
    when_words,
)
from aggregator.steps.digest.editions import edition
from aggregator.steps.health import worst_first
from aggregator.steps.perspectives import GROUPS, group_of, listened


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
        top_tags=counted_tags(view, Counter(tag_counts or {}).most_common(16)),
        health=tuple(health),
        unreachable=[h for h in health if h.status == "failing"],
        issue=issue,
        subject=subject(issue, view.language) if issue else "",
        next_check=next_check,
        next_digest=next_digest,
        chart=days_chart(view, days),
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
        tags=named_tags(view, told.tags),
        # Only what no report tells as a fact is marked as a whole.
        certainty=view.label(certainty.most_common(1)[0][0])
        if certainty and not certainty["c-confirmed"]
        else "",
        voices=voices(view, each, shown_card.cells),
        silent=[cell.label for cell in shown_card.cells if cell.state == "silent"],
        unheard=[cell.label for cell in shown_card.cells if cell.state == "unheard"],
        differs=differences(view, told.differs),
        background=backgrounds(view, each),
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
        if tag.score >= SHOWN and tag.method != "implied"
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
        title=marked(item.article.title, evidence, "title")
        or (Part(text=headline(item.article.title)),),
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
    pager: Pager = ONE_PAGE,
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
        parents=named_tags(view, known.parents if known else ()),
        related=counted_tags(view, related),
        cards=[card(view, each, heard) for each in stories],
        reports=[report(view, item) for item in items],
        pager=pager,
        page_address=page_addresses(view.links.at(tag_path(slug)).tag(slug)),
        chart=days_chart(view, days),
    )


def tags(view: View, counts: Mapping[str, int]) -> str:
    """All tags that articles show, by kind and name, with their counts."""
    named = counted_tags(view, counts.items())
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
    pager: Pager = ONE_PAGE,
) -> str:
    """What one capital reports, or one kind of source. `health`: of its feeds only."""
    return view.page(
        "perspective.html",
        perspective_path(name),
        query_of(page=pager.page if pager.page > 1 else 0),
        name=name,
        label=view.say(names.GROUP[name]) if name in names.GROUP else perspective_name(view, name),
        group=name in names.GROUP,
        feeds=worst_first(sorted(health, key=lambda each: each.feed.title.casefold())),
        reports=[report(view, item) for item in items],
        pager=pager,
        page_address=page_addresses(view.links.at(perspective_path(name)).perspective(name)),
        chart=days_chart(view, days),
    )


def search(
    view: View,
    *,
    given: Mapping[str, str],
    items: Sequence[Item] = (),
    tag_counts: Mapping[str, int] | None = None,
    pager: Pager = ONE_PAGE,
    fault: str = "",
) -> str:
    """What was looked for, and what was found. `given`: the fields of the form, as they came."""
    known = counted_tags(view, Counter(tag_counts or {}).most_common(400))
    days = {name: first_day(given.get(name, "")) for name in ("since", "until")}
    return view.page(
        "search.html",
        "/search",
        query_of(**given, page=pager.page if pager.page > 1 else 0),
        given=given,
        # A field for a day takes nothing else, and browsers complain.
        days={name: day.isoformat() for name, day in days.items() if day},
        feed_query=query_of(**given),
        page_address=page_addresses(view.links.at("/search").search(), **given),
        tag_names=sorted(known, key=lambda tag: tag.label.casefold()),
        perspectives=[
            (
                group,
                view.say(group.label),
                [(p, perspective_name(view, p)) for p in group.perspectives],
            )
            for group in GROUPS
        ],
        speech=[(code, view.say(name)) for code, name in names.LANGUAGE.items()],
        reports=[report(view, item) for item in items],
        pager=pager,
        fault=view.say(fault),
    )


def digests(view: View, issues: Sequence[Issue], *, next_digest: datetime | None = None) -> str:
    """The archive of issues, latest first."""
    return view.page(
        "digests.html",
        "/digests/",
        issues=[(edition(i, view.language.code), subject(i, view.language)) for i in issues],
        next_digest=next_digest,
    )


def digest(view: View, issue: Issue) -> str:
    """The web copy of an issue: everything, also what the letter had to leave out."""
    issue = edition(issue, view.language.code)
    told = IssueView(issue=issue, say=view.language, taxonomy=view.taxonomy)
    return view.page(
        "digest.html",
        digest_path(issue.period.name),
        issue=issue,
        view=told,
        subject=subject(issue, view.language),
        cells=charts.capitals(issue.coverage, told.heard, view.language),
        chart=days_chart(view, issue.days),
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
    link: tuple[str, str] | None = None,
) -> str:
    """A page with a few sentences and, with `button`, a form that posts to `action`.

    `link`: an address that leads on, and its words.
    """
    return view.page(
        "message.html",
        here,
        None,
        heading=view.say(heading),
        paragraphs=[view.say(words) for words in paragraphs],
        action=action,
        button=view.say(button),
        link=(link[0], view.say(link[1])) if link else None,
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
