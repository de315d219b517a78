"""How the program speaks: a line for people on a terminal, one JSON object a line otherwise."""

from __future__ import annotations

import logging
import sys

from pythonjsonlogger.json import JsonFormatter
from rich.console import Console
from rich.logging import RichHandler

_QUIET = ("httpx", "httpcore", "apscheduler", "alembic", "uvicorn.access")


def start(*, verbose: bool = False) -> None:
    """Send log records to stderr. On a terminal only warnings, unless `verbose`."""
    handler: logging.Handler
    if sys.stderr.isatty():
        handler = RichHandler(
            console=Console(stderr=True), show_path=False, markup=False, rich_tracebacks=False
        )
        level = logging.INFO if verbose else logging.WARNING
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(
            JsonFormatter(
                "%(levelname)s %(name)s %(message)s",
                timestamp=True,
                rename_fields={"levelname": "level", "name": "logger", "message": "event"},
                json_ensure_ascii=False,
            )
        )
        level = logging.INFO
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("flufl.bounce").disabled = True  # it tells what it looks at
