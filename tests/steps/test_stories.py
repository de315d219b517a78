"""Articles of one event become one story, whoever tells it and whenever it arrives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import pipeline
from aggregator.model import Arrangement, Item, Story, StoryItems
from aggregator.rules import Clustering
from aggregator.taxonomy import load
from tests import make

RULES = Clustering()
TAXONOMY = load()
SEOUL = make.feed("seoul-daily", perspective="rok-press-centre")
TOKYO = make.feed("tokyo-daily", perspective="japan-public")
KOREAN = make.feed("hanguk", perspective="rok-wire", language="ko")


def arrange(loose: Sequence[Item], placed: Sequence[StoryItems] = ()) -> Arrangement:
    return pipeline.arrange(loose, placed, TAXONOMY, RULES, make.NOW)


def week() -> list[Item]:
    dmz = ("donald-trump", "kim-jong-un", "us-dprk-summit", "panmunjom")
    food = ("humanitarian-aid", "un-wfp", "north-korea")
    return [
        make.item("a1", "Trump crosses the line at Panmunjom to meet Kim", *dmz, by=SEOUL),
        make.item("a2", "Trump and Kim meet at Panmunjom, cross the line", *dmz, by=TOKYO),
        make.item(
            "a3", "Kim and Trump meet at Panmunjom", *dmz, summary="Talks lasted about an hour."
        ),
        make.item("k1", "트럼프 김정은 판문점 회동", *dmz, by=KOREAN, language="ko"),
        make.item("f1", "Seoul sends rice through the World Food Programme", *food, by=SEOUL),
        make.item("f2", "World Food Programme ships rice that Seoul sends", *food, by=TOKYO),
        make.item("o1", "Parliament debates the ferry subsidy", by=SEOUL),
    ]


def test_one_event_is_one_story_and_others_stay_apart() -> None:
    placements = arrange(week()).placements
    assert placements["a1"] == placements["a2"] == placements["a3"]
    assert placements["f1"] == placements["f2"]
    assert len({placements["a1"], placements["f1"], placements["o1"]}) == 3


def test_languages_meet_through_tags() -> None:
    placements = arrange(week()).placements
    assert placements["k1"] == placements["a1"]


def test_a_story_is_named_after_its_earliest_member() -> None:
    items = [
        make.item("late", "Envoys meet in Stockholm for talks", published_at=make.NOW),
        make.item("early", "Envoys meet in Stockholm for first talks"),
    ]
    assert arrange(items).placements == {"late": "early", "early": "early"}


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_show(chance: random.Random) -> None:
    shuffled = week()
    chance.shuffle(shuffled)
    assert arrange(shuffled) == arrange(week())


def test_what_is_placed_stays_and_gains_members() -> None:
    first = arrange(week()[:2])
    story = first.stories[0]
    placed = StoryItems(story=story, items=tuple(week()[:2]))
    then = arrange(week()[2:3], [placed])
    assert then.placements == {"a3": story.id}
    assert then.stories[0].id == story.id
    assert then.stories[0].article_ids == ("a1", "a2", "a3")


def test_after_the_window_the_same_words_open_a_new_story() -> None:
    title = "Working-level talks on denuclearisation resume in Stockholm"
    items = [
        make.item("a", title, "nuclear-talks"),
        make.item(
            "b", title, "nuclear-talks", by=SEOUL, published_at=make.NOW + timedelta(days=20)
        ),
    ]
    assert len(set(arrange(items).placements.values())) == 2


def test_a_copy_goes_where_its_original_is_and_adds_no_article() -> None:
    title = "North and South Korea agree to reopen the liaison office in Kaesong"
    items = [make.item("a", title, by=SEOUL), make.item("b", title, by=TOKYO)]
    made = arrange(items)
    assert made.placements == {"a": "a", "b": "a"}
    assert made.stories[0].article_ids == ("a",)
    assert [c.group for c in made.stories[0].coverage] == ["seoul", "tokyo"]


def test_unchanged_stories_are_not_written_again() -> None:
    first = arrange(week())
    placed = [
        StoryItems(
            story=s, items=tuple(i for i in week() if first.placements[i.article.id] == s.id)
        )
        for s in first.stories
    ]
    then = arrange([make.item("new", "An ambassador presents credentials", by=TOKYO)], placed)
    assert [s.id for s in then.stories] == ["new"]


def test_nothing_in_nothing_out() -> None:
    assert arrange([]) == Arrangement(stories=())


def placed_apart(*items: Item) -> list[StoryItems]:
    """Each item as a story of its own, as an earlier and less certain round left it."""
    return [make.story(item) for item in items]


def test_two_stories_that_turn_out_to_be_one_merge_and_the_older_stays() -> None:
    one, other, bridge = week()[:3]
    made = arrange([bridge], placed_apart(one, other))
    assert made.merged == (("a2", "a1"),)
    assert made.placements == {"a3": "a1"}
    assert [(s.id, s.article_ids) for s in made.stories] == [("a1", ("a1", "a2", "a3"))]


def test_stories_that_nothing_new_concerns_do_not_merge() -> None:
    one, other = week()[:2]
    unrelated = make.item("x", "An ambassador presents credentials", by=TOKYO)
    assert arrange([unrelated], placed_apart(one, other)).merged == ()


def test_a_story_has_a_longest_life_however_alike_its_reports() -> None:
    title = "Working-level talks on denuclearisation continue in Stockholm"
    items = [
        make.item(
            f"d{day:02}",
            f"{title}, day {day}",
            "nuclear-talks",
            by=make.feed(f"paper-{day}"),
            published_at=make.NOW + timedelta(days=day),
        )
        for day in range(0, 24, 2)
    ]
    made = arrange(items)
    spans = [story.last_at - story.first_at for story in made.stories]
    assert len(made.stories) > 1
    assert max(spans) <= RULES.longest


def test_one_leader_makes_no_event() -> None:
    week_of_kim = [
        ("inspects a greenhouse farm in Kanggye", "economy-dprk"),
        ("congratulates the president of Laos", "dprk-ritual"),
        ("oversees the launch of a new missile", "missile-launch"),
        ("opens a school on the coast", "economy-dprk"),
        ("sends a letter to the White House", "personal-diplomacy"),
        ("promotes generals before the parade", "kpa"),
        ("receives the Russian defence minister", "russia-dprk"),
        ("orders more uranium for warheads", "nuclear-program"),
        ("thanks doctors at the new hospital", "economy-dprk"),
        ("warns Seoul over loudspeakers", "loudspeakers-leaflets"),
    ]
    items = [
        make.item(
            f"k{n}",
            f"Kim Jong Un {what}",
            *("kim-jong-un", "north-korea", tag),
            by=make.feed(f"paper-{n % 3}"),
            summary=f"He {what}.",
            published_at=make.NOW + timedelta(hours=11 * n),
        )
        for n, (what, tag) in enumerate(week_of_kim)
    ]
    assert len(set(arrange(items).placements.values())) >= 8


def test_the_title_is_the_most_central_and_least_coloured_headline_without_haste() -> None:
    tags = ("missile-launch", "north-korea")
    items = [
        make.item("a", "BREAKING: North Korea fires missile toward sea", *tags),
        make.item("b", "Madman Kim's chilling missile shock!", *tags, by=SEOUL),
        make.item(
            "c", "North Korea fires a ballistic missile toward the East Sea", *tags, by=TOKYO
        ),
    ]
    titles = {story.title for story in arrange(items).stories if len(story.article_ids) > 1}
    assert titles <= {
        "North Korea fires missile toward sea",
        "North Korea fires a ballistic missile toward the sea",
    }
    assert titles


class Library:
    """What a store does with arrangements, as values."""

    def __init__(self) -> None:
        self.stories: dict[str, Story] = {}
        self.items: dict[str, Item] = {}
        self.heirs: dict[str, str] = {}

    def take_in(self, batch: Sequence[Item]) -> None:
        members: dict[str, list[Item]] = {id: [] for id in self.stories}
        for item in self.items.values():
            assert item.story_id is not None
            members[item.story_id].append(item)
        placed = [
            StoryItems(story=story, items=tuple(members[id])) for id, story in self.stories.items()
        ]
        made = arrange(batch, placed)
        originals = {copy.article_id: copy.original_id for copy in made.copies}
        for item in batch:
            id = item.article.id
            home = made.placements[id]
            self.items[id] = replace(item, story_id=home, duplicate_of=originals.get(id))
        self.stories |= {story.id: story for story in made.stories}
        for gone, heir in made.merged:
            del self.stories[gone]
            self.heirs[gone] = heir
            for id, item in self.items.items():
                if item.story_id == gone:
                    self.items[id] = replace(item, story_id=heir)

    def heir(self, id: str) -> str:
        while id in self.heirs:
            id = self.heirs[id]
        return id


@settings(max_examples=25, deadline=None)
@given(st.permutations(week()), st.lists(st.integers(1, 4), min_size=7, max_size=7))
def test_arriving_in_any_batches_nothing_is_lost_or_split(
    arriving: list[Item], sizes: list[int]
) -> None:
    library = Library()
    together: dict[str, str] = {}
    while arriving:
        size = sizes.pop()
        library.take_in(arriving[:size])
        arriving = arriving[size:]
        for id, home in together.items():
            # What was in one story once is in it, or in the one that took its place.
            assert library.items[id].story_id == library.heir(home)
        together = {id: str(item.story_id) for id, item in library.items.items()}
        told = [id for story in library.stories.values() for id in story.article_ids]
        assert sorted(told) == sorted(
            id for id, item in library.items.items() if item.duplicate_of is None
        )
    assert library.items["a1"].story_id == library.items["a2"].story_id


def test_who_founded_a_story_and_left_it_takes_nothing_from_it_on_returning() -> None:
    stayed = make.item("f1", "Seoul sends rice through the World Food Programme", by=SEOUL)
    founder = make.item("o1", "Parliament debates the ferry subsidy", by=TOKYO)
    made = arrange([founder], [make.story(stayed, id="o1")])
    assert made.placements == {"o1": "o1"}
    assert [sorted(story.article_ids) for story in made.stories] == [["f1", "o1"]]
