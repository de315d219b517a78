"""What in a taxonomy does not do what it was written for: told with file, line, slug and key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.steps.tagging.clashes import clashes, functions
from aggregator.taxonomy import load_placed
from aggregator.taxonomy.checking import Finding, check

Check = Callable[..., list[Finding]]


def shipped(*own: Path) -> list[Finding]:
    placed = load_placed(own)
    return [*check(placed, functions(placed.taxonomy)), *clashes(placed)]


@pytest.fixture
def found(tmp_path: Path) -> Check:
    """What an own file of tags adds to the findings."""

    def of(text: str) -> list[Finding]:
        path = tmp_path / "own.yaml"
        path.write_text(text, "utf-8")
        before = {(f.slug, f.what) for f in shipped()}
        return [f for f in shipped(path) if (f.slug, f.what) not in before]

    return of


def test_the_shipped_taxonomy_has_no_errors() -> None:
    assert [f for f in shipped() if f.level == "error"] == []


def test_a_good_tag_is_no_finding(found: Check) -> None:
    assert found("ice:\n  facet: topic\n  en: Polar ice\n  weak: {R-CTX: [icebreaker]}\n") == []


def test_an_alias_of_two_states_is_an_error_at_its_line(found: Check) -> None:
    (one,) = found("other:\n  facet: state\n  en: Otherland\n  strong:\n  - Oth\n  - North Korea\n")
    assert (one.level, one.slug, one.key) == ("error", "other", "strong")
    assert (Path(one.file).name, one.line) == ("own.yaml", 6)
    assert "'North Korea' is a strong alias of north-korea too" in one.what
    assert one.advice


@pytest.mark.parametrize(
    ("facets", "when", "level"),
    [
        (("topic", "topic"), ("", ""), "warning"),
        (("event", "event"), ("2019-01-01", ""), "warning"),
        (("event", "event"), ("2019-01-01", "2021-01-01"), None),  # the date parts them
        (("event", "topic"), ("", ""), None),  # a phrase may name both
        (("org", "org"), ("", ""), "error"),
    ],
)
def test_what_may_share_a_name(
    found: Check, facets: tuple[str, str], when: tuple[str, str], level: str | None
) -> None:
    tags = "".join(
        f"t{n}:\n  facet: {facet}\n  en: Tag {n} of them\n  strong: [Polar Bridge]\n"
        f"  when: '{day}'\n"
        for n, (facet, day) in enumerate(zip(facets, when, strict=True))
    )
    assert [f.level for f in found(tags)] == ([level] if level else [])


def test_case_parts_short_names(found: Check) -> None:
    one = "{0}:\n  facet: org\n  en: Body {0}\n  strong: [{1}]\n"
    both = one.format("a", "{}") + one.format("b", "{}")
    assert found(both.format("PBX", "Pbx")) == []
    assert len(found(both.format("PBX", "pbx"))) == 1  # written small it is looked for in any case


def test_a_weak_alias_that_a_strong_one_makes_idle(found: Check) -> None:
    text = (
        "a:\n  facet: org\n  en: Polar Board\n  weak:\n    R-CTX: [Polar Board meeting, Boards]\n"
    )
    (one,) = found(text)
    assert (one.level, one.key, one.line) == ("warning", "weak", 5)
    assert "'Polar Board meeting' never waits for R-CTX: 'Polar Board' fires alone" in one.what


def test_a_label_that_is_strong_without_being_meant_so(found: Check) -> None:
    text = "a:\n  facet: org\n  en: Polar Board\n  ko: 극지위\n{}  weak: {{R-CTX: [극지위]}}\n"
    assert [f.level for f in found(text.format(""))] == ["warning"]
    assert found(text.format("  label_aliases: [Polar Board]\n")) == []


def test_an_alias_that_its_own_exception_covers(found: Check) -> None:
    text = "a:\n  facet: org\n  en: Polar Board\n  strong: [Polar Board Game]\n  except: ['{}']\n"
    (one,) = found(text.format("Board Game"))
    assert (one.level, one.line) == ("error", 4)
    assert "'Polar Board Game' never fires" in one.what
    # What stands around it decides, or the pattern is longer than the alias.
    assert found(text.format(r"Board Game(?! night)")) == []
    assert found(text.format("Board Games night")) == []


def test_a_replaced_tag_is_noted_with_both_files(found: Check) -> None:
    (one,) = found("nuclear-test:\n  facet: topic\n  en: Own name of them\n")
    assert (one.level, one.line) == ("note", 1)
    assert "replaces the tag of topics.toml" in one.what


def test_offices(found: Check) -> None:
    people = "".join(
        f"p{n}:\n  facet: actor\n  en: Person {n} Example\n  parents: [{state}]\n"
        f"  offices: [{{{dates}, office: Polar Envoy}}]\n"
        for n, (state, dates) in enumerate(
            [
                ("japan", "from: '2015', to: '2017-05'"),
                ("japan", "from: '2017-05', to: '2019'"),
                ("japan", "from: '2018-01-01'"),
                ("china", "from: '2018-01-01'"),
                ("china", "to: '2017'"),
            ]
        )
    )
    told = {(f.slug, f.what) for f in found(people)}
    assert told == {
        ("p2", "'Polar Envoy' of japan was held by p1 at the same time"),
        ("p4", "'Polar Envoy' has no start: nobody is taken to have held it"),
    }
    assert {f.level for f in found(people)} == {"note"}


def test_rules_that_nobody_uses_or_that_never_fire() -> None:
    placed = load_placed()
    known = functions(placed.taxonomy)
    without = {f.slug: f for f in check(placed, known - {"R-CAPITAL"})}
    assert without["R-CAPITAL"].level == "error"
    assert "aliases never fire" in without["R-CAPITAL"].what
    assert without["R-CAPITAL"].line > 1
    assert "R-CAPITAL" not in {f.slug for f in check(placed, known)}
    meant = {f.slug: f for f in check(placed, known | {"no"})}
    assert "`never`" in meant["no"].what
