"""The `feeds:` list: ids, doubled feeds, and how new ones are written into the operator's file."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from aggregator.config import document
from aggregator.config.document import Document, Fault
from aggregator.errors import ConfigError
from aggregator.model import Feed
from aggregator.rules import FeedEntry

_UNITS = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def same(url: str) -> str:
    """Two URLs with the same answer are one feed: scheme, case of the host and last slash aside."""
    try:
        parts = urlsplit(url.strip())
        port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    except ValueError:
        return url.strip()
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.username or ''}@{parts.hostname or ''}{port}{parts.path.rstrip('/')}{query}"


def made_id(url: str) -> str:
    """A stable id from host and path; a query or a long path is folded into a short hash."""
    parts = urlsplit(url)
    path = re.sub(r"\.(xml|rss|rdf|atom|php|htm|html)$", "", parts.path.lower())
    host = re.sub(r"^www\d*\.", "", parts.hostname or "")
    slug = re.sub(r"[^a-z0-9]+", "-", f"{host}{path}").strip("-") or "feed"
    if parts.query or len(slug) > 56:
        slug = f"{slug[:56].strip('-')}-{_short_hash(url)}"
    return slug


def identified(entries: Sequence[FeedEntry]) -> tuple[FeedEntry, ...]:
    """Entries with an id each. Given ids come first; of two made ones the later takes a hash."""
    taken = {entry.id for entry in entries if entry.id}
    done = []
    for entry in entries:
        name = entry.id
        if not name:
            name = made_id(entry.url)
            if name in taken:
                name = f"{name[:56].strip('-')}-{_short_hash(entry.url)}"
            taken.add(name)
        done.append(entry.model_copy(update={"id": name}))
    return tuple(done)


def as_feed(entry: FeedEntry) -> Feed:
    return Feed(**entry.model_dump(exclude={"enabled"}))


def doubled(read: Document) -> tuple[Fault, ...]:
    """Ids and URLs that stand twice in the file."""
    feeds = read.value.get("feeds") if isinstance(read.value, dict) else None
    found: list[Fault] = []
    first: dict[tuple[str, str], int] = {}
    for index, feed in enumerate(feeds if isinstance(feeds, list) else ()):
        for key, word in (("id", "id"), ("url", "feed")):
            value = feed.get(key) if isinstance(feed, dict) else None
            if not isinstance(value, str) or not value:
                continue
            where = ("feeds", index, key)
            line = read.line(where)
            meant = (key, same(value) if key == "url" else value)
            if meant in first:
                what = f"doubled, the same {word} stands in line {first[meant]}"
                found.append(Fault(line=line, where=where, what=what))
            first.setdefault(meant, line)
    return tuple(found)


def add_feeds(path: Path, entries: Iterable[FeedEntry]) -> tuple[FeedEntry, ...]:
    """Append feeds to the operator's file and return those that were not there yet.

    Every byte that stands in the file stays: comments, order, quotes. Each new feed is written
    with its id, so that a later neighbour cannot change it. Raises ConfigError.
    """
    text = document.text_of(path) if path.exists() else ""
    read = document.read(text)
    if read.faults:
        raise ConfigError(tuple(f"{path}:{f.line}: {f.what}" for f in read.faults))
    feeds = (read.value or {}).get("feeds") if isinstance(read.value or {}, dict) else None
    present = [feed for feed in feeds or () if isinstance(feed, dict)]
    seen = {same(str(feed.get("url", ""))) for feed in present}
    wanted = []
    for entry in entries:
        if same(entry.url) not in seen:
            seen.add(same(entry.url))
            wanted.append(entry)
    if not wanted:
        return ()
    new = _beside(present, wanted)
    longer = _appended(text, new, path)
    check = document.read(longer).value
    if not isinstance(check, dict) or check["feeds"] != [*present, *map(_row, new)]:
        raise ConfigError((f"{path}: feeds: cannot be extended in this form, add by hand",))
    _write(path, longer)
    return new


def _beside(
    present: Sequence[dict[str, Any]], wanted: Sequence[FeedEntry]
) -> tuple[FeedEntry, ...]:
    """The wanted entries with ids that none of the present feeds has."""
    taken = {str(feed.get("id") or made_id(str(feed.get("url", "")))) for feed in present}
    new = []
    for entry in wanted:
        name = entry.id or made_id(entry.url)
        if name in taken:
            name = f"{name[:56].strip('-')}-{_short_hash(entry.url)}"
        taken.add(name)
        new.append(entry.model_copy(update={"id": name}))
    return tuple(new)


def _appended(text: str, new: Sequence[FeedEntry], path: Path) -> str:
    root: Node | None = YAML(typ="safe", pure=True).compose(text)
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    found = _feeds_node(root)
    if found is None:
        return "".join([*lines, end if lines else "", "feeds:", end, _rows(new, 2, end)])
    key, node = found
    if isinstance(node, SequenceNode) and node.value and not node.flow_style:
        column = node.start_mark.column
        after = _last_line(node) + 1
        while after < len(lines) and re.match(rf" {{{column + 1},}}#", lines[after]):
            after += 1  # a comment this deep belongs to the last feed
        lines.insert(after, end + _rows(new, column, end))
        return "".join(lines)
    if isinstance(node, SequenceNode) and node.value:
        what = "feeds: stands in one line as [...]: give each feed lines of its own first"
        raise ConfigError((f"{path}:{key.start_mark.line + 1}: {what}",))
    line = key.start_mark.line
    if isinstance(node, SequenceNode):
        lines[line] = re.sub(r"\[\s*\]", "", lines[line], count=1)
    lines.insert(line + 1, _rows(new, key.start_mark.column + 2, end))
    return "".join(lines)


def _feeds_node(root: Node | None) -> tuple[Node, Node] | None:
    if not isinstance(root, MappingNode):
        return None
    return next(((key, node) for key, node in root.value if key.value == "feeds"), None)


def _last_line(node: Node) -> int:
    """The line (from 0) on which the last scalar inside the node ends."""
    if isinstance(node, ScalarNode) or not node.value:
        end = node.end_mark
        # a block scalar's end mark stands at the start of the line after it
        after = end.column == 0 and end.line > node.start_mark.line
        return int(end.line) - int(after)
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)


def _rows(entries: Sequence[FeedEntry], indent: int, end: str) -> str:
    writer = YAML(typ="rt", pure=True)
    writer.width = 10_000
    out = io.StringIO()
    writer.dump([_row(entry) for entry in entries], out)
    return "".join(f"{' ' * indent}{line}{end}" for line in out.getvalue().splitlines())


def _row(entry: FeedEntry) -> dict[str, Any]:
    """The fields that say more than the default, id first."""
    said = entry.model_dump(exclude_defaults=True)
    named = {"id": entry.id, "title": entry.title, "url": entry.url}
    row: dict[str, Any] = {**named, **{k: v for k, v in said.items() if k not in named}}
    if entry.tags:
        row["tags"] = list(entry.tags)
    if entry.every is not None:
        row["every"] = duration(entry.every)
    return row


def duration(value: timedelta) -> str:
    """90 seconds -> "90s", an hour -> "1h"."""
    seconds = int(value.total_seconds())
    unit, size = next((u, s) for u, s in _UNITS if seconds % s == 0 and (seconds or s == 1))
    return f"{seconds // size}{unit}"


def _write(path: Path, text: str) -> None:
    """Replace the file at once; where only the file itself may be written (one that is mounted
    into a container), write into it."""
    target = path.resolve()
    try:
        try:
            _replace(target, text)
        except OSError:
            target.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigError((f"{path}: cannot be written: {error.strerror}",)) from error


def _replace(target: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            out.write(text)
        os.chmod(name, target.stat().st_mode & 0o777 if target.exists() else 0o644)
        os.replace(name, target)
    except OSError:
        os.unlink(name)
        raise


def _short_hash(url: str) -> str:
    return hashlib.sha256(same(url).encode()).hexdigest()[:6]
