"""A letter -> what SpamAssassin thinks of it, where it is installed; without network (`-L`)."""

from __future__ import annotations

import re
import shutil
import subprocess

from aggregator.model import SpamScore

PROGRAM = "spamassassin"
SECONDS = 60
_STATUS = re.compile(r"score=(-?[0-9.]+)\s.*?tests=([A-Z0-9_,\s]*)", re.S)


def installed() -> bool:
    """Whether there is one to ask."""
    return shutil.which(PROGRAM) is not None


def spam_score(message: bytes) -> SpamScore | str:
    """The score and the rules that made it; a sentence when the program gave none."""
    try:
        ran = subprocess.run(
            [PROGRAM, "-L"], input=message, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"SpamAssassin could not be asked: {type(error).__name__}"
    head = ran.stdout.partition(b"\n\n")[0].decode("ascii", "replace")
    _, status, said = head.partition("X-Spam-Status:")
    found = _STATUS.search(said)
    if not status or not found:
        return f"SpamAssassin gave no score (exit {ran.returncode})"
    rules = tuple(rule for rule in re.split(r"[,\s]+", found[2]) if rule and rule != "autolearn")
    return SpamScore(score=float(found[1]), rules=rules)
