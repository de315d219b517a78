"""A first round of the whole command over a local web server, beside feedparser on the same bytes.

`python -m tests.bench.cold`. nginx serves where it is installed, else Python's own server. Counted
is the CPU time of every process that the command started, its start and its stories included.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from aggregator import demo

DATA = Path(os.environ.get("AGGREGATOR_TEST_DATA", "../shared/corpus")).resolve()
MOST_SHARE = 0.30
_PR_SET_CHILD_SUBREAPER = 36


def gathered(folder: Path) -> list[str]:
    """Write or find the documents to serve below `folder`; returns their paths."""
    paths = [*sorted((DATA / "feeds").glob("*")), *sorted((DATA / "two-weeks/feeds").glob("*"))]
    named = [(f"{n}.xml", path.read_bytes()) for n, path in enumerate(paths)]
    named = named or [(f"{name}.xml", demo.document(name)) for name in demo.publishers()]
    for name, body in named:
        (folder / name).write_bytes(body)
    return [name for name, _ in named]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a web server for the files in `folder`."""
    port = free_port()
    if nginx := shutil.which("nginx"):
        settings = folder / "nginx.conf"
        settings.write_text(
            f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;\n"
            "events {}\n"
            "http { access_log off; default_type application/xml; gzip on; gzip_types *;\n"
            f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n"
        )
        command = [nginx, "-p", str(folder), "-c", str(settings)]
    else:
        command = [sys.executable, "-m", "http.server", str(port), "-b", "127.0.0.1"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def cpu_of(command: list[str]) -> tuple[float, float, str]:
    """Run it; (CPU seconds of it and all it started, MB of its largest process, its output)."""
    watched = [sys.executable, "-m", "tests.bench.cold", "watch", *command]
    done = subprocess.run(watched, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    said, _, figures = done.stdout.decode().strip().rpartition("\n")
    spent, peak = map(float, figures.split())
    return spent, peak, said


def watch(command: list[str]) -> None:
    """Run it, print what it prints, and the figures in a last line.

    The parser processes are no children of the command: here whoever is orphaned becomes a child of
    this process, and is waited for.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    subprocess.run(command, check=True)
    with suppress(ChildProcessError):
        while True:
            os.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stdout.write(f"{used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024}\n")


def alone(folder: Path) -> None:
    """What is measured against: feedparser, and nothing else."""
    import feedparser

    bodies = [path.read_bytes() for path in sorted(folder.glob("*.xml"))]
    started = time.process_time()
    for body in bodies:
        feedparser.parse(io.BytesIO(body))
    sys.stdout.write(f"{time.process_time() - started}\n")


def main() -> None:
    """Print the table."""
    console = Console(width=100)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        web, place = folder / "web", folder / "place"
        web.mkdir()
        place.mkdir()
        paths = gathered(web)
        aggregator = [sys.executable, "-m", "aggregator"]
        found: dict[str, Any] = {}
        command = [sys.executable, "-m", "tests.bench.cold", "alone", str(web)]
        told = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        base = float(told.stdout)
        start, _, _ = cpu_of([*aggregator, "--help"])
        with serving(web) as address:
            feeds = [
                {"id": f"f{n}", "title": p, "url": f"{address}/{p}"} for n, p in enumerate(paths)
            ]
            # JSON is YAML too.
            (place / "feeds.yaml").write_text(
                json.dumps({"polling": {"allow_private_networks": True}, "feeds": feeds})
            )
            poll = [*aggregator, "poll", "--all", "--json"]
            poll += ["--config", str(place / "feeds.yaml"), "--data", str(place / "data")]
            table = Table("round", "CPU s", "× feedparser", "wall s", "peak MB", "said")
            table.add_row("feedparser.parse alone", f"{base:.2f}", "1.00", "", "", "")
            table.add_row("start of the command (--help)", f"{start:.2f}", f"{start / base:.2f}")
            for name in ("first", "second"):
                cpu, peak, said = cpu_of(poll)
                found[name] = json.loads(said)
                kept = ("ok", "not_modified", "failed", "entries", "relevant", "stories")
                table.add_row(
                    name,
                    f"{cpu:.2f}",
                    f"{cpu / base:.2f}",
                    f"{found[name]['seconds']:.1f}",
                    f"{peak:.0f}",
                    " ".join(f"{k}={found[name][k]}" for k in kept),
                )
                if name == "first":
                    share = cpu / base
        console.print(table)
        verdict = "met   " if share <= MOST_SHARE else "MISSED"
        console.print(f"{verdict} cold ingest: {share:.2f} of feedparser alone, start included")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["watch", *command]:
            watch(command)
        case ["alone", folder]:
            alone(Path(folder))
        case _:
            main()
