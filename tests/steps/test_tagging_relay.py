"""Article and feed -> on whose word it rests."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.steps.tagging.relay import relays
from tests.make import article, feed


def chain(title: str, summary: str = "", **source: Any) -> tuple[str, ...]:
    return relays(article(title=title, summary=summary), feed(**source))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Leader inspects a shipyard \u2014 KCNA", ("kcna",)),
        ("Leader inspects a shipyard: KCNA", ("kcna",)),
        ("KCNA: leader inspects a shipyard", ("kcna",)),
        ("Leader inspected a shipyard, KCNA said", ("kcna",)),
        ("Seoul to propose talks, according to Yonhap", ("yonhap",)),
        ("Missile test was a success, North Korea's state media KCNA reported", ("kcna",)),
        ('조선중앙통신 "어제 시험발사 진행"', ("kcna",)),
        ("조선중앙통신은 30일 시험발사를 진행했다고 보도했다", ("kcna",)),
        ("교도통신에 따르면 일본 정부가 항의했다", ("kyodo",)),
        ("일본 정부, 북한에 항의…교도통신 보도", ("kyodo",)),
        ("朝中社：朝鲜进行火力训练", ("kcna",)),
        ("据韩联社报道，韩国军方发现飞行物", ("yonhap",)),
        ("朝鮮中央通信によると、発射は成功した", ("kcna",)),
        ("ЦТАК сообщило о запуске ракеты", ("kcna",)),
        ("Запуск ракеты прошел успешно, по данным ЦТАК", ("kcna",)),
        ("TASS, citing KCNA, reported a launch", ("tass", "kcna")),
        ("KCNA said that the launch was a success, TASS reported", ("tass", "kcna")),
    ],
)
def test_who_is_cited(title: str, expected: tuple[str, ...]) -> None:
    assert chain(title) == expected


@pytest.mark.parametrize(
    "title",
    [
        "KCNA building damaged by flood",
        "NHK symphony tours Seoul",
        "Reuters sues a company in Seoul",
        "조선중앙통신 사장 교체",
        "Leader inspects a shipyard",
    ],
)
def test_an_agency_that_is_only_mentioned_is_not_cited(title: str) -> None:
    assert chain(title) == ()


def test_the_summary_is_read_too_and_a_dateline_is_a_credit() -> None:
    assert chain("Launch", "SEOUL, Aug. 20 (Reuters) - Kim spoke, KCNA said.") == (
        "reuters",
        "kcna",
    )
    assert chain("발사", "(서울=연합뉴스) 조선중앙통신에 따르면 발사가 있었다.") == (
        "yonhap",
        "kcna",
    )


def test_the_publisher_of_the_feed_is_no_relay() -> None:
    title = "Launch was a success \u2014 KCNA"
    lede = "PYONGYANG, August 12. /TASS/. The launch was a success, KCNA reported."
    assert chain(title, lede, publisher="TASS") == ("kcna",)
    assert chain(title, publisher="KCNA") == ()
    by = feed(publisher="yna", title="연합뉴스")
    assert relays(article(summary="(서울=연합뉴스) 발사가 있었다."), by) == ()
