"""Taxonomy -> a hash of all that judging reads of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from aggregator.taxonomy.model import Taxonomy, Words


def version(taxonomy: Taxonomy) -> str:
    """16 hex digits. Labels, notes and weights may change without articles being judged anew."""
    return hashlib.sha256("\0".join(_parts(taxonomy)).encode()).hexdigest()[:16]


def _parts(taxonomy: Taxonomy) -> Iterator[str]:
    for _, tag in sorted(taxonomy.tags.items()):
        yield repr(replace(tag, labels={}, weight=1.0, note="", date_gate="", source=""))
    for _, rule in sorted(taxonomy.rules.items()):
        yield repr(replace(rule, text="", alias="", example=""))
    for pair in taxonomy.pairs:
        yield repr(replace(pair, note=""))
    for _, words in sorted(taxonomy.words.items()):
        yield from _words(words)
    for gate in taxonomy.gates:
        yield from _words(gate)


def _words(words: Words) -> Iterator[str]:
    # The repr of a pattern ends after 200 characters.
    yield f"{words.name} {words.cost} {words.pattern.flags} {words.pattern.pattern}"
