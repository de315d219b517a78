"""Templates: an operator may replace any single one, and is told where a fault is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from aggregator.errors import TemplateError
from aggregator.render import pages
from aggregator.render.language import ENGLISH
from aggregator.render.templates import (
    environment,
    iso,
    packaged,
    plural,
    render,
)
from aggregator.render.views import View
from tests.render import sample


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        path = tmp_path / "web" / f"{name}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def view(*folders: Path) -> View:
    return View(env=environment(folders), site=sample.SITE, taxonomy=sample.TAXONOMY)


# ── an operator's folder ─────────────────────────────────────────────────────────────────────────


def test_a_folder_overrides_one_template_and_no_other(tmp_path: Path) -> None:
    mine = view(folder(tmp_path, about="<h1>Ours, on {{ site.url }}</h1>"))
    assert pages.about(mine) == "<h1>Ours, on https://news.example.org</h1>"
    assert pages.tags(mine, {}) == pages.tags(view(), {})


def test_an_override_may_extend_our_frame(tmp_path: Path) -> None:
    text = '{% extends "web/_page.html" %}{% block main %}<h1>Mine</h1>{% endblock %}'
    html = pages.not_found(view(folder(tmp_path, not_found=text)))
    assert "<h1>Mine</h1>" in html
    assert "Skip to the content" in html


def test_the_first_folder_wins(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    folder(one, about="one")
    folder(two, about="two", tags="two")
    both = view(one, two)
    assert (pages.about(both), pages.tags(both, {})) == ("one", "two")


def test_values_are_escaped_in_an_override_too(tmp_path: Path) -> None:
    mine = view(folder(tmp_path, message="{{ heading }}"))
    html = pages.message(mine, here="/x", heading="<script>", paragraphs=())
    assert html == "&lt;script&gt;"


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="nowhere: there is no such folder of templates"):
        environment([tmp_path / "nowhere"])


# ── faults ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("<h1>\n{% if %}\n", 2, "Expected an expression"),
        ("<h1>\n\n{{ no_such_name }}\n", 3, "'no_such_name' is undefined"),
        ("{{ feeds | no_such_filter }}", 1, "No filter named 'no_such_filter'"),
        ("\n{{ feeds.nothing.at_all }}", 2, "has no attribute 'nothing'"),
        ("\n\n\n{{ 1 / 0 }}", 4, "division by zero"),
        ("\n{{ site.title | clock('UTC') }}", 2, "astimezone"),
    ],
)
def test_a_fault_is_told_with_file_and_line(
    tmp_path: Path, text: str, line: int, sentence: str
) -> None:
    mine = view(folder(tmp_path, about=text))
    with pytest.raises(TemplateError) as caught:
        pages.about(mine)
    assert str(caught.value).startswith(f"{tmp_path}/web/about.html:{line}: ")
    assert sentence in str(caught.value)


def test_a_fault_in_an_included_template_names_that_one(tmp_path: Path) -> None:
    mine = view(folder(tmp_path, about='{% include "web/foot.html" %}', foot="\n{{ nothing }}"))
    with pytest.raises(TemplateError, match=r"web/foot\.html:2: 'nothing' is undefined"):
        pages.about(mine)


def test_another_faulty_template_does_not_hide_the_fault(tmp_path: Path) -> None:
    mine = view(folder(tmp_path, about="{{ nothing }}", tags="{% if %}"))
    with pytest.raises(TemplateError, match=r"web/about\.html:1: 'nothing' is undefined"):
        pages.about(mine)


def test_a_fault_in_the_style_sheet_is_told_with_file_and_line(tmp_path: Path) -> None:
    folder(tmp_path, about="")
    (tmp_path / "web" / "style.css").write_text("a {}\n{{ nothing }}\n", encoding="utf-8")
    with pytest.raises(TemplateError, match=r"web/style\.css:2: 'nothing' is undefined"):
        pages.stylesheet(environment([tmp_path]))


def test_a_template_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    folder(tmp_path, about="")
    (tmp_path / "web" / "about.html").write_bytes(b"caf\xe9")
    with pytest.raises(TemplateError, match=r"web/about\.html: .*utf-8"):
        pages.about(view(tmp_path))


def test_a_template_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"web/none\.html: there is no such template"):
        render(environment(), "web/none.html")
    mine = view(folder(tmp_path, about='{% include "web/none.html" %}'))
    with pytest.raises(TemplateError, match=r"web/none\.html: there is no such template"):
        pages.about(mine)


@pytest.mark.parametrize("name", ["../pyproject.toml", "/etc/hostname", "web/../../README.md"])
def test_no_template_lies_outside_the_folders(name: str) -> None:
    with pytest.raises(TemplateError, match="there is no such template"):
        render(environment(), name)


def test_each_of_our_templates_compiles() -> None:
    env = environment()
    names = env.list_templates()
    assert {"web/front.html", "web/style.css", "mail/digest.html"} <= set(names)
    assert packaged().is_dir()
    for name in names:
        env.get_template(name)


# ── filters ──────────────────────────────────────────────────────────────────────────────────────

LATE = datetime(2019, 6, 30, 15, 5, 9, 123, tzinfo=UTC)


def test_times_are_shown_in_the_zone() -> None:
    assert (ENGLISH.clock(LATE, "UTC"), ENGLISH.clock(LATE, "Asia/Seoul")) == ("15:05", "00:05")
    assert (ENGLISH.day(LATE), ENGLISH.day(LATE, "Asia/Seoul")) == ("30 June 2019", "1 July 2019")
    assert (ENGLISH.weekday(LATE), ENGLISH.weekday(LATE, "Asia/Seoul")) == ("Sun", "Mon")
    assert ENGLISH.stamp(LATE, "Asia/Seoul") == "1 Jul 00:05"
    assert iso(LATE) == "2019-06-30T15:05:09+00:00"
    assert (ENGLISH.day(date(2019, 2, 1)), ENGLISH.weekday(date(2019, 2, 1))) == (
        "1 February 2019",
        "Fri",
    )


def test_plural() -> None:
    assert [plural(n, "report") for n in (0, 1, 2, 1204)] == [
        "0 reports",
        "1 report",
        "2 reports",
        "1,204 reports",
    ]
    assert plural(2, "story", "stories") == "2 stories"
