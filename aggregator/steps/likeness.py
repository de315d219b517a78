"""word weights -> vectors of unit length, and how alike two of them are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Vector: TypeAlias = Mapping[str, float]

# A word in a stream of ten articles is not thereby rare: so many unseen ones stand behind them.
_BACKGROUND = 200


def rarity(documents: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """word -> idf, from how many of the documents hold it."""
    held = Counter(word for document in documents for word in document)
    total = len(documents) + _BACKGROUND
    return {word: math.log(total / (1 + n)) for word, n in held.items()}


def unit(weights: Mapping[str, float], idf: Mapping[str, float], *, unsaid: float = 0.0) -> Vector:
    """Weights times idf, scaled to length 1; shorter by what `unsaid` stands for."""
    scaled = {word: weight * idf[word] for word, weight in weights.items()}
    length = math.sqrt(sum(v * v for v in scaled.values()) + unsaid * unsaid) or 1.0
    return {word: v / length for word, v in scaled.items()}


def vectors(documents: Sequence[Mapping[str, float]]) -> list[Vector]:
    """One vector a document."""
    idf = rarity(documents)
    return [unit(document, idf) for document in documents]


def cosine(a: Vector, b: Vector) -> float:
    """0 (nothing in common) to 1 (the same)."""
    if len(b) < len(a):
        a, b = b, a
    # A list, not a generator: this is the innermost loop of copies and stories.
    return sum([value * b[word] for word, value in a.items() if word in b])
