"""A letter's HTML -> what a reader sees, in Chromium where it is installed.

The program's own window is never narrower than 500 px, so the letter stands in a frame of the width
that is asked for, inside a page that measures it.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from aggregator.model import Look

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60
WIDTHS = (375, 640)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_FIRST_HEIGHT = 2_000
_NARROWEST = 500
_TALLEST = 16_000
"""Pixels of one picture."""
_MEASURE = """<!doctype html><meta charset="utf-8"><title>-</title>
<style>body{{margin:0}}iframe{{border:0;width:{width}px;height:{height}px;display:block}}</style>
<iframe id="letter" srcdoc="{letter}"></iframe>
<script>
document.getElementById("letter").addEventListener("load", event => {{
  const page = event.target.contentDocument.documentElement;
  document.title = "seen " + page.scrollWidth + " " + page.scrollHeight;
}});
</script>"""
_SEEN = re.compile(r"<title>seen (\d+) (\d+)</title>")
_IMAGES = re.compile(r'(<img\b[^>]*?)\ssrc="[^"]*"', re.I)


def installed() -> bool:
    """Whether there is one to ask."""
    return _program() is not None


def looks(letter: str, folder: Path, name: str) -> Iterator[Look | str]:
    """The letter at 375 and 640 px, light and dark, without images: measured, and as pictures
    FOLDER/NAME-WIDTH-SCHEME.png. A sentence in place of what could not be seen."""
    without_images = _IMAGES.sub(r"\1", letter)
    for width in WIDTHS:
        with tempfile.TemporaryDirectory(prefix="aggregator-look-") as place:
            try:
                yield from _looks(without_images, width, folder / name, Path(place))
            except (OSError, subprocess.SubprocessError) as error:
                yield f"Chromium could not be asked: {type(error).__name__}"


def _program() -> str | None:
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def _looks(letter: str, width: int, picture: Path, place: Path) -> Iterator[Look | str]:
    program = _program()
    if program is None:
        yield "Chromium is not installed"
        return
    page = place / "letter.html"

    def framed(height: int) -> None:
        frame = _MEASURE.format(width=width, height=height, letter=html.escape(letter))
        page.write_text(frame, "utf-8")

    framed(_FIRST_HEIGHT)
    found = _SEEN.search(_run(program, page, "light", "--dump-dom"))
    if found is None:
        yield f"Chromium did not show the letter at {width} px"
        return
    seen_width, seen_height = int(found[1]), int(found[2])
    height = min(seen_height, _TALLEST)
    framed(height)
    picture.parent.mkdir(parents=True, exist_ok=True)
    for scheme in SCHEMES:
        file = picture.with_name(f"{picture.name}-{width}-{scheme}.png")
        size = f"--window-size={max(width, _NARROWEST)},{height}"
        _run(program, page, scheme, size, f"--screenshot={file.absolute()}")
        yield Look(
            width=width,
            scheme=scheme,
            seen_width=seen_width,
            seen_height=seen_height,
            picture=str(file) if file.is_file() else "",
        )


def _run(program: str, page: Path, scheme: str, *options: str) -> str:
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    ran = subprocess.run(
        [
            program,
            "--headless",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={page.parent}/profile",
            f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
            "--virtual-time-budget=3000",
            *sandbox,
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    return ran.stdout.decode("utf-8", "replace")
