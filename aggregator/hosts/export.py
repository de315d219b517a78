"""The site -> files. Each file is replaced at once, so a web server never reads half a page."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from aggregator.hosts.site import everything
from aggregator.ports import Tools
from aggregator.render.links import file_of

_LIST = ".aggregator-files"
"""What the last export wrote: only that is ever removed again."""


def export(tools: Tools, folder: Path) -> int:
    """Write everything below `folder`, then remove what the last export wrote and this one did not.

    The folder itself is never swapped: it may be a mount or the root of a running web server.
    Returns the number of files. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    former = _former(folder)
    written: list[str] = []
    for path, page in everything(tools):
        name = file_of(path)
        _replace(folder / name, page.body)
        written.append(name)
    _replace(folder / _LIST, "\n".join(sorted(written)).encode() + b"\n")
    for name in former - set(written):
        _remove(folder, name)
    return len(written)


def _former(folder: Path) -> set[str]:
    try:
        names = (folder / _LIST).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return set()
    return {n for n in names if n and not n.startswith("/") and ".." not in Path(n).parts}


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _remove(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    parent = (folder / name).parent
    if parent != folder and not any(parent.iterdir()):
        parent.rmdir()
