"""Imports go down only; the lower floors neither do I/O nor know the time."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import aggregator

ROOT = Path(aggregator.__file__).parent

# Longest prefix wins. A module may import from its own floor (its own room only, where rooms are
# listed) and from the floors below it.
FLOORS = {
    "aggregator": 0,
    "aggregator.errors": 0,
    "aggregator.model": 0,
    "aggregator.rules": 1,
    "aggregator.taxonomy": 1,
    "aggregator.demo": 1,
    "aggregator.steps": 2,
    "aggregator.pipeline": 3,
    "aggregator.render": 3,
    "aggregator.ports": 4,
    "aggregator.jobs": 5,
    "aggregator.config": 5,
    "aggregator.edges": 5,
    "aggregator.wiring": 6,
    "aggregator.hosts": 7,
    "aggregator.__main__": 8,
}
# Three rooms of one floor that do not know each other, and edges that do not know each other.
ROOMS = (
    "aggregator.jobs",
    "aggregator.config",
    "aggregator.edges.dns",
    "aggregator.edges.http",
    "aggregator.edges.mailbox",
    "aggregator.edges.parsing",
    "aggregator.edges.smtp",
    "aggregator.edges.sql",
    "aggregator.pipeline",
    "aggregator.render",
)
ONLY_IN: dict[str, str] = {
    "babel": "aggregator.render.language",
    "brotli": "aggregator.hosts.web.shelf",
    "cryptography": "aggregator.edges.signing",
    "dns": "aggregator.edges.dns",
    "feedparser": "aggregator.steps.parse",
    "feedgen": "aggregator.render.generator",
    "flufl": "aggregator.steps.bounces",
    "httpx": "aggregator.edges.http",
    "imaplib": "aggregator.edges.mailbox",
    "sqlalchemy": "aggregator.edges.sql",
    "smtplib": "aggregator.edges.smtp",
    "apscheduler": "aggregator.hosts.embedded",
    "typer": "aggregator.hosts.cli",
}
IMPURE = {"os", "socket", "subprocess", "logging", "time", "random", "secrets", "tempfile"}


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        if "versions" in path.parts:
            continue
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def longest(name: str, prefixes: Iterable[str]) -> str | None:
    fits = [p for p in prefixes if name == p or name.startswith(p + ".")]
    return max(fits, key=len, default=None)


def floor(name: str) -> int:
    return FLOORS[longest(name, tuple(FLOORS)) or "aggregator"]


@pytest.mark.parametrize("name", modules())
def test_imports_go_down_only(name: str) -> None:
    own_room = longest(name, ROOMS)
    for target in imports(modules()[name]):
        if not target.startswith("aggregator.") or target not in modules():
            continue
        assert floor(target) <= floor(name), f"{name} imports {target}, which stands above it"
        other_room = longest(target, ROOMS)
        if own_room and other_room and floor(target) == floor(name):
            assert own_room == other_room, f"{name} knows {target}"


@pytest.mark.parametrize("library", ONLY_IN)
def test_one_module_knows_a_library(library: str) -> None:
    knowing = {
        name
        for name, path in modules().items()
        if any(target == library or target.startswith(library + ".") for target in imports(path))
    }
    strangers = {name for name in knowing if not longest(name, [ONLY_IN[library]])}
    assert not strangers


@pytest.mark.parametrize("name", [n for n in modules() if floor(n) <= 3 and n != "aggregator"])
def test_lower_floors_are_pure(name: str) -> None:
    path = modules()[name]
    found = {t.split(".")[0] for t in imports(path)} & IMPURE
    assert not found, f"{name} imports {found}"
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("now", "utcnow", "today"), f"{name} asks for the time"


def test_only_wiring_reads_the_clock() -> None:
    asking = {
        name
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date")
    }
    assert asking == {"aggregator.wiring"}


@pytest.mark.parametrize("name", [n for n in modules() if n.startswith("aggregator.steps")])
def test_rooms_stay_small(name: str) -> None:
    assert len(modules()[name].read_text("utf-8").splitlines()) <= 400
