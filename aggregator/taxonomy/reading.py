"""One taxonomy file -> tags or rules, with errors that name file, line, slug and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aggregator.errors import ConfigError
from aggregator.taxonomy.model import (
    FACETS,
    LANGUAGES,
    Anniversary,
    Contrast,
    Office,
    Pair,
    Rule,
    Tag,
    Weak,
    Words,
)

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_TABLE = re.compile(r"\[?[\"']?[\w.-]+[\"']?(\]|:)")
_DATE = re.compile(r"(\d{4}(-\d\d(-\d\d)?)?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file's text and what it says."""

    name: str
    text: str
    data: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, text: str) -> Source:
        """Parse TOML (by the file's ending) or YAML. Raises ConfigError."""
        parse = _toml if name.endswith(".toml") else _yaml
        data = parse(name, text)
        if not isinstance(data, Mapping):
            raise ConfigError((f"{name}: expected tags by slug, found {_kind(data)}",))
        return cls(name=name, text=text, data=data)

    def at(self, slug: str, key: str = "") -> str:
        """ "file:line: slug: key" of a place in the text, for an error."""
        line = self.line(slug, key)
        place = f"{self.name}:{line}" if line else self.name
        return ": ".join(filter(None, (place, slug, key)))

    def line(self, slug: str, key: str = "", alias: str = "") -> int:
        """The line of an alias, else of its key, else of its table; 0 when there is none."""
        lines = self.text.splitlines()
        head = re.compile(rf"^\[?[\"']?{re.escape(slug)}[\"']?\s*[\]:]")
        found = next((i for i, line in enumerate(lines) if head.match(line)), None)
        if found is None:
            return 0
        table = found
        inner = re.compile(rf"^\s*[\"']?{re.escape(key)}[\"']?\s*[.=:]")
        for i in range(found + 1, len(lines)) if key else ():
            if inner.match(lines[i]):
                found = i
                break
            if _TABLE.match(lines[i]):
                break
        for i in range(found if found > table else table + 1, len(lines)) if alias else ():
            if i > table and _TABLE.match(lines[i]):
                break
            if alias in lines[i]:
                return i + 1
        return found + 1


def read_tags(
    source: Source, rules: Mapping[str, Rule], findings: list[str], *, facet: str = ""
) -> dict[str, Tag]:
    """The tags of one file; what is wrong goes to `findings`. `facet`: the file's own."""
    tags: dict[str, Tag] = {}
    for slug, raw in source.data.items():
        before = len(findings)
        reader = _Reader(source, str(slug), raw, findings)
        tag = reader.tag(facet, rules)
        if len(findings) == before and tag is not None:
            tags[tag.slug] = tag
    return tags


def read_rules(source: Source) -> tuple[dict[str, Rule], tuple[Pair, ...], str]:
    """Named rules, pair rules and the version of the shipped rules file."""
    rules: dict[str, Rule] = {}
    for name, raw in source.data.get("rule", {}).items():
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}
        if values.get("korea", "near") not in ("near", "document", "dprk"):
            raise ConfigError((f'{source.name}: rule.{name}: korea: "near", "document" or "dprk"',))
        try:
            rules[name] = Rule(name=name, **values)
        except TypeError as error:
            raise ConfigError((f"{source.name}: rule.{name}: {error}",)) from None
        for key in ("before", "after", "not_before", "not_after", "near", "not_near"):
            _pattern(values.get(key, ""), f"{source.name}: rule.{name}: {key}")
    pairs = tuple(
        Pair(tag=raw["tag"], all=tuple(raw["all"]), note=raw.get("note", ""))
        for raw in source.data.get("pair", ())
    )
    return rules, pairs, str(source.data.get("version", ""))


