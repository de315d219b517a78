"""What name servers said -> how receivers of mail see our domain: SPF, DKIM, DMARC, PTR, MX."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.steps import spf
from aggregator.steps.doctor import Finding, unchecked
from aggregator.steps.spf import Answer, Look, Question

_SILENT = "no DNS answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Who sends from where. Domains in ASCII."""

    sender: str
    """Domain in From."""
    envelope: str
    """Domain of the return path."""
    host: str
    """The mail server that speaks to receivers; of a relay elsewhere, the relay."""
    ours: bool
    """Whether that is this machine."""
    selector: str = ""
    dkim_record: str = ""
    """TXT that goes with our key; empty: letters are not signed here."""


def examine(
    sending: Sending, answers: Mapping[Question, Answer]
) -> tuple[tuple[Finding, ...], frozenset[Question]]:
    """(findings, what else must be asked before they count)."""
    missing: set[Question] = set()

    def look(name: str, kind: str) -> Answer:
        question = (name.rstrip(".").lower(), kind)
        if question not in answers:
            missing.add(question)
        return answers.get(question)

    org, dmarc_record = _dmarc_record(sending.sender, look)
    addresses = _addresses(sending.host, look)
    policy = spf.policy(sending.envelope, (addresses or ("",))[0], look)
    findings = (
        _spf(sending, policy, addresses),
        _dkim(sending, look),
        _dmarc(sending, org, dmarc_record, policy),
        _ptr(sending, addresses, look),
        _mx(sending, look),
    )
    return findings, frozenset(missing)


def _addresses(host: str, look: Look) -> Answer:
    try:
        return (str(ipaddress.ip_address(host)),)
    except ValueError:
        pass
    four, six = look(host, "A"), look(host, "AAAA")
    return None if four is None and six is None else (*(four or ()), *(six or ()))


# ── SPF ──────────────────────────────────────────────────────────────────────────────────────────


def _spf(sending: Sending, policy: spf.Policy, addresses: Answer) -> Finding:
    domain, who = sending.envelope, "this machine" if sending.ours else sending.host
    if policy.result == "unknown" and not policy.record:
        return unchecked("spf", _SILENT)
    if policy.result == "none":
        return Finding(
            what="spf",
            state="failed",
            found=f"{domain} has no SPF record",
            advice=f'TXT {domain} "v=spf1 {"a mx" if sending.ours else "include:…"} -all", '
            "with what the provider of the mail server names",
        )
    if policy.result == "error" or policy.lookups > spf.MOST_LOOKUPS:
        return Finding(
            what="spf",
            state="failed",
            found=policy.fault or f"the record of {domain} needs more than 10 look-ups",
            advice="receivers take such a record for none: mend it",
        )
    if re.search(r"[ +]\+?all\b", policy.record, re.I):
        return Finding(
            what="spf",
            state="warning",
            found=f"{domain} lets everybody send: {policy.record}",
            advice='end the record with "-all" or "~all"',
        )
    if not addresses or policy.result == "unknown":
        return Finding(
            what="spf",
            state="ok",
            found=f"{domain} has a record; the address of {who} is not known",
        )
    if policy.result != "pass":
        return Finding(
            what="spf",
            state="failed" if sending.ours else "warning",
            found=f"{domain} does not name {who} ({addresses[0]}): {policy.record}",
            advice="add what is missing"
            if sending.ours
            else "right if the provider sends from other addresses and the record includes them",
        )
    return Finding(what="spf", state="ok", found=f"{domain} names {who} ({addresses[0]})")


# ── DKIM ─────────────────────────────────────────────────────────────────────────────────────────


def _dkim(sending: Sending, look: Look) -> Finding:
    if not sending.dkim_record:
        return Finding(
            what="dkim",
            state="warning",
            found="letters are not signed here",
            advice="right if the mail server signs for the domain in From; "
            "else set mail.dkim_selector and AGGREGATOR_DKIM_KEY",
        )
    name = f"{sending.selector}._domainkey.{sending.sender}"
    found = look(name, "TXT")
    if found is None:
        return unchecked("dkim", _SILENT)
    wanted = f'TXT {name} "{sending.dkim_record}"'
    if not found:
        return Finding(what="dkim", state="failed", found=f"{name} has no record", advice=wanted)
    keys = {_tags(text).get("p", "") for text in found}
    if keys == {""}:
        return Finding(what="dkim", state="failed", found=f"{name} is revoked", advice=wanted)
    if _tags(sending.dkim_record)["p"] not in keys:
        return Finding(
            what="dkim",
            state="failed",
            found=f"{name} holds another key than ours: every signature fails",
            advice=wanted,
        )
    return Finding(what="dkim", state="ok", found=f"{name} holds our key")


