"""The shipped taxonomy holds together, and the operator's own files are checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from aggregator.errors import ConfigError
from aggregator.taxonomy import FACETS, LANGUAGES, Taxonomy, load

SHIPPED = load()
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(text: str, name: str = "own.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return to


def findings(path: Path, *off: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load([path], off)
    return caught.value.findings


def test_all_facets_and_four_languages() -> None:
    assert len(SHIPPED) >= 390
    assert {tag.facet for tag in SHIPPED.values()} == set(FACETS)
    for tag in SHIPPED.values():
        assert set(tag.labels) == set(LANGUAGES), tag.slug
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", SHIPPED.version)


def test_offices_are_dated_and_marked() -> None:
    offices = [office for tag in SHIPPED.values() for office in tag.offices]
    assert len(offices) > 100
    assert {office.source for office in offices} == {"S", "K"}
    assert all(not office.end or office.start <= office.end for office in offices)


def test_files_name_no_source_by_number_and_no_slur() -> None:
    for entry in files("aggregator.taxonomy").iterdir():
        if entry.name.endswith((".toml", ".md")):
            text = entry.read_text("utf-8")
            assert not re.search(r"\b\d{8,}\b|@slur|stored (?:file|source)s? \d", text), entry.name


def test_weights() -> None:
    assert SHIPPED["nuclear-test"].weight == 3.0
    assert SHIPPED["dprk-ritual"].weight == 0.2
    assert SHIPPED["rok-domestic-politics"].weight == 0.5
    assert SHIPPED["singapore-summit-2018"].weight == 3.0


def test_label_falls_back_to_english_and_to_the_slug() -> None:
    assert SHIPPED.label("north-korea", "ko") == "북한"
    assert SHIPPED.label("north-korea", "fr") == SHIPPED.label("north-korea") != "north-korea"
    assert SHIPPED.label("no-such-tag", "ko") == "no-such-tag"


def test_a_taxonomy_is_compared_by_identity() -> None:
    other = load()
    assert other != SHIPPED
    assert len({SHIPPED, other, SHIPPED}) == 2


def test_own_tags_are_added_and_replace(write: Write) -> None:
    path = write(
        """
ice-fishing:
  facet: topic
  en: Ice fishing
  strong: [얼음낚시]
  weak:
    R-CTX: [perch]
  parents: [nuclear-talks]
  weight: 0.3
nuclear-test:
  facet: topic
  en: Own nuclear tests
no-one:
  facet: actor
  en: No One
  offices:
    - {from: 2025-06-04, to: 2026, office: Nobody}
""",
    )
    taxonomy = load([path])
    assert taxonomy["ice-fishing"].strong == ("Ice fishing", "얼음낚시")
    assert taxonomy["ice-fishing"].weak[0].rule == "R-CTX"
    assert taxonomy.label("ice-fishing", "ja") == "Ice fishing"
    assert taxonomy["nuclear-test"].labels == {"en": "Own nuclear tests"}
    assert taxonomy["no-one"].offices[0].start == "2025-06-04"
    assert len(taxonomy) == len(SHIPPED) + 2


def test_a_toml_file_works_too(write: Write) -> None:
    path = write('[ice-fishing]\nfacet = "topic"\nen = "Ice fishing"\n', "own.toml")
    assert "ice-fishing" in load([path])


def test_tags_switched_off_are_gone_with_all_that_names_them() -> None:
    taxonomy = load(off=["sanctions", "us-dprk-summit"])
    assert "sanctions" not in taxonomy
    assert all("sanctions" not in tag.parents for tag in taxonomy.values())
    assert all(pair.tag != "us-dprk-summit" for pair in taxonomy.pairs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a-tag:\n  facet: topic\n  en: A\n  wieght: 1\n", r"own.yaml:4: a-tag: wieght: unknown"),
        ("a-tag:\n  facet: topics\n  en: A\n", r"own.yaml:2: a-tag: facet: expected one of actor"),
        ("a-tag:\n  facet: topic\n", r"own.yaml:1: a-tag: en: every tag needs an English label"),
        ("a-tag:\n  facet: topic\n  en: A\n  strong: b\n", r":4: a-tag: strong: expected a list"),
        ("a-tag:\n  facet: topic\n  en: A\n  weight: 4\n", r":4: a-tag: weight: .* from 0 to 3"),
        ("a-tag:\n  facet: topic\n  en: A\n  parents: [nope]\n", r"a-tag: parents: .*'nope'"),
        ("a-tag:\n  facet: topic\n  en: A\n  except: ['(']\n", r":4: a-tag: except: not a regular"),
        (
            "a-tag:\n  facet: topic\n  en: A\n  weak: {R-NO: [x]}\n",
            r":4: a-tag: weak: no rule .*R-NO",
        ),
        (
            "a-tag:\n  facet: actor\n  en: A\n  offices: [{from: x, office: y}]\n",
            r"offices: .*dates",
        ),
        (
            (
                "a-tag:\n  facet: actor\n  en: A\n"
                "  offices: [{from: '2020-02', to: '2019', office: y}]\n"
            ),
            r":4: a-tag: offices: 'y' ends \(2019\) before it starts \(2020-02\)",
        ),
        (
            (
                "a:\n  facet: topic\n  en: A\n  parents: [b]\n"
                "b:\n  facet: topic\n  en: B\n  parents: [a]\n"
            ),
            r"own.yaml:4: a: parents: a tag cannot follow from itself \(a -> b -> a\)",
        ),
        ("a-tag:\n  facet: topic\n  en: A\n  parents: [nope]\n", r"own.yaml:4: a-tag: parents: no"),
        ("A tag:\n  facet: topic\n  en: A\n", r"own.yaml:1: A tag: a slug has only"),
        ("a-tag: hello\n", r"own.yaml:1: a-tag: expected keys and values, found a text"),
        ("- a\n", r"own.yaml: expected tags by slug, found a list"),
        ("a: [\n", r"own.yaml:\d+: "),
        ("a-tag:\n  en: A\n  en: B\n", r"own.yaml:3: .*duplicate key"),
    ],
)
def test_faults_are_named_with_line_slug_and_key(write: Write, text: str, expected: str) -> None:
    found = findings(write(text))
    assert any(re.search(expected, line) for line in found), found


def test_all_faults_at_once(write: Write) -> None:
    found = findings(write("a:\n  facet: topic\nb:\n  facet: nope\n  en: B\n"), "no-such-tag")
    assert len(found) == 3
    assert "tags.off: no tag has the slug 'no-such-tag'" in found


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    assert "cannot be read" in findings(tmp_path / "none.yaml")[0]


def test_mapping() -> None:
    assert isinstance(SHIPPED, Taxonomy)
    assert SHIPPED.get("no-such-tag") is None
    assert "north-korea" in SHIPPED
    assert dict(SHIPPED.items())["north-korea"].anchor
