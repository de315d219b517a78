"""DNS records, address -> whether a domain lets that address send for it (RFC 7208)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Question: TypeAlias = tuple[str, str]
"""(name, type), such as ("example.org", "TXT")."""
Answer: TypeAlias = tuple[str, ...] | None
"""Records in their usual text form, MX as "10 mx.example.org"; None: no name server answered."""
Look: TypeAlias = Callable[[str, str], Answer]

Result: TypeAlias = Literal["pass", "fail", "softfail", "neutral", "none", "error", "unknown"]
MOST_LOOKUPS = 10
_QUALIFIERS: dict[str, Result] = {
    "+": "pass",
    "-": "fail",
    "~": "softfail",
    "?": "neutral",
}
_TERM = re.compile(r"([+?~-]?)([a-z0-9]+)(?:[:=]([^/\s]+))?((?:/.*)?)", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a domain's record says of one address."""

    result: Result
    record: str = ""
    lookups: int = 0
    """That all terms take together; receivers give up after 10, and so does the count."""
    fault: str = ""


def policy(domain: str, address: str, look: Look, *, depth: int = 0) -> Policy:
    """The verdict on `address`. Terms with macros, `ptr` and `exists` match nothing here."""
    answer = look(domain, "TXT")
    if answer is None:
        return Policy(result="unknown")
    records = [text for text in answer if re.match(r"v=spf1( |$)", text, re.I)]
    if len(records) != 1:
        fault = f"{domain} has {len(records)} SPF records" if records else ""
        return Policy(result="error" if records else "none", fault=fault)
    return _terms(records[0], domain, address, look, depth)


def _terms(record: str, domain: str, address: str, look: Look, depth: int) -> Policy:
    result: Result | None = None
    redirect, lookups, fault = "", 0, ""
    for text in record.split()[1:]:
        if lookups > MOST_LOOKUPS:  # receivers have given up by now
            break
        term = _TERM.fullmatch(text)
        if term is None:
            fault = fault or f'"{text}" cannot be read'
            continue
        name, value = term[2].lower(), term[3] or ""
        if name == "redirect":
            redirect = value
            continue
        lookups += name in ("include", "a", "mx", "ptr", "exists")
        matched: bool | None
        if name == "include":
            inner = _of_another(value, address, look, depth)
            lookups, fault = lookups + inner.lookups, fault or inner.fault
            matched = None if inner.result == "unknown" else inner.result == "pass"
            if inner.result == "none":
                fault = fault or f"{value} is included and has no SPF record"
        else:
            matched = _matches(name, value or domain, term[4], address, look)
        if result is None and matched is not False:
            result = _QUALIFIERS[term[1] or "+"] if matched else "unknown"
    if redirect:
        inner = _of_another(redirect, address, look, depth)
        lookups, fault = lookups + 1 + inner.lookups, fault or inner.fault
        result = result or inner.result
    return Policy(
        result="error" if fault else result or "neutral",
        record=record,
        lookups=lookups,
        fault=fault,
    )


def _of_another(domain: str, address: str, look: Look, depth: int) -> Policy:
    if "%" in domain:
        return Policy(result="neutral")
    if depth >= MOST_LOOKUPS:
        return Policy(result="error", fault="the record refers to itself, or too deeply")
    return policy(domain, address, look, depth=depth + 1)


def _matches(name: str, value: str, prefix: str, address: str, look: Look) -> bool | None:
    """None: a name server did not answer."""
    match name:
        case "all":
            return True
        case "ip4" | "ip6":
            return _within(address, value + prefix)
        case "a":
            return _any_within(address, prefix, _addresses(value, address, look))
        case "mx":
            hosts = look(value, "MX")
            found = [_addresses(mx_host(mx), address, look) for mx in (hosts or ())[:10]]
            if hosts is None or None in found:
                return None
            return any(_any_within(address, prefix, each) for each in found)
    return False


def mx_host(record: str) -> str:
    """The host of an MX record; empty when the domain takes no mail (RFC 7505)."""
    return record.partition(" ")[2].rstrip(".")


def _addresses(host: str, like: str, look: Look) -> Answer:
    if "%" in host:
        return ()
    return look(host, "AAAA" if ":" in like else "A")


def _any_within(address: str, prefix: str, found: Answer) -> bool | None:
    if found is None:
        return None
    lengths = re.fullmatch(r"(?:/(\d+))?(?://(\d+))?", prefix)
    length = lengths[2 if ":" in address else 1] if lengths else None
    return any(_within(address, f"{each}/{length}" if length else each) for each in found)


def _within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
