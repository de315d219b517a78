"""The letter: what mail programs, mail servers and strangers' headlines do to it."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Sequence
from dataclasses import replace
from email.header import decode_header
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import TemplateError
from aggregator.model import Clause, Correction, Issue, Mail, Quotation
from aggregator.render import mail
from aggregator.render.language import languages
from aggregator.render.letter import letter, made_out
from aggregator.render.templates import environment
from aggregator.rules import MailRules, Site, Theme
from aggregator.steps.digest.editions import edition
from tests.render import sample

LANGUAGES = languages()
THEME = Theme()
PREFERENCES = "reader1.cHJlZg=="
RULES = MailRules()
NAMES = sample.Names()
TOKEN = "reader1.c2VjcmV0"


def body_of(
    issue: Issue,
    site: Site = sample.SITE,
    rules: MailRules = RULES,
    *,
    language: str = "en",
    theme: Theme = THEME,
    folders: Sequence[Path] = (),
) -> mail.Body:
    say = LANGUAGES[language]
    return mail.body(
        edition(issue, language),
        site=site,
        mail=rules,
        theme=theme,
        env=environment(folders, say),
        say=say,
        taxonomy=NAMES,
    )


def made(issue: Issue, site: Site = sample.SITE, rules: MailRules = RULES) -> Mail:
    body = body_of(issue, site, rules)
    return made_out(
        letter(issue, body, site=site, mail=rules),
        sample.READER,
        unsubscribe=f"{site.url}/unsubscribe/{TOKEN}",
        preferences=f"{site.url}/preferences/{PREFERENCES}",
    )


def read(letter: Mail) -> EmailMessage:
    message = email.message_from_bytes(letter.message, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(letter: Mail, subtype: str) -> str:
    found = read(letter).get_body((subtype,))
    assert found is not None
    content: str = found.get_content()
    return content


def raw_headers(letter: Mail) -> str:
    return letter.message.partition(b"\r\n\r\n")[0].decode("ascii")


ISSUE = sample.issue()
LETTER = made(ISSUE)


# ── headers ──────────────────────────────────────────────────────────────────────────────────────


@given(st.text(max_size=400))
@settings(max_examples=20, deadline=None)
def test_no_subject_adds_a_header_or_a_long_line(subject: str) -> None:
    letter = made(replace(ISSUE, title=subject + "\r\nBcc: everybody@example.org"))
    assert read(letter)["Bcc"] is None
    for line in raw_headers(letter).split("\r\n"):
        assert len(line) <= 998
        for word in re.findall(r"=\?[^?]+\?[^?]\?[^?]*\?=", line):
            assert len(word) <= 75
            decode_header(word)[0][0].decode("utf-8")


def test_a_korean_subject_survives() -> None:
    title = "한반도 외교 다이제스트: 판문점 회동과 그 뒤의 일주일"
    found = read(made(replace(ISSUE, title=title)))["Subject"]
    assert found == f"{title} · 24–30 Jun 2019 · 7 stories, 24 articles"


def test_sender_settings_are_used() -> None:
    rules = MailRules(sender="desk@example.org", sender_name="데스크", reply_to="re@example.org")
    message = read(made(ISSUE, rules=rules))
    assert message["From"] == "데스크 <desk@example.org>"
    assert message["Reply-To"] == "re@example.org"


# ── body ─────────────────────────────────────────────────────────────────────────────────────────


def test_text_first_then_html_in_utf8_with_crlf_only() -> None:
    parts = list(read(LETTER).iter_parts())
    assert [p.get_content_type() for p in parts] == ["text/plain", "text/html"]
    assert b"\n" not in LETTER.message.replace(b"\r\n", b"")
    assert max(len(line) for line in LETTER.message.split(b"\r\n")) <= 998


def test_16_the_text_holds_every_headline_link_and_the_unsubscribe_link() -> None:
    text, html = part(LETTER, "plain"), part(LETTER, "html")
    stories = [*ISSUE.top, *(s for section in ISSUE.sections for s in section.stories)]
    told = [story.title for story in stories if story.title in html]
    assert len(told) >= 5
    assert [title for title in told if title not in text] == []
    shown = {u.replace("&amp;", "&") for u in re.findall(r'href="(https?://[^"]+)"', html)}
    web = f"{sample.SITE.url}/digests/2019-W26"
    assert {u for u in shown if u not in text} <= {
        *(f"{sample.SITE.url}/stories/{story.id}" for story in stories),
        *(f"{web}#{figure.slug}" for figure in ISSUE.figures),
    }
    assert f"{sample.SITE.url}/preferences/{PREFERENCES}" in text
    assert f"{sample.SITE.url}/unsubscribe/{TOKEN}" in text
    assert f"{sample.SITE.url}/unsubscribe/{TOKEN}" in html
    assert "reader.invalid" not in text + html


def test_17_forty_stories_fit_and_korean_is_not_written_as_entities() -> None:
    issue = sample.issue(stories=40)
    body = body_of(issue)
    assert len(body.html.encode()) <= mail.WANTED_BYTES
    assert "on the web" in body.html
    assert "&#" not in re.sub(r"&#(34|39|43);", "", body.html)


def test_17_what_does_not_fit_is_left_to_the_web_copy() -> None:
    issue = sample.issue(stories=200)
    body = body_of(issue)
    assert len(body.html.encode()) <= mail.WANTED_BYTES
    assert re.search(r"\d+ more on the web", body.html)
    assert re.search(r"\d+ more on the web", body.text)


def test_36_layout_tables_say_so_and_items_name_their_language() -> None:
    html = part(LETTER, "html")
    tables = re.findall(r"<table[^>]*>", html)
    assert tables
    assert all('role="presentation"' in table for table in tables)
    assert html.count("<h1") == 1
    assert 'lang="ko"' in html
    assert "<!--[if mso]>" in html
    assert "prefers-color-scheme: dark" in html
    assert not re.search(r"<img|<script|<form|http-equiv|@import|url\(", html)


def test_an_empty_week_says_so() -> None:
    empty = replace(ISSUE, top=(), sections=(), opening=(), figures=(), analysis=())
    assert "No story reached us." in part(made(empty), "plain")


def test_a_week_of_claims_says_that_nothing_is_confirmed() -> None:
    claimed = replace(ISSUE, top=tuple(replace(s, certainty="c-claimed") for s in ISSUE.top))
    said = "None of the leading stories is confirmed so far"
    assert said in part(made(claimed), "plain")
    assert said not in part(LETTER, "plain")


HOSTILE = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "{{ 7 * 7 }}{% for x in y %}",
            "\u202egnp.exe\u2066",
            "A" * 10_000,
            "\r\nBcc: everybody@example.org",
            "-->]]><![endif]-->",
            mail.UNSUBSCRIBE,
        ]
    ),
)


@given(HOSTILE, HOSTILE, st.sampled_from(["javascript:alert(1)", "data:text/html,x", "http://["]))
@settings(max_examples=25, deadline=None)
def test_39_hostile_headlines_break_nothing(title: str, summary: str, url: str) -> None:
    first = ISSUE.top[0]
    item = replace(first.first, title=title, summary=summary, url=url, publisher=title)
    story = replace(first, title=title, what=summary, what_source=title, first=item, items=(item,))
    issue = replace(
        ISSUE,
        top=(story,),
        opening=(Clause(text=summary, language="en", url=url, publisher=title),),
        quotations=(Quotation(words=summary, item=item),),
        analysis=(item,),
        ritual=(item,),
        corrections=(Correction(was=summary, current=title, item=item, period="2019-W25"),),
    )
    letter = made(issue)
    html = part(letter, "html")
    assert not re.search(r"<script|<img|javascript:|data:text", html.replace("&lt;", "‹"))
    assert "\u202e" not in html
    assert html.count("<h1") == 1
    assert html.rstrip().endswith("</html>")
    assert read(letter)["Bcc"] is None


def test_a_broken_template_names_its_file(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "mail").mkdir()
    (folder / "mail/digest.txt").write_text("one\n{{ nobody.knows }}\n", "utf-8")
    with pytest.raises(TemplateError, match=r"mail/digest\.txt:2"):
        body_of(ISSUE, folders=[folder])
