"""A frozen issue -> HTML and text of its letter, before they are made out to a reader."""

from __future__ import annotations

from dataclasses import dataclass, replace

import css_inline
import jinja2

from aggregator.errors import TemplateError
from aggregator.model import Issue
from aggregator.render import charts
from aggregator.render.issues import View, subject
from aggregator.render.language import Language
from aggregator.render.links import digest_path
from aggregator.render.templates import TagNames, render
from aggregator.rules import MailRules, Site, Theme
from aggregator.steps.digest import editions

WANTED_BYTES = 90_000
"""Gmail cuts a letter off near 102 KB; past this, stories go to the web copy."""
MOST_BYTES = 100_000
UNSUBSCRIBE = "https://reader.invalid/unsubscribe"
PREFERENCES = "https://reader.invalid/preferences"
"""Stand for the reader's own links until the letter is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One edition, rendered. UNSUBSCRIBE and PREFERENCES stand where a reader's own links will."""

    subject: str
    html: str
    text: str

    def personal(self, unsubscribe_url: str, preferences_url: str) -> Body:
        """The same for one reader."""

        def made(text: str) -> str:
            return text.replace(UNSUBSCRIBE, unsubscribe_url).replace(PREFERENCES, preferences_url)

        return Body(subject=self.subject, html=made(self.html), text=made(self.text))


def body(
    issue: Issue,
    *,
    site: Site,
    mail: MailRules,
    theme: Theme,
    env: jinja2.Environment,
    say: Language,
    taxonomy: TagNames,
) -> Body:
    """HTML (inlined) and text of an edition, within the limits of a letter. Whole stories go from
    the end until it fits.

    `env` speaks `say`, the language of the edition. Raises TemplateError when a template fails, or
    is so large that no issue fits.
    """
    short = editions.finishable(issue)
    kept = sum(len(section.stories) for section in short.sections)
    while True:
        values = _values(_with_stories(short, kept), site, mail, theme, say, taxonomy)
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
    text = render(env, "mail/digest.txt", **values)
    return Body(subject=subject(issue, say), html=html, text=text)


def _values(
    issue: Issue, site: Site, mail: MailRules, theme: Theme, say: Language, taxonomy: TagNames
) -> dict[str, object]:
    return {
        "issue": issue,
        "view": View(issue=issue, say=say, taxonomy=taxonomy),
        "subject": subject(issue, say),
        "left_out": sum(section.more for section in issue.sections),
        "site": site,
        "mail": mail,
        "theme": theme,
        "cells": charts.capitals(issue.coverage, issue.ledger.heard or None, say),
        "in_words": charts.coverage_in_words(issue.coverage, issue.ledger.heard or None, say),
        "days": charts.day_bars(issue.days, say),
        "day_words": charts.days_in_words(issue.days, say),
        "web_url": site.url + digest_path(issue.period.name),
        "unsubscribe_url": UNSUBSCRIBE,
        "preferences_url": PREFERENCES,
    }


def _with_stories(issue: Issue, kept: int) -> Issue:
    """The issue with the first `kept` stories of its sections."""
    sections = []
    for section in issue.sections:
        stories = section.stories[: max(0, kept)]
        more = section.more + len(section.stories) - len(stories)
        sections.append(replace(section, stories=stories, more=more))
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
