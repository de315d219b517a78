"""The name of a feed's format."""

from __future__ import annotations

import pytest

from aggregator.steps.dialect import dialect


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('<rss version="2.0"><channel/></rss>', "RSS 2.0"),
        ("<!-- a --><rss xmlns:x='u' version='0.91'>", "RSS 0.91"),
        ("<rss><channel/></rss>", "RSS without a version"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"/>', "Atom 1.0"),
        ('<a:feed xmlns:a="http://www.w3.org/2005/Atom">', "Atom 1.0"),
        ('<feed version="0.3" xmlns="http://purl.org/atom/ns#">', "Atom 0.3"),
        ('<rdf:RDF xmlns:rdf="r" xmlns="http://purl.org/rss/1.0/">', "RSS 1.0 (RDF)"),
        ('<feed xmlns="https://example.org/">', "Atom of an unknown version"),
        ("<html><title>rss</title></html>", ""),
        ("", ""),
    ],
)
def test_dialect(text: str, name: str) -> None:
    assert dialect(text) == name
