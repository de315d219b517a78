"""Text -> language, by script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.steps.language import language


@pytest.mark.parametrize(
    ("text", "fallback", "expected"),
    [
        ("Leaders meet at Panmunjom", "", "en"),
        ("Leaders meet at Panmunjom", "ko", "en"),
        ("Les dirigeants se rencontrent", "fr", "fr"),
        ("Líderes se reúnen", "es-MX", "es"),
        ("北, 미사일 발사", "", "ko"),
        ("美·中 정상회담", "en", "ko"),
        ("K-pop 콘서트", "en", "ko"),
        ("북한 핵실험 (CTBTO, USGS)", "", "ko"),
        ("北朝鮮がミサイル発射", "", "ja"),
        ("日韓首脳会談", "ja", "ja"),
        ("日韓首脳会談", "", "zh"),
        ("朝鲜发射卫星", "", "zh"),
        ("朝鮮發射衛星", "zh-TW", "zh"),
        ("КНДР запустила ракету", "", "ru"),
        ("КНДР запустила ракету", "ja", "ru"),
        ("КНДР запустила ракету", "uk", "uk"),
        ("Band 방탄 plays in Los Angeles and New York this weekend", "", "en"),
        ("12345 !?", "ko_KR", "ko"),
        ("", "", "en"),
    ],
)
def test_script_tells_the_language(text: str, fallback: str, expected: str) -> None:
    assert language(text, fallback) == expected


@given(st.text(), st.sampled_from(["", "en", "ko", "ja", "zh-Hant", "ru", "fr"]))
def test_any_text_has_a_language(text: str, fallback: str) -> None:
    assert len(language(text, fallback)) == 2
