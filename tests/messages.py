"""`make messages`: what templates and code say in English -> every catalogue, kept up to date."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
LOCALES = ROOT / "aggregator" / "locale"
_PLACES = (
    ("aggregator/render", "*.py", "python"),
    ("aggregator/hosts", "*.py", "python"),
    ("templates/web", "*.html", "jinja2.ext:babel_extract"),
    ("templates/mail", "*.html", "jinja2.ext:babel_extract"),
    ("templates/mail", "*.txt", "jinja2.ext:babel_extract"),
)
_KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "say": None,
    "ngettext": (1, 2),
}


def messages() -> Catalog:
    """All words that are to be translated, with the file that holds them."""
    found = Catalog(project="korea-diplomacy-digest", charset="utf-8")
    for file, method in _files():
        with file.open("rb") as stream:
            for _, message, _, _ in extract(
                method, stream, _KEYWORDS, options={"trimmed": "true", "encoding": "utf-8"}
            ):
                if message:
                    found.add(message, locations=[(str(file.relative_to(ROOT)), 0)])
    return found


def _files() -> Iterator[tuple[Path, str]]:
    for folder, pattern, method in _PLACES:
        for file in sorted((ROOT / folder).rglob(pattern)):
            yield file, method


def main() -> None:
    template = messages()
    for file in sorted(LOCALES.glob("*.po")):
        catalogue = read_po(BytesIO(file.read_bytes()), locale=file.stem)
        catalogue.update(template, no_fuzzy_matching=True)
        with file.open("wb") as stream:
            write_po(
                stream, catalogue, width=100, omit_header=False, no_location=True,
                ignore_obsolete=True,
            )  # fmt: skip
        missing = sum(1 for message in catalogue if message.id and not message.string)
        print(f"{file.name}: {len(catalogue)} messages, {missing} without translation")  # noqa: T201


if __name__ == "__main__":
    main()
