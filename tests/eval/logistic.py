"""Rows of features, labels -> weights: logistic regression, small enough to read.

Newton's method with an L2 penalty. Deterministic, and without numpy: the rows are few thousand and
the features a dozen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Row = Sequence[float]


def fit(
    rows: Sequence[Row], labels: Sequence[bool], *, penalty: float = 2.0, rounds: int = 30
) -> list[float]:
    """One weight a column. The first column is the constant: it is penalised too, lightly."""
    width = len(rows[0])
    weights = [0.0] * width
    for _ in range(rounds):
        slope = [-penalty * w for w in weights]
        bend = [[penalty if i == j else 0.0 for j in range(width)] for i in range(width)]
        for row, label in zip(rows, labels, strict=True):
            chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, dot(row, weights)))))
            miss, spread = float(label) - chance, chance * (1 - chance)
            held = [(i, x) for i, x in enumerate(row) if x]
            for i, x in held:
                slope[i] += miss * x
                line = bend[i]
                for j, y in held:
                    line[j] += spread * x * y
        step = solve(bend, slope)
        weights = [w + s for w, s in zip(weights, step, strict=True)]
        if max(map(abs, step)) < 1e-6:
            break
    return weights


def dot(row: Row, weights: Sequence[float]) -> float:
    """Log-odds of one row."""
    return sum([x * w for x, w in zip(row, weights, strict=True)])


def solve(matrix: list[list[float]], right: Sequence[float]) -> list[float]:
    """x of matrix x = right, by elimination; the matrix is symmetric and positive."""
    size = len(right)
    lines = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(size):
        pivot = lines[i][i]
        for k in range(i + 1, size):
            if ratio := lines[k][i] / pivot:
                lines[k] = [a - ratio * b for a, b in zip(lines[k], lines[i], strict=True)]
    found = [0.0] * size
    for i in reversed(range(size)):
        rest = sum(lines[i][j] * found[j] for j in range(i + 1, size))
        found[i] = (lines[i][size] - rest) / lines[i][i]
    return found
