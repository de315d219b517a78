"""mail dkim: the key that signs letters."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from aggregator.errors import AggregatorError
from aggregator.hosts.cli.options import AsJson, Config, Data, loaded, out, print_json, told
from aggregator.render.letter import address

app = typer.Typer(help="How letters leave.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """How letters leave."""


@app.command()
@told
def dkim(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where the key is, or will be.")
    ] = Path("dkim.pem"),
    selector: Annotated[
        str, typer.Option("--selector", help="Its name in DNS. [default: mail.dkim_selector]")
    ] = "",
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make the key that signs letters, unless FILE is there, and print the record for DNS."""
    from aggregator.edges.signing import dns_record  # 30 ms, which no other command should wait for

    known = loaded(config, data).config
    domain = address(known.site, known.mail).rpartition("@")[2]
    name = f"{selector or known.mail.dkim_selector or 'digest'}._domainkey.{domain}"
    made = _written(file)
    try:
        record = dns_record(file.read_text("ascii"))
    except (OSError, UnicodeError) as error:
        raise AggregatorError(f"{file}: {getattr(error, 'strerror', 'is no key')}") from error
    if as_json:
        print_json({"file": str(file), "made": made, "name": name, "record": record})
        return
    out.print(
        f"{'new key' if made else 'key'} in {file}, for AGGREGATOR_DKIM_KEY_FILE", markup=False
    )
    out.print(f"TXT record for {name}:", markup=False)
    out.print(f"  {record}", markup=False)
    out.print(f"then, in feeds.yaml: mail.dkim_selector: {name.partition('.')[0]}", markup=False)


def _written(file: Path) -> bool:
    """A new key in a file that was not there, for its owner alone."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise AggregatorError(f"{file}: cannot be written: {error.strerror}") from error
    from aggregator.edges.signing import new_key

    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write(new_key())
    return True
