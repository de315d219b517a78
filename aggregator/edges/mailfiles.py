"""Letter -> a file: DIR/<id>.eml, or a Maildir that mail programs read."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

from aggregator.model import Mail, SendResult, Sent


class FileSend:
    """Writes letters as DIR/<mail id>.eml, whole or not at all. Implements `ports.Send`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, mail: Mail, before_dot: Callable[[], bool]) -> SendResult:
        """Write one letter; the same id again replaces it."""
        name = _file_name(mail)
        draft = self.directory / f".{name}.{os.getpid()}.{threading.get_ident()}.tmp"
        return _written(mail.message, draft, self.directory / f"{name}.eml", before_dot)

    def close(self) -> None:
        """Nothing stays open between two letters."""


class MaildirSend:
    """Delivers letters into a Maildir: tmp, then new. Implements `ports.Send`.

    The name of a letter's file comes from its id, not from clock and chance as usual: the same
    letter delivered again replaces the first, or is left out when that was read already.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, mail: Mail, before_dot: Callable[[], bool]) -> SendResult:
        """Deliver one letter; with LF alone as line end, as is usual in files."""
        name = _file_name(mail)
        draft, new = self.directory / "tmp" / name, self.directory / "new" / name
        try:
            for folder in ("tmp", "new", "cur"):
                (self.directory / folder).mkdir(parents=True, exist_ok=True)
            seen = any(f.partition(":")[0] == name for f in os.listdir(self.directory / "cur"))
        except OSError as error:
            return _failed(self.directory, error)
        if seen:
            return SendResult(result=Sent.SENT, code=250, detail="was delivered before")
        return _written(mail.message.replace(b"\r\n", b"\n"), draft, new, before_dot)

    def close(self) -> None:
        """Nothing stays open between two letters."""


def _file_name(mail: Mail) -> str:
    return re.sub(r"[^\w.@+-]", "_", mail.id, flags=re.ASCII).lstrip(".") or "letter"


def _written(
    content: bytes, draft: Path, final: Path, before_dot: Callable[[], bool]
) -> SendResult:
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if not before_dot():
            return SendResult(result=Sent.LATER, detail="withdrawn before it was written")
        draft.replace(final)
    except OSError as error:
        return _failed(final.parent, error)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return SendResult(result=Sent.SENT, code=250, detail=str(final))


def _failed(directory: Path, error: OSError) -> SendResult:
    return SendResult(result=Sent.LATER, detail=f"{directory}: {error.strerror}")