# ── DMARC ────────────────────────────────────────────────────────────────────────────────────────


def _dmarc_record(domain: str, look: Look) -> tuple[str, Answer]:
    """(the domain that speaks for the organisation, its records): the topmost that has one."""
    labels = domain.split(".")
    org, records = domain, look(f"_dmarc.{domain}", "TXT")
    found = _dmarc_only(records)
    for n in range(1, len(labels) - 1):
        above = ".".join(labels[n:])
        answer = look(f"_dmarc.{above}", "TXT")
        if _dmarc_only(answer):
            org = above
            found = found or _dmarc_only(answer)
    return org, None if records is None and not found else found


def _dmarc_only(answer: Answer) -> tuple[str, ...]:
    return tuple(text for text in answer or () if re.match(r"v=DMARC1\s*(;|$)", text))


def _dmarc(sending: Sending, org: str, records: Answer, policy: spf.Policy) -> Finding:
    domain = sending.sender
    if records is None:
        return unchecked("dmarc", _SILENT)
    if len(records) != 1:
        return Finding(
            what="dmarc",
            state="failed",
            found=f"_dmarc.{domain} has {len(records)} records" if records else "no DMARC record",
            advice=f'TXT _dmarc.{domain} "v=DMARC1; p=none; rua=mailto:…", one record; '
            "Gmail and Yahoo ask bulk senders for it",
        )
    tags = _tags(records[0])
    if tags.get("p", "").lower() not in ("none", "quarantine", "reject"):
        return Finding(
            what="dmarc",
            state="failed",
            found=f"the DMARC record has no p=none, quarantine or reject: {records[0]}",
            advice="receivers take such a record for none: mend it",
        )
    passes = policy.result not in ("none", "error", *(("fail",) if sending.ours else ()))
    by_spf = passes and _aligned(sending.envelope, domain, org, tags.get("aspf", "r"))
    if not sending.dkim_record and not by_spf:
        return Finding(
            what="dmarc",
            state="failed" if sending.ours else "warning",
            found=f"nothing speaks for {domain}: no signature of ours, and SPF is about "
            f"{sending.envelope}",
            advice=f"sign letters here, or take bounces.address within {org}",
        )
    how = " and ".join(["DKIM"] * bool(sending.dkim_record) + ["SPF"] * by_spf)
    return Finding(what="dmarc", state="ok", found=f"p={tags['p']}, {how} aligned with {domain}")


def _aligned(one: str, sender: str, org: str, mode: str) -> bool:
    if mode.lower() == "s":
        return one == sender
    return one == org or one.endswith(f".{org}")


# ── PTR and MX ───────────────────────────────────────────────────────────────────────────────────


def _ptr(sending: Sending, addresses: Answer, look: Look) -> Finding:
    if addresses is None:
        return unchecked("ptr", _SILENT)
    public = [a for a in addresses if ipaddress.ip_address(a).is_global]
    if not public:
        return unchecked("ptr", f"{sending.host} has no public address")
    told = [_reverse(address, look) for address in public]
    if None in told:
        return unchecked("ptr", _SILENT)
    wrong = next((each for each in told if each), "")
    if wrong:
        return Finding(
            what="ptr",
            state="failed" if sending.ours else "warning",
            found=wrong,
            advice="whoever rents out the address sets its name; many receivers refuse mail from "
            "an address without one",
        )
    return Finding(what="ptr", state="ok", found=f"{', '.join(public)}: name and address agree")


def _reverse(address: str, look: Look) -> str | None:
    """What is wrong with the name of an address; None: a name server did not answer."""
    names = look(ipaddress.ip_address(address).reverse_pointer, "PTR")
    if names is None:
        return None
    if not names:
        return f"{address} has no name (PTR)"
    found = [look(name, "AAAA" if ":" in address else "A") for name in names[:5]]
    if any(address in (each or ()) for each in found):
        return ""
    return None if None in found else f"{address} is called {names[0]}, which is another address"


def _mx(sending: Sending, look: Look) -> Finding:
    domain = sending.envelope
    hosts, address = look(domain, "MX"), look(domain, "A")
    if hosts is None:
        return unchecked("mx", _SILENT)
    if any(spf.mx_host(host) for host in hosts):
        return Finding(what="mx", state="ok", found=f"{domain} takes mail")
    if not hosts and address:
        return Finding(what="mx", state="ok", found=f"{domain} takes mail at its own address")
    return Finding(
        what="mx",
        state="failed",
        found=f"{domain} takes no mail: letters cannot come back",
        advice=f"MX {domain}, or another bounces.address: receivers refuse such senders",
    )


def _tags(record: str) -> dict[str, str]:
    """`a=1; b=2` as they are; white space inside a value does not count."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}
