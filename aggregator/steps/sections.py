"""told stories -> the sections of an issue, in their fixed order."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.model import IssueStory, Section

# Order and content: relations first, then weapons, then the two Koreas' insides (see
# docs/decisions/0009-sections.md). A story stands in the first section that most of its tags name.
SECTIONS: tuple[tuple[str, str, frozenset[str]], ...] = (
    (
        "talks",
        "Talks and summits",
        frozenset(
            """denuclearization nuclear-talks us-dprk-relations us-dprk-summit peace-regime
            personal-diplomacy engagement-strategy recognition-legitimacy
            china-mediation""".split()
        ),
    ),
    (
        "weapons",
        "Weapons and military",
        frozenset(
            """nuclear-program nuclear-test missile-launch icbm irbm srbm slbm cruise-missile
            hypersonic satellite-launch artillery-mlrs naval drones
            air-defense-thaad weapons-chem-bio military-exercises arms-race
            border-incident terrorism-provocation""".split()
        ),
    ),
    (
        "inter-korean",
        "Between the two Koreas",
        frozenset(
            """inter-korean-relations inter-korean-summit inter-korean-hotline
            loudspeakers-leaflets inter-korean-economy sport-diplomacy
            separated-families""".split()
        ),
    ),
    (
        "alliances",
        "Alliances and neighbours",
        frozenset(
            """alliance-us-rok extended-deterrence alliance-credibility usfk-posture opcon
            rok-nuclear-armament rok-nuclear-submarine trilateral-us-rok-japan
            china-japan-korea rok-japan rok-us-summit trade-tariffs
            shipbuilding-masga japan-dprk""".split()
        ),
    ),
    (
        "china-russia",
        "China and Russia",
        frozenset(
            """china-dprk russia-dprk russia-dprk-troops rok-china
            great-power-competition""".split()
        ),
    ),
    (
        "sanctions",
        "Sanctions, cyber and the United Nations",
        frozenset(
            """sanctions sanctions-un sanctions-unilateral sanctions-evasion nonproliferation
            cyber-crypto un-diplomacy intelligence""".split()
        ),
    ),
    (
        "people",
        "Human rights, families and aid",
        frozenset(
            """human-rights-dprk north-korean-defectors abductions war-remains humanitarian-aid
            natural-disaster-dprk""".split()
        ),
    ),
    (
        "inside-north",
        "Inside North Korea",
        frozenset(
            """leadership-succession party-politics-dprk economy-dprk tourism-dprk
            dprk-ritual""".split()
        ),
    ),
    (
        "politics",
        "Politics in Seoul and Washington",
        frozenset({"rok-domestic-politics", "us-domestic-politics"}),
    ),
)
_REST = ("more", "More from the week")
TOPICS = (*(slug for slug, _, _ in SECTIONS), _REST[0])
"""Slugs of all that a story can stand in."""


def sections(stories: Sequence[IssueStory]) -> tuple[Section, ...]:
    """Each story in one section, in the given order; sections without a story are left out."""
    placed: dict[str, list[IssueStory]] = {}
    for story in stories:
        placed.setdefault(story.section or section_of(story.tags), []).append(story)
    headings = [(slug, heading) for slug, heading, _ in SECTIONS] + [_REST]
    return tuple(
        Section(slug=slug, heading=heading, stories=tuple(placed[slug]))
        for slug, heading in headings
        if slug in placed
    )


def section_of(story_tags: Sequence[str]) -> str:
    """The section that the leading tags name; a leading tag outweighs the next ones."""
    votes: dict[str, float] = {}
    for rank, tag in enumerate(story_tags):
        for slug, _, tags in SECTIONS:
            if tag in tags:
                votes[slug] = votes.get(slug, 0.0) + 1 / (1 + rank)
    return max(votes, key=lambda s: votes[s]) if votes else _REST[0]
