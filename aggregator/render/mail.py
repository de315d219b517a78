"""A frozen issue and its reader -> a finished letter. Every byte of it is decided here.

An issue is rendered once (`body`); a letter adds the reader's own links and the headers. These are
written by hand: `email.message` turns a List-Unsubscribe of more than 78 characters into an
encoded-word, which no mail client follows.
"""

from __future__ import annotations

import base64
import hashlib
import quopri
from dataclasses import dataclass, replace
from email.header import Header
from email.utils import format_datetime, quote
from urllib.parse import urlsplit

import css_inline
import jinja2

from aggregator.errors import TemplateError
from aggregator.model import Issue, IssueStory, Mail, Subscriber
from aggregator.render import charts
from aggregator.render.links import digest_path
from aggregator.render.safe import shown
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


def letter(
    issue: Issue, made: Body, subscriber: Subscriber, *, site: Site, mail: MailRules, token: str
) -> Mail:
    """The letter of one reader; the same values give the same bytes. `token` opens their links."""
    sender = address(site, mail)
    host = sender.rpartition("@")[2]
    mail_id = f"{issue.period.name}.{subscriber.id}"
    unsubscribe = f"{site.url}/unsubscribe/{token}"
    own = made.personal(unsubscribe)
    boundary = f"=_{hashlib.sha256(mail_id.encode()).hexdigest()[:32]}"
    headers = [
        ("From", f"{_phrase('From', mail.sender_name or site.title)} <{sender}>"),
        ("To", f"<{_line(subscriber.address)}>"),
        ("Subject", _words("Subject", shown(issue.subject, 200))),
        ("Date", format_datetime(issue.composed_at)),
        ("Message-ID", f"<{mail_id}@{host}>"),
        ("List-Id", f"{_phrase('List-Id', site.title)} <digest.{host}>"),
        ("List-Archive", f"<{site.url}/digests/>"),
        ("List-Unsubscribe", f"<{unsubscribe}>,\r\n <mailto:{sender}?subject=unsubscribe>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Feedback-ID", f"{issue.period.name}:digest:weekly:{host.replace('.', '-')}"),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
    ]
    if mail.reply_to:
        headers.insert(2, ("Reply-To", f"<{_line(mail.reply_to)}>"))
    parts = [_part("text/plain", own.text, boundary), _part("text/html", own.html, boundary)]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    message = head.encode() + b"\r\n" + b"".join(parts) + f"--{boundary}--\r\n".encode()
    return Mail(id=mail_id, sender=sender, recipient=subscriber.address, message=message)


def address(site: Site, mail: MailRules) -> str:
    """The address in From."""
    if mail.sender:
        return _line(mail.sender)
    host = urlsplit(site.url).hostname or "localhost"
    return f"digest@{host if any(c.isalpha() for c in host) and ':' not in host else 'localhost'}"


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


# ── MIME ─────────────────────────────────────────────────────────────────────────────────────────


def _part(media_type: str, text: str, boundary: str) -> bytes:
    """One part, in whichever coding is shorter: Korean is, in base64."""
    raw = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()
    in_base64 = base64.encodebytes(raw)
    # RFC 2045 section 6.7: "From " and a lone dot at a line's start are changed on the way.
    quoted = quopri.encodestring(raw.replace(b"\r\n", b"\n"))
    coding, coded = (
        ("base64", in_base64) if len(in_base64) <= len(quoted) else ("quoted-printable", quoted)
    )
    head = (
        f"--{boundary}\r\nContent-Type: {media_type}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {coding}\r\n\r\n"
    )
    return head.encode() + coded.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n"


def _line(text: str) -> str:
    """Nothing that could begin another header."""
    return "".join(c for c in text if c.isprintable()).strip()


def _words(name: str, text: str) -> str:
    """The value of an unstructured header: encoded-words of at most 75 characters where needed."""
    line = _line(text)
    if line.isascii() and len(name) + 2 + len(line) <= 76:
        return line
    charset = "us-ascii" if line.isascii() else "utf-8"
    return Header(line, charset, header_name=name, maxlinelen=76).encode(linesep="\r\n")


def _phrase(name: str, text: str) -> str:
    """A display name: quoted, or encoded when it is not ASCII."""
    line = _line(text)
    return f'"{quote(line)}"' if line.isascii() else _words(name, line)