def read_words(source: Source) -> tuple[dict[str, Words], tuple[Words, ...]]:
    """The words of the relevance gate, and its gates."""

    def words(name: str, raw: Mapping[str, Any]) -> Words:
        latin, cjk = "|".join(raw["latin"]), "|".join(raw["cjk"])
        pattern = "|".join(filter(None, (rf"\b(?:{latin})\b" if latin else "", cjk)))
        try:
            compiled = re.compile(pattern, re.IGNORECASE)
        except re.error as error:
            raise ConfigError((f"{source.at(name)}: not a regular expression: {error}",)) from error
        return Words(name=name, pattern=compiled, cost=float(raw.get("cost", 0.0)))

    plain = {name: words(name, raw) for name, raw in source.data.items() if name != "gate"}
    return plain, tuple(words(name, raw) for name, raw in source.data["gate"].items())


def read_concepts(source: Source) -> dict[str, Mapping[str, tuple[str, ...]]]:
    """Concept -> language -> words; what happens in texts, in the languages of the sources."""
    return {
        name: MappingProxyType({code: tuple(words) for code, words in raw.items()})
        for name, raw in source.data.items()
    }


# At most twelve figures, and only from their start: in a title of nothing but figures the search
# would begin anew at each of them (1,000 took 67 ms).
_FIGURES = r"(?<![\d,.])\d[\d,]{0,11}(?:\.\d{1,3})?"
_NUMBER = {
    "en": rf"\b({_FIGURES}|one|two|three|four|five|six|seven|eight|nine|ten|a dozen)",
    "ko": rf"({_FIGURES}|한|두|세|네)",
    "ja": rf"({_FIGURES})",
    "zh": rf"({_FIGURES}|一|两|三|四)",
}
"""A number as the languages write it, for `counted` of contrasts.toml."""


def read_contrasts(source: Source) -> dict[str, Contrast]:
    """What sources may tell differently, by slug."""
    return {
        slug: Contrast(
            slug=slug,
            labels=MappingProxyType({code: raw[code] for code in LANGUAGES if code in raw}),
            tags=tuple(raw.get("tags", ())),
            counted=MappingProxyType(
                {
                    code: re.compile(pattern.format(n=_NUMBER[code]), re.IGNORECASE)
                    for code, pattern in raw.get("counted", {}).items()
                }
            ),
        )
        for slug, raw in source.data.items()
    }


def read_anniversaries(source: Source) -> tuple[Anniversary, ...]:
    """calendar.toml, by month and day."""
    days = [
        Anniversary(
            month=int(given["date"][:2]),
            day=int(given["date"][3:]),
            names={language: given[language] for language in LANGUAGES if language in given},
            tags=tuple(given["tags"]),
        )
        for given in source.data["day"]
    ]
    return tuple(sorted(days, key=lambda day: (day.month, day.day)))


def read_background(source: Source) -> dict[str, Mapping[str, str]]:
    """Slug of a tag -> language -> what its event was."""
    return {slug: MappingProxyType(dict(raw)) for slug, raw in source.data.items()}


def read_weights(source: Source) -> dict[str, Mapping[str, float]]:
    """Question -> feature -> weight, as learned from labelled articles."""
    return {
        name: MappingProxyType({key: float(value) for key, value in raw.items()})
        for name, raw in source.data.items()
    }


