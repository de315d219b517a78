"""The values of the taxonomy: tags, their aliases and offices, and the named rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

FACETS: Final = (
    "actor",
    "state",
    "org",
    "place",
    "event",
    "topic",
    "genre",
    "stance",
    "certainty",
)
"""What a tag is about; the last three are set by other means than the matcher."""
MATCHED: Final = frozenset({"actor", "state", "org", "place", "event", "topic"})
"""Facets whose aliases are looked for in texts."""
LANGUAGES: Final = ("en", "ko", "ja", "zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weak:
    """An alias that fires only through its named rule."""

    alias: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A dated office. Dates are ISO, possibly only year or month; empty: open or not known.

    `source`: "S" a stored source names it, "K" background knowledge, to be confirmed.
    """

    office: str
    start: str = ""
    end: str = ""
    source: str = "K"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag, as its file has it. `README.md` beside the files explains each key."""

    slug: str
    facet: str
    labels: Mapping[str, str]
    strong: tuple[str, ...] = ()
    """Aliases that fire alone, labels included."""
    weak: tuple[Weak, ...] = ()
    vocabulary: tuple[str, ...] = ()
    """What DPRK media say for it; an alias only in their own texts."""
    parents: tuple[str, ...] = ()
    anchor: bool = False
    """The tag alone makes an article relevant."""
    glued: bool = False
    """The names need no word boundary on the left ("ComradeKim Jong Un")."""
    excepts: tuple[str, ...] = ()
    """Regular expressions; what they cover is blanked out for this tag."""
    weight: float = 1.0
    """Importance for ranking, 0 to 3."""
    when: str = ""
    date_gate: str = ""
    offices: tuple[Office, ...] = ()
    note: str = ""
    source: str = ""
    """The file that the tag was read from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a weak alias fires. All conditions that are set must hold; none set: it never does.

    The patterns look at the normal form of the text. `near` is the sentence of the alias (in a
    title, all of it).
    """

    name: str
    text: str
    alias: str = ""
    example: str = ""
    never: bool = False
    """Its aliases are listed so that nobody adds them; none of them fires by it."""
    weight: float = 0.5
    """What a hit counts, against 1.0 of a strong alias."""
    languages: tuple[str, ...] = ()
    headline: bool = False
    """Only in titles and summaries."""
    before: str = ""
    """Must match right before the alias."""
    after: str = ""
    """Must match right after the alias."""
    not_before: str = ""
    not_after: str = ""
    near: str = ""
    """Must occur in the same sentence."""
    not_near: str = ""
    korea: str = ""
    """Where a Korea alias must be: "near" (same sentence) or "document"; "dprk": near, and of the
    DPRK. A korea-specific feed stands in for it with half the weight."""
    since: str = ""
    """ISO day from which on the alias has this meaning."""
    dated: bool = False
    """Only of an event that was in those weeks, or whose year the sentence names."""
    in_office: bool = False
    """Only while the person holds one of their offices."""
    perspectives: tuple[str, ...] = ()
    """Beginnings of the feed's perspective, one of which must fit."""

    @property
    def declared(self) -> bool:
        """Whether any condition is set."""
        return bool(
            self.before
            or self.after
            or self.not_before
            or self.not_after
            or self.near
            or self.not_near
            or self.korea
            or self.perspectives
            or self.in_office
            or self.dated
            or self.since
            or self.languages
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A relation tag that follows from actors named together in one title or sentence."""

    tag: str
    all: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words that speak for or against relevance in a title."""

    name: str
    pattern: re.Pattern[str]
    cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """What sources of one story may tell differently."""

    slug: str
    labels: Mapping[str, str]
    tags: tuple[str, ...] = ()
    """Kinds or certainties that exclude each other."""
    counted: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    """Language -> where a number of it stands; the first group that matched is the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anniversary:
    """A day that comes back every year."""

    month: int
    day: int
    names: Mapping[str, str]
    """Language -> what it is."""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Taxonomy(Mapping[str, Tag]):
    """Slug -> Tag, with the rules. Compared and hashed by identity."""

    tags: Mapping[str, Tag]
    rules: Mapping[str, Rule]
    words: Mapping[str, Words]
    """ "matter", "contact" and "home" of the relevance gate."""
    gates: tuple[Words, ...] = ()
    pairs: tuple[Pair, ...] = ()
    concepts: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """What happens: concept -> language -> words, for telling events apart and together."""
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What the steps learned from labelled articles: question -> feature -> weight."""
    contrasts: Mapping[str, Contrast] = field(default_factory=dict)
    background: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Slug of a tag -> language -> what the event was and what became of it."""
    anniversaries: tuple[Anniversary, ...] = ()
    version: str = ""

    def __getitem__(self, slug: str) -> Tag:
        return self.tags[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tags)

    def __len__(self) -> int:
        return len(self.tags)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def label(self, slug: str, language: str = "en") -> str:
        """The name of a tag or contrast in a language, else in English, else the slug itself."""
        named = self.tags.get(slug) or self.contrasts.get(slug)
        if named is None:
            return slug
        return named.labels.get(language) or named.labels.get("en") or slug
