"""A frozen issue -> HTML and text of its letter, before they are made out to a reader."""

from __future__ import annotations

from dataclasses import dataclass, replace

import css_inline
import jinja2

from aggregator.errors import TemplateError
from aggregator.model import Issue, IssueStory
from aggregator.render import charts
from aggregator.render.links import digest_path
from aggregator.render.templates import TagNames, render
from aggregator.rules import MailRules, Site
from aggregator.steps.periods import span
from aggregator.steps.perspectives import GROUPS

WANTED_BYTES = 90_000
"""Gmail cuts a letter off near 102 KB; past this, stories go to the web copy."""
MOST_BYTES = 100_000
_LABELS = {group.slug: group.label for group in GROUPS}
_DOUBTFUL = ("c-hypothetical", "c-reported-anon", "c-negated")
"""Said beside the headline. That somebody claims something, the headline mostly says itself."""
_PLACEHOLDER = "https://reader.invalid/unsubscribe"
"""Stands for the reader's own link until the letter is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One issue, rendered. `_PLACEHOLDER` stands where a reader's own link will."""

    html: str
    text: str

    def personal(self, unsubscribe_url: str) -> Body:
        """The same for one reader."""
        return Body(
            html=self.html.replace(_PLACEHOLDER, unsubscribe_url),
            text=self.text.replace(_PLACEHOLDER, unsubscribe_url),
        )


def body(
    issue: Issue, *, site: Site, mail: MailRules, env: jinja2.Environment, taxonomy: TagNames
) -> Body:
    """HTML (inlined) and text of an issue. Whole stories go from the end until it fits.

    Raises TemplateError when a template fails, or is so large that no issue fits.
    """
    total = sum(len(section.stories) for section in issue.sections)
    kept = total
    while True:
        values = _values(_with_stories(issue, kept), total - kept, site, mail, taxonomy)
        html = _inlined(render(env, "mail/digest.html", **values))
        size = len(html.encode())
        if size <= WANTED_BYTES or kept == 0:
            break
        # Too many by this share at least; one fewer in any case.
        kept = min(kept - 1, kept * WANTED_BYTES // size)
    if size > MOST_BYTES:
        raise TemplateError(
            f"mail/digest.html: {size:,} bytes without a single section, more than {MOST_BYTES:,}: "
            "mail programs would cut it off; shorten the template"
        )
    return Body(html=html, text=render(env, "mail/digest.txt", **values))


# ── body ─────────────────────────────────────────────────────────────────────────────────────────


def _values(
    issue: Issue, left_out: int, site: Site, mail: MailRules, taxonomy: TagNames
) -> dict[str, object]:
    return {
        "issue": issue,
        "left_out": left_out,
        "site": site,
        "mail": mail,
        "label": taxonomy.label,
        "doubtful": _DOUBTFUL,
        "labels": _LABELS,
        "span": span(issue.period),
        "target": _target,
        "capitals": charts.capitals,
        "in_words": charts.coverage_in_words,
        "days": charts.day_bars(issue.days),
        "day_words": charts.days_in_words(issue.days),
        "web_url": site.url + digest_path(issue.period.name),
        "unsubscribe_url": _PLACEHOLDER,
    }


def _target(story: IssueStory) -> str:
    """The report whose headline the story bears, else the first one."""
    own = next((item for item in story.items if item.title == story.title), story.first)
    return own.url


def _with_stories(issue: Issue, kept: int) -> Issue:
    """The issue with the first `kept` stories of its sections."""
    sections = []
    for section in issue.sections:
        sections.append(replace(section, stories=section.stories[: max(0, kept)]))
        kept -= len(section.stories)
    return replace(issue, sections=tuple(sections))


def _inlined(html: str) -> str:
    try:
        inlined: str = css_inline.inline(
            html, load_remote_stylesheets=False, minify_css=True, keep_at_rules=True
        )
    except css_inline.InlineError as error:
        raise TemplateError(f"mail/digest.html: its styles cannot be inlined: {error}") from error
    return inlined
