"""a story, an issue -> the markup that feed readers show.

Readers throw styles and most attributes away: paragraphs, lists and links are all that is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from markupsafe import escape

from aggregator.model import Clause, Coverage, Difference, Issue, IssueStory, Item, Story
from aggregator.render import charts
from aggregator.render.language import ENGLISH
from aggregator.render.links import digest_path, story_path, tag_path
from aggregator.render.safe import headline, language_tag, shown, web_link
from aggregator.render.templates import TagNames, plural
from aggregator.rules import Site
from aggregator.steps import perspectives
from aggregator.steps.perspectives import GROUPS, group_of

MOST_HEADLINES = 20
"""Reports that a story's entry names; the others are on its page."""
_OURS = "en"
"""The language of what we say ourselves."""
_CAPITAL = {group.slug: group.label for group in GROUPS}


def story_html(
    story: Story,
    reports: Sequence[Item],
    cells: Sequence[charts.Cell],
    certainty: str,
    *,
    site: Site,
    taxonomy: TagNames,
) -> str:
    """Who reports from where, what is not sure, what differs, and the headlines.

    `reports`: earliest first. `cells`: as `charts.capitals` gives them.
    """
    page = site.url + story_path(story.id)
    tags = [
        _linked(site.url + tag_path(slug), shown(taxonomy.label(slug), 120)) for slug in story.tags
    ]
    return _block(
        [
            *_first(story, reports, page, site),
            *([_p(f"Certainty: {_e(shown(taxonomy.label(certainty)))}.")] if certainty else []),
            *_list("Who reports", _who(story, cells)),
            *_list("What sources differ on", [_differs(d, taxonomy) for d in story.differs]),
            *([_p("Tags: " + ", ".join(tags))] if tags else []),
            *_list("Headlines", _headlines(reports, page, site)),
        ]
    )


def issue_html(issue: Issue, counts: str, site: Site) -> str:
    """The lede with its sources, the leading stories, and the way to the rest."""
    page = site.url + digest_path(issue.period.name)
    return _block(
        [
            *(_p(_clause(clause)) for clause in issue.opening),
            *_list("Leading stories", [_leading(story, site) for story in issue.top]),
            _p(f"{_linked(page, 'The whole issue')}: {_e(counts)}."),
        ]
    )


def whereabouts(item: Item) -> str:
    """Who says it, and from which capital: Example Seoul Wire (Seoul)"""
    group = group_of(item.feed.perspective)
    return publisher_of(item) + (f" ({_CAPITAL[group]})" if group != "others" else "")


def told_by(reports: int, coverage: Sequence[Coverage], heard: Collection[str]) -> str:
    """5 reports: Seoul 3, first; Washington 2; silent: Tokyo."""
    count = plural(reports, "report")
    return f"{count}: {charts.coverage_in_words(coverage, heard)}" if coverage else f"{count}."


def publisher_of(item: Item) -> str:
    return shown(perspectives.publisher_of(item.feed), 80) or item.feed.id


# ── parts of a story ─────────────────────────────────────────────────────────────────────────────


def _first(story: Story, reports: Sequence[Item], page: str, site: Site) -> list[str]:
    if not reports:
        return []
    count, zone = _linked(page, plural(len(reports), "report")), site.timezone
    when = f"{ENGLISH.day(story.first_at, zone)}, {ENGLISH.clock(story.first_at, zone)} ({zone})"
    return [_p(f"{count}. First: {_e(whereabouts(reports[0]))}, {_e(when)}.")]


def _who(story: Story, cells: Sequence[charts.Cell]) -> list[str]:
    publishers = {one.group: one.publishers for one in story.coverage}
    told = [
        f"{_e(cell.words)} ({_names(publishers[cell.group])})"
        for cell in cells
        if cell.group in publishers
    ]
    silent = [cell.label for cell in cells if cell.state == "silent"]
    return told + ([_e("Silent: " + ", ".join(silent))] if silent else [])


def _differs(difference: Difference, taxonomy: TagNames) -> str:
    sayings = [
        f"{_e(shown(taxonomy.label(saying.value), 80))} ({_names(saying.publishers)})"
        for saying in difference.sayings
    ]
    return f"{_e(shown(taxonomy.label(difference.about)))}: {'; '.join(sayings)}"


def _headlines(reports: Sequence[Item], page: str, site: Site) -> list[str]:
    told = [
        _linked(web_link(i.article.url), headline(i.article.title), i.article.language)
        + _e(f" – {whereabouts(i)}, {ENGLISH.stamp(i.article.published_at, site.timezone)}")
        for i in reports[:MOST_HEADLINES]
    ]
    more = len(reports) - len(told)
    return told + ([_linked(page, plural(more, "more report"))] if more else [])


# ── parts of an issue ────────────────────────────────────────────────────────────────────────────


def _clause(clause: Clause) -> str:
    source = _linked(web_link(clause.url), shown(clause.publisher, 80) or "source")
    return f"{_e(shown(clause.text, 1000))} ({source})"


def _leading(story: IssueStory, site: Site) -> str:
    title = _linked(site.url + story_path(story.id), headline(story.title), story.language)
    # Whose silence meant something is not kept in an issue.
    return f"{title} – {_e(told_by(story.articles, story.coverage, ()))}"


# ── markup ───────────────────────────────────────────────────────────────────────────────────────


def _e(text: str) -> str:
    return str(escape(text))


def _p(markup: str) -> str:
    return f"<p>{markup}</p>"


def _list(heading: str, points: Sequence[str]) -> list[str]:
    if not points:
        return []
    inside = "".join(f"<li>{point}</li>" for point in points)
    return [f"<p><strong>{_e(heading)}</strong></p>", f"<ul>{inside}</ul>"]


def _block(parts: Iterable[str]) -> str:
    # With its own language: the entry has that of a headline, which may be a foreign one.
    return f'<div lang="{_OURS}">' + "\n".join(parts) + "</div>"


def _linked(url: str, text: str, language: str = "") -> str:
    tongue = language_tag(language)
    lang = f' lang="{tongue}"' if tongue else ""
    return f'<a href="{_e(url)}"{lang}>{_e(text)}</a>' if url else f"<span{lang}>{_e(text)}</span>"


def _names(publishers: Iterable[str]) -> str:
    return _e(", ".join(shown(name, 80) for name in publishers))
