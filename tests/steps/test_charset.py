"""Which characters a document's bytes mean."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.steps.charset import codec_of, decode, decoded

KO = "<rss><title>똠방각하, 북한 외교</title></rss>"  # the first character is in CP949 only
JA = "<rss><title>髙市首相①と会談</title></rss>"  # 髙 and ① are in CP932 only
ZH = "<rss><title>朱镕基与外交部發言人</title></rss>"  # 镕 is not in GB 2312


def xml(label: str, text: str) -> str:
    return f'<?xml version="1.0" encoding="{label}"?>\n{text}'


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("EUC-KR", "cp949", KO),
        ("ks_c_5601-1987", "cp949", KO),
        ("Shift_JIS", "cp932", JA),
        ("x-sjis", "cp932", JA),
        ("GB2312", "gb18030", ZH),
        ("gbk", "gb18030", ZH),
        ("Big5", "big5hkscs", "<rss><title>外交部發言人</title></rss>"),
        ("ISO-8859-1", "cp1252", "<rss><title>“Accord” à Séoul</title></rss>"),
        ("koi8-r", "koi8-r", "<rss><title>Россия и КНДР</title></rss>"),
        ("utf-8", "utf-8", KO),
        ("nonsense", "utf-8", KO),
        ("unicode_escape", "utf-8", r"<rss>\u0041</rss>"),
        ("EUC-KR", "utf-8", KO),  # says one thing and is another
        ("ISO-8859-1", "utf-8", KO),
    ],
)
def test_declared(label: str, codec: str, text: str) -> None:
    assert decode(xml(label, text).encode(codec)).strip() == text


def test_the_header_comes_before_the_declaration() -> None:
    body = xml("shift_jis", KO).encode("cp949")
    assert decode(body, "text/xml; charset=EUC-KR").strip() == KO
    assert decode(KO.encode("cp949"), 'text/xml; charset="euc-kr"; q=1') == KO


def test_a_servers_default_does_not_overrule_the_document() -> None:
    assert decode(xml("euc-kr", KO).encode("cp949"), "text/xml; charset=iso-8859-1").strip() == KO


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_byte_order_mark(codec: str) -> None:
    assert decode(xml("euc-kr", KO).encode(codec)).strip() == KO or codec == "utf-8"
    marked = ("\ufeff" + xml("euc-kr", KO)).encode(codec)
    assert decode(marked, "text/xml; charset=shift_jis").strip() == KO


def test_utf16_with_its_own_mark() -> None:
    assert decode(codecs.BOM_UTF16_LE + KO.encode("utf-16-le")) == KO


@pytest.mark.parametrize(("label", "codec"), [("utf-8", "utf-8"), ("euc-kr", "cp949")])
def test_one_bad_byte_spoils_one_character(label: str, codec: str) -> None:
    text = KO * 10
    body = xml(label, text).encode(codec) + "끝".encode(codec)[:1]
    assert decode(body).strip().rstrip("\ufffd") == text


@pytest.mark.parametrize(
    ("language", "codec", "text"),
    [
        ("ko", "cp949", "북한 외교부 대변인이 말했다"),
        ("ja", "cp932", "首脳会談が開かれた"),
        ("ja", "euc_jp", "首脳会談が開かれた"),
        ("zh", "gb18030", "外交部发言人表示关切"),
        ("ru", "cp1251", "Россия и КНДР"),
        ("fr", "cp1252", "Séoul a été informé"),
        ("", "cp1252", "Séoul a été informé"),
        ("", "cp949", "북한 외교부 대변인이 말했다"),
    ],
)
def test_undeclared(language: str, codec: str, text: str) -> None:
    document = f"<rss><language>{language}</language><title>{text}</title></rss>"
    assert decode(document.encode(codec)) == document


@pytest.mark.parametrize(
    ("body", "content_type", "codec", "why"),
    [
        (codecs.BOM_UTF8 + KO.encode(), "text/xml; charset=euc-kr", "utf-8", "byte order mark"),
        (xml("x", KO).encode("utf-16-le"), "", "utf-16-le", "zero bytes"),
        (KO.encode("cp949"), "text/xml; charset=euc-kr", "cp949", "the HTTP header"),
        (xml("euc-kr", KO).encode("cp949"), "text/xml", "cp949", "the XML declaration"),
        (KO.encode(), "text/xml", "utf-8", "plain UTF-8"),
        (KO.encode(), "text/xml; charset=iso-8859-1", "utf-8", "although the HTTP header says cp1"),
        (KO.encode("cp949"), "text/xml", "cp949", "guess"),
        (f"<language>ja</language>{JA}".encode("cp932"), "", "cp932", "guess helped by its lang"),
        (KO.encode() * 10 + b"\xff", "text/xml", "utf-8", "some bytes of it are broken"),
    ],
)
def test_the_choice_is_explained(body: bytes, content_type: str, codec: str, why: str) -> None:
    found = decoded(body, content_type)
    assert found.codec == codec
    assert found.why.startswith(why) if why.startswith("the ") else why in found.why
    assert found.text == decode(body, content_type)


def test_only_codecs_for_text() -> None:
    for label in ("rot13", "zlib", "idna", "punycode", "utf-7", "raw_unicode_escape", "é", ""):
        assert codec_of(label) is None
    assert codec_of(" UTF8 ") == "utf-8"


@given(st.binary(), st.text(max_size=30))
def test_never_raises(body: bytes, label: str) -> None:
    decode(body, f"text/xml; charset={label}")
    decode(b'<?xml version="1.0" encoding="' + label.encode("utf-8", "ignore") + b'"?>' + body)
