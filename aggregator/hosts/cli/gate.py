"""digest check: what speaks against an issue before it is mailed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aggregator import jobs
from aggregator.hosts.cli.digests import Week, chosen
from aggregator.hosts.cli.options import AsJson, AsOf, Config, Data, out, print_json, told, tools


@told
def check(
    week: Week = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="For pictures of the letter. [default: DATA/looks]"
        ),
    ] = None,
    config: Config = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Look an issue over as it would be mailed: what would hold it, and what is worth mending.

    Exit code 1 when something would hold it.
    """
    with tools(config, data, as_of=as_of) as opened:
        period = chosen(opened, week)
        issue = opened.store.issue(period.name) or jobs.draft(opened, period)
        findings = jobs.look_over(opened, issue, folder)
        unasked = [
            name
            for name, asked in (
                ("SpamAssassin", opened.spam_score),
                ("Chromium", opened.looks),
            )
            if asked is None or not opened.config.digest.look
        ]
        pictures = folder or opened.pictures
    why = jobs.holds(findings)
    if as_json:
        print_json(
            {
                "period": period.name,
                "holds": bool(why),
                "findings": [
                    {"requirement": f.number, "severity": f.severity, "what": f.what}
                    for f in findings
                ],
                "not_asked": unasked,
            }
        )
    else:
        for found in findings:
            out.print(f"{found.severity}: [{found.number}] {found.what}", markup=False)
        for name in unasked:
            out.print(f"not asked: {name}")
        if "Chromium" not in unasked:
            out.print(f"pictures: {pictures}", markup=False)
        verdict = "it would be held" if why else "it may go"
        out.print(f"{period.name}: {verdict}", markup=False)
    if why:
        raise typer.Exit(1)
