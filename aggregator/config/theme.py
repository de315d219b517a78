"""theme.yaml -> Theme: how the letter looks, in one file beside feeds.yaml."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from aggregator.config import document, sentences
from aggregator.config.document import Fault
from aggregator.errors import ConfigError
from aggregator.rules import Theme

NAME = "theme.yaml"


def theme_beside(feeds: Path) -> Theme:
    """The operator's theme.yaml, else our own. Raises ConfigError with file, line and key."""
    path = feeds.parent / NAME
    if not path.is_file():
        return Theme()
    read = document.read(document.text_of(path))
    faults: tuple[Fault, ...] = read.faults
    try:
        made = Theme.model_validate({} if read.value is None else read.value)
    except ValidationError as error:
        faults = (*faults, *sentences.faults(error, read, Theme))
    if faults:
        raise ConfigError(
            tuple(
                f"{path}:{fault.line}: "
                + (f"{place}: " if (place := sentences.place(fault.where)) else "")
                + fault.what
                for fault in sorted(faults, key=lambda fault: fault.line)
            )
        )
    return made
