"""what is linked -> its address. Online, and relative between the files of a static copy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Addresses of everything the site shows, as seen from the page at `here`.

    Online they start with `base` (empty, or a prefix behind a proxy). With `static` they are
    relative file names, so that the copy works from any folder, from a disk too.
    """

    base: str = ""
    static: bool = False
    here: str = "/"

    def at(self, here: str) -> Links:
        """The same links, as seen from another page."""
        return replace(self, here=here)

    def to(self, path: str) -> str:
        """The address of a site path such as "/stories/abc"."""
        if not self.static:
            return self.base + path
        return "../" * (file_of(self.here).count("/")) + file_of(path)

    def front(self) -> str:
        return self.to("/")

    def story(self, story_id: str) -> str:
        return self.to(story_path(story_id))

    def tags(self) -> str:
        return self.to("/tags/")

    def tag(self, slug: str) -> str:
        return self.to(tag_path(slug))

    def digests(self) -> str:
        return self.to("/digests/")

    def digest(self, period: str) -> str:
        return self.to(digest_path(period))

    def sources(self) -> str:
        return self.to("/sources")

    def about(self) -> str:
        return self.to("/about")

    def atom(self) -> str:
        return self.to("/atom.xml")

    def stories_atom(self) -> str:
        return self.to("/stories.atom")

    def tag_atom(self, slug: str) -> str:
        return self.to(tag_path(slug) + "/atom.xml")

    def json(self) -> str:
        return self.to("/feed.json")

    def opml(self) -> str:
        return self.to("/opml.xml")

    def style(self) -> str:
        return self.to("/style.css")

    def icon(self) -> str:
        return self.to("/icon.svg")


def story_path(story_id: str) -> str:
    return "/stories/" + quote(story_id, safe="")


def article_path(article_id: str) -> str:
    return "/articles/" + quote(article_id, safe="")


def tag_path(slug: str) -> str:
    return "/tags/" + quote(slug, safe="")


def digest_path(period: str) -> str:
    return "/digests/" + quote(period, safe="")


def file_of(path: str) -> str:
    """The file of a static copy that holds the page at `path`: "/tags/x" -> "tags/x/index.html"."""
    inside = path.strip("/")
    if "." in inside.rsplit("/", 1)[-1]:
        return inside
    return f"{inside}/index.html" if inside else "index.html"
