"""docs/columns.md names every column, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from aggregator.edges.sql.schema import metadata

PAGE = Path(__file__).parents[2] / "docs" / "columns.md"


def test_every_column_is_on_the_page() -> None:
    documented: dict[str, set[str]] = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        table, _, rest = section.partition("\n")
        rows = re.findall(r"^\| ([a-z_, ]+?) \|", rest, re.MULTILINE)
        documented[table] = {name for row in rows for name in row.split(", ")} - {"column"}
    documented.pop("alembic_version")
    assert documented == {t.name: {c.name for c in t.columns} for t in metadata.sorted_tables}
