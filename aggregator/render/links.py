"""what is linked -> its address. Online, and relative between the files of a static copy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Addresses of everything the site shows, as seen from the page at `here`.

    Online they start with `base` (empty, or a prefix behind a proxy). With `static` they are
    relative file names, so that the copy works from any folder, from a disk too.
    """

    base: str = ""
    static: bool = False
    here: str = "/"
    """A site path, without the language."""
    language: str = ""
    """Pages are linked in this language; empty: in whatever the reader's browser asks for (online),
    in the site's own (static)."""
    linked: set[str] | None = field(default=None, compare=False)
    """Takes down each path that was linked, for whoever writes a copy."""

    def at(self, here: str) -> Links:
        """The same links, as seen from another page."""
        return replace(self, here=here)

    def to(self, path: str) -> str:
        """The address of a document that has no language, such as "/atom.xml"."""
        if not self.static:
            return self.base + path
        return "../" * file_of(in_language(self.here, self.language)).count("/") + file_of(path)

    def page(self, path: str) -> str:
        """The address of a page, such as "/stories/abc"."""
        if self.linked is not None:
            self.linked.add(path)
        return self.to(in_language(path, self.language))

    def here_in(self, language: str) -> str:
        """This very page in another language; empty: in the site's own (static)."""
        return self.to(in_language(self.here, language))

    def front(self) -> str:
        return self.page("/")

    def story(self, story_id: str) -> str:
        return self.page(story_path(story_id))

    def article(self, article_id: str) -> str:
        return self.page(article_path(article_id))

    def tags(self) -> str:
        return self.page("/tags/")

    def tag(self, slug: str) -> str:
        return self.page(tag_path(slug))

    def perspective(self, name: str) -> str:
        return self.page(perspective_path(name))

    def digests(self) -> str:
        return self.page("/digests/")

    def digest(self, period: str) -> str:
        return self.page(digest_path(period))

    def search(self, **asked: str | int) -> str:
        """The search page, with what is asked for: only what is not empty."""
        return self.page("/search") + query_of(**asked)

    def sources(self) -> str:
        return self.page("/sources")

    def about(self) -> str:
        return self.page("/about")

    def feed(self, path: str) -> str:
        """A feed or another document without a language."""
        if self.linked is not None:
            self.linked.add(path)
        return self.to(path)

    def style(self) -> str:
        return self.to("/style.css")

    def icon(self) -> str:
        return self.to("/icon.svg")


def query_of(**asked: str | int) -> str:
    """?q=…&page=2, or nothing."""
    given = {name: value for name, value in asked.items() if value}
    return "?" + urlencode(given) if given else ""


def in_language(path: str, language: str) -> str:
    """/ko/tags/x"""
    return f"/{language}{path}" if language else path


def story_path(story_id: str) -> str:
    return "/stories/" + quote(story_id, safe="")


def article_path(article_id: str) -> str:
    return "/articles/" + quote(article_id, safe="")


def tag_path(slug: str) -> str:
    return "/tags/" + quote(slug, safe="")


def perspective_path(name: str) -> str:
    return "/perspectives/" + quote(name, safe="")


def digest_path(period: str) -> str:
    return "/digests/" + quote(period, safe="")


def archive_path(day: str) -> str:
    """One complete day (UTC) of articles, "2019-06-30"."""
    return f"/archive/{quote(day, safe='')}.atom"


def file_of(path: str) -> str:
    """The file of a static copy that holds the page at `path`: "/tags/x" -> "tags/x/index.html"."""
    inside = path.strip("/")
    if "." in inside.rsplit("/", 1)[-1]:
        return inside
    return f"{inside}/index.html" if inside else "index.html"
