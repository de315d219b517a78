"""folders -> a Jinja environment; template and values -> text. The only module that knows Jinja.

An operator's folder may replace any single template; all others stay ours.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import jinja2

import aggregator
from aggregator.errors import TemplateError
from aggregator.render.language import ENGLISH, Language
from aggregator.render.safe import headline, shown, web_link
from aggregator.steps.spans import span

_SUFFIXES = (".html", ".txt", ".css", ".svg")


class TagNames(Protocol):
    """What the views ask of a taxonomy."""

    def label(self, slug: str, language: str = "en") -> str:
        """The readable name of a tag; the slug itself when it is not known."""


def packaged() -> Path:
    """Our own templates: in an installed wheel inside the package, in a source tree beside it."""
    package = Path(aggregator.__file__).parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def environment(folders: Sequence[Path] = (), language: Language = ENGLISH) -> jinja2.Environment:
    """Templates from `folders` (first match wins), then ours, in one language. Raises TemplateError
    on a missing folder; a template's own faults show when it is rendered or checked."""
    for folder in folders:
        if not folder.is_dir():
            raise TemplateError(f"{folder}: there is no such folder of templates")
    env = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.FileSystemLoader(folder) for folder in (*folders, packaged())]
        ),
        autoescape=jinja2.select_autoescape(("html", "xml"), default_for_string=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    installed: Any = env  # the extension adds methods to it
    installed.install_gettext_translations(language.catalogue, newstyle=True)
    env.globals["language"] = language
    env.filters |= {
        "clock": language.clock,
        "day": language.day,
        "short_day": language.short_day,
        "weekday": language.weekday,
        "stamp": language.stamp,
        "iso": iso,
        "plural": plural,
        "headline": headline,
        "shown": shown,
        "span": span,
        "web_link": web_link,
    }
    return env


def render(env: jinja2.Environment, name: str, /, **values: Any) -> str:
    """The template `name` filled with `values`. Raises TemplateError naming file and line."""
    try:
        return env.get_template(name).render(values)
    except jinja2.TemplateNotFound as error:
        raise TemplateError(f"{error.name}: there is no such template") from error
    except jinja2.TemplateSyntaxError as error:
        raise _unreadable(error, name) from error
    except Exception as error:
        # Jinja rewrites the traceback so that the template's own lines are in it. Any fault of an
        # operator's template (a filter on the wrong type, a missing name) ends here.
        raise TemplateError(f"{_place(error, name)}: {error}") from error


def check(env: jinja2.Environment) -> None:
    """Read every template. Raises TemplateError for the first that cannot be."""
    for name in env.list_templates(extensions=[suffix.lstrip(".") for suffix in _SUFFIXES]):
        try:
            env.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            raise _unreadable(error, name) from error


def _unreadable(error: jinja2.TemplateSyntaxError, name: str) -> TemplateError:
    where = f"{error.filename or error.name or name}:{error.lineno}"
    return TemplateError(f"{where}: {error.message}")


def _place(error: Exception, name: str) -> str:
    # Python's own frames end in .py. Asking Jinja which files are templates would read them all,
    # and one that cannot be read would hide the fault that is to be named.
    frames = traceback.extract_tb(error.__traceback__)
    found = [f"{f.filename}:{f.lineno}" for f in frames if f.filename.endswith(_SUFFIXES)]
    return found[-1] if found else name


# ── filters ──────────────────────────────────────────────────────────────────────────────────────


def iso(moment: datetime) -> str:
    """For <time datetime>: 2019-06-30T05:05:00+00:00, to the second."""
    return moment.isoformat(timespec="seconds")


def plural(count: int, one: str, many: str = "") -> str:
    """1 report, 2 reports; 1,204 reports"""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