class _Reader:
    """One table of a file, key by key."""

    def __init__(self, source: Source, slug: str, raw: Any, findings: list[str]) -> None:
        self.source, self.slug, self.findings = source, slug, findings
        self.raw: dict[str, Any] = dict(raw) if isinstance(raw, Mapping) else {}
        if not _SLUG.fullmatch(slug):
            self.wrong("", "a slug has only a-z, 0-9 and -")
        if not isinstance(raw, Mapping):
            self.wrong("", f"expected keys and values, found {_kind(raw)}")

    def wrong(self, key: str, what: str) -> None:
        self.findings.append(f"{self.source.at(self.slug, key)}: {what}")

    def take(self, key: str, default: Any, fits: Callable[[Any], bool], expected: str) -> Any:
        if key not in self.raw:
            return default
        value = self.raw.pop(key)
        if fits(value):
            return value
        self.wrong(key, f"expected {expected}, found {_kind(value)}")
        return default

    def text(self, key: str) -> str:
        return str(self.take(key, "", lambda v: isinstance(v, str), "a text"))

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        return tuple(self.take(key, default, _is_texts, "a list of texts"))

    def flag(self, key: str) -> bool:
        return bool(self.take(key, False, lambda v: isinstance(v, bool), "true or false"))

    def weak(self, rules: Mapping[str, Rule]) -> tuple[Weak, ...]:
        def fits(value: Any) -> bool:
            return isinstance(value, Mapping) and all(_is_texts(v) for v in value.values())

        table = self.take("weak", {}, fits, "rules with lists of aliases")
        for rule in table:
            if rule not in rules:
                self.wrong("weak", f"no rule is called {rule!r}")
        return tuple(Weak(alias=a, rule=rule) for rule, aliases in table.items() for a in aliases)

    def offices(self) -> tuple[Office, ...]:
        def fits(value: Any) -> bool:
            known = {"from", "to", "office", "source"}
            return isinstance(value, list) and all(
                isinstance(row, Mapping) and "office" in row and known.issuperset(row)
                for row in value
            )

        expected = "rows with office and, if known, from, to, source"
        made = []
        for row in self.take("offices", [], fits, expected):
            start, end = str(row.get("from", "")), str(row.get("to", ""))
            if not (_DATE.fullmatch(start) and _DATE.fullmatch(end)):
                self.wrong(
                    "offices", f"expected dates such as 2025-06-04, found {start!r}, {end!r}"
                )
            elif end and end < start[: len(end)]:
                self.wrong("offices", f"{row['office']!r} ends ({end}) before it starts ({start})")
            source = str(row.get("source", "K"))
            made.append(Office(office=str(row["office"]), start=start, end=end, source=source))
        return tuple(made)

    def tag(self, facet: str, rules: Mapping[str, Rule]) -> Tag | None:
        own = self.text("facet") or facet
        if own not in FACETS:
            self.wrong("facet", f"expected one of {', '.join(FACETS)}, found {own!r}")
        labels = {code: label for code in LANGUAGES if (label := self.text(code))}
        if "en" not in labels:
            self.wrong("en", "every tag needs an English label")
        as_alias = self.texts("label_aliases", tuple(labels.values()))
        excepts = self.texts("except")
        for pattern in excepts:
            try:
                _pattern(pattern, "")
            except ConfigError:
                self.wrong("except", f"not a regular expression: {pattern}")
        weight = self.take("weight", 1.0, _is_weight, "a number from 0 to 3")
        made = Tag(
            slug=self.slug,
            facet=own,
            labels=MappingProxyType(labels),
            strong=tuple(dict.fromkeys(as_alias + self.texts("strong"))),
            weak=self.weak(rules),
            vocabulary=self.texts("vocabulary"),
            parents=self.texts("parents"),
            anchor=self.flag("anchor"),
            glued=self.flag("glued"),
            excepts=excepts,
            weight=float(weight),
            when=self.text("when"),
            date_gate=self.text("date_gate"),
            offices=self.offices(),
            note=self.text("note"),
            source=self.source.name,
        )
        for key in self.raw:
            self.wrong(str(key), "unknown key")
        return made


def _toml(name: str, text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError((f"{name}: {error}",)) from error


def _yaml(name: str, text: str) -> Any:
    from ruamel.yaml import YAML  # 40 ms to import, and most installations have no own tags
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError((f"{name}:{line}: {error.problem}",)) from error
    except YAMLError as error:
        raise ConfigError((f"{name}: {error}",)) from error


def _pattern(pattern: str, where: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ConfigError((f"{where}: not a regular expression: {error}",)) from error


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)


def _is_weight(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 3


def _kind(value: Any) -> str:
    names = {dict: "keys and values", list: "a list", str: "a text", type(None): "nothing"}
    return names.get(type(value), repr(value))
