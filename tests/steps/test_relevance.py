"""Headlines -> relevant or not, and the reasons given."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Verdict
from aggregator.rules import Relevance
from aggregator.steps.language import language
from aggregator.steps.relevance import NOTHING, judge, may_be_relevant, telling
from aggregator.steps.tagging import compile_tagger, tag
from aggregator.steps.tagging.genre import genre
from aggregator.taxonomy import load
from tests.make import article, feed

TAXONOMY = load()
TAGGER = compile_tagger(TAXONOMY)
TELLING = telling(TAXONOMY, Relevance())


def verdict(
    title: str, summary: str = "", rules: Relevance | None = None, **source: Any
) -> Verdict:
    text = article(title=title, summary=summary, language=language(title))
    by = feed(**source)
    tags = tag(text, by, TAGGER)
    chosen = rules or Relevance(threshold=1.0)
    return judge(text, by, tags, genre(text, by, tags), chosen, TAXONOMY)


@pytest.mark.parametrize(
    "title",
    [
        "North Korea fires a missile into the sea",
        "Kim Jong Un and Moon Jae-in meet at Panmunjom",
        "South Korea and Japan hold talks on intelligence pact",
        "Seoul says tariffs deal with Washington is close",
        "Trump and South Korean President Moon Jae-in speak by phone",
        "North Korea agrees in talks to march under one flag at the Olympics",
        "北, 동해상으로 미사일 발사",
        "한미 정상회담 개최",
        "한일 정상, 셔틀외교 재개 합의",
        "주한미군 사령관 이임",
        "북한 응원단 방남, 올림픽 공동 입장",
        "北朝鮮がミサイル発射",
        "朝鲜最高领导人访问北京",
        "КНДР и Россия подписали договор",
        "Koreas reopen a phone line",
        "UN to discuss Korean crisis",
        "THAAD and its discontents",
        "South Korean minister heads to Washington",
        "South Korean navy ship joins fleet review in Yokosuka",
        "Foreign ministry of South Korea summons a Chinese diplomat",
        "외교부, 쿠데타 규탄 공동성명",
        "韓中, 서해 구조물 놓고 협의",
        "한·일 정상급 교류 재개",
    ],
)
def test_in_the_domain(title: str) -> None:
    assert verdict(title).relevant, verdict(title)
    assert may_be_relevant(title, "", feed(), TELLING)


@pytest.mark.parametrize(
    "title",
    [
        "South Korea beat Japan 2-0 in World Cup qualifier",
        "North Korean weightlifter wins silver medal at Olympics",
        "K-pop band from South Korea tours Europe",
        "Kospi falls as South Korea chipmaker shares slide",
        "Police arrest six in South Korea phone scam",
        "Iran talks on nuclear deal resume in Vienna",
        "Sanctions on Russia over Ukraine extended",
        "Ballistic missile defence sold to Poland",
        "Moon lander sends first pictures",
        "Kim wins by two strokes",
        "Typhoon reaches South Korea",
        "한국, 일본 꺾고 아시아 핸드볼 4연승",
        "[북한날씨] 평양 낮 최고 30도",
        "아파트 주민 살인 혐의 40대 구속",
        "한미약품 신약 임상 시작",
        "코스피 상승 마감…美 금리 영향",
        "현지 공장 북미 시장 공략",
        "대법원, 특검 사건 재판 시작",
        "東北新幹線で車両点検",
        "South Korea and Japan see more tourists",
        "South Korea beats Japan in extra time",
        "THAAD battery goes to Israel",
        "Critic compares mayor to Kim Jong Un",
        "Не только КНДР: что читать о закрытых странах",
        "국방부, 병영 식단 개선",
        "한국 여행 간 中 관광객 급증",
        "일주일 만에 끝난 공사",
        "금융감독원, 통상임금 기준 안내",
        "북한 살림집 준공",
    ],
)
def test_out_of_the_domain(title: str) -> None:
    assert not verdict(title).relevant, verdict(title)


def test_reasons_are_readable() -> None:
    assert verdict("Kim Jong Un speaks").reasons == ("anchor kim-jong-un in the title +2",)
    assert verdict("Bread prices rise").reasons == (
        "nothing about Korea's relations in title or summary",
    )
    sport = verdict("North Korea win football final")
    assert sport.reasons == (
        "anchor north-korea in the title +2",
        "sport: 'football' in the title -2.5",
    )


def test_a_medium_is_a_source_before_it_is_a_subject() -> None:
    quoted = verdict("Contaminated water is discharged again: KCNA")
    assert quoted.reasons[0] == "anchor kcna in the title +1"
    assert not quoted.relevant


def test_a_part_of_a_name_is_no_matter_of_its_own() -> None:
    assert not verdict("한국 국방부 인사").relevant
    assert verdict("한국 국방부, 연합훈련 일정 발표").relevant


def test_a_matter_in_the_title_may_name_south_korea_in_the_summary() -> None:
    summary = "South Korean President Moon Jae-in sent them."
    assert verdict("Envoys carry a letter to Beijing", summary).relevant
    assert may_be_relevant("Envoys carry a letter to Beijing", summary, feed(), TELLING)
    assert not verdict("Painters carry a letter to Beijing", summary).relevant
    assert not verdict("Envoys carry a letter to Beijing", "South Korea is near.").relevant


def test_contact_between_states_makes_a_gate_cheaper() -> None:
    assert verdict("Delegation of North Korea visits Olympics").relevant
    assert not verdict("Team of North Korea shines at Olympics").relevant


def test_an_anchor_in_the_summary_is_enough() -> None:
    assert verdict("A long road", "Envoys of North Korea came to Geneva.").relevant
    assert not verdict("A long road", "Envoys came to Geneva.").relevant


def test_an_anchor_in_the_body_alone_is_not() -> None:
    text = article(title="A long road", summary="", content="North Korea, North Korea.")
    tags = tag(text, feed(), TAGGER)
    found = judge(text, feed(), tags, "g-news", Relevance(threshold=1.0), TAXONOMY)
    assert not found.relevant


def test_a_korea_specific_feed_passes_all_but_the_excluded_genres() -> None:
    assert verdict("Drone base grows", scope="korea-specific").relevant
    assert verdict("Drone base grows", perspective="nk-specialist").relevant
    assert not verdict("Drone base grows").relevant
    assert not verdict("[게시판] 통일부 공개 강좌", scope="korea-specific").relevant
    assert not verdict("Weather forecast: sunny", scope="korea-specific").relevant
    assert not verdict("북한 골프 관광 홍보", scope="korea-specific").relevant
    assert not verdict("농가 드론 몰래 촬영한 20대 체포돼", scope="korea-specific").relevant


def test_a_photo_of_an_anchor_still_counts() -> None:
    assert verdict("[영상] 김정은, 함정 시찰").relevant
    assert not verdict("[영상] 바닷가 풍경", scope="korea-specific").relevant


def test_life_at_home_in_dprk_media_is_not_diplomacy() -> None:
    dprk: dict[str, Any] = {"perspective": "dprk-state", "scope": "korea-specific"}
    assert not verdict("Shoe factory in the DPRK increases production", **dprk).relevant
    assert not verdict("Brisk work goes on in Kapsan", **dprk).relevant
    assert verdict("Kim Jong Un looks at a hill in Kapsan", **dprk).relevant
    assert verdict("Press Statement on U.S. military drills", **dprk).relevant
    assert verdict("Kim Jong Un Receives Letter from President of Russia", **dprk).relevant


def test_the_threshold_decides() -> None:
    strict = Relevance(threshold=2.5)
    assert not verdict("A long road", "North Korea", strict).relevant
    assert not verdict("North Korea speaks", "", strict).relevant
    assert verdict("Kim Jong Un of North Korea speaks", "", strict).relevant


NAMES = sorted(
    {alias for tag_ in TAXONOMY.values() for alias in (*tag_.strong, *tag_.vocabulary)}
    | {weak.alias for tag_ in TAXONOMY.values() for weak in tag_.weak}
)
words = st.lists(
    st.one_of(
        st.sampled_from(NAMES),
        st.sampled_from(["talks", "with", "in", "회담", "와", "방문", "会談", "summit:", "Koreas"]),
        st.sampled_from(
            ["football", "[게시판]", "날씨", "비교", "invited", "THAAD", "Korean border"]
        ),
    ),
    max_size=6,
).map(" ".join)


@given(title=words, summary=words)
@settings(max_examples=500, deadline=None)
def test_what_cannot_be_relevant_is_never_relevant(title: str, summary: str) -> None:
    if not may_be_relevant(title, summary, feed(), TELLING):
        assert verdict(title, summary, Relevance()).score == 0


@given(title=words, summary=words, specific=st.booleans())
@settings(max_examples=300, deadline=None)
def test_the_score_is_the_sum_of_its_reasons(title: str, summary: str, specific: bool) -> None:
    found = verdict(title, summary, scope="korea-specific" if specific else "general")
    if found != NOTHING:
        points = sum(float(reason.rsplit(" ", 1)[1]) for reason in found.reasons)
        assert found.score == pytest.approx(max(points, 0.0), abs=0.005)


@pytest.mark.parametrize(
    ("title", "possible"),
    [
        ("Local elections in France", False),
        ("Thanks to a new bank, prices fall", False),
        ("북한이 미사일을 쐈다", True),
        ("Seoul and Tokyo hold security talks", True),
        ("Snow falls on Seoul", False),
    ],
)
def test_only_names_of_korea_and_its_matters_make_it_worth_tagging(
    title: str, possible: bool
) -> None:
    assert may_be_relevant(title, "", feed(scope="general"), TELLING) is possible
    assert may_be_relevant(title, "", feed(scope="korea-specific"), TELLING)
    assert may_be_relevant(title, "", feed(), telling(TAXONOMY, Relevance(threshold=0)))
