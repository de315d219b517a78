"""Who may send for a domain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.steps.spf import Answer, Look, policy

ADDRESS = "192.0.2.25"


def looking(**records: str | tuple[str, ...] | None) -> Look:
    """example_org="v=spf1 …" answers TXT; mx_…, a_…, aaaa_… the other types."""

    def look(name: str, kind: str) -> Answer:
        key = (
            name.replace(".", "_") if kind == "TXT" else f"{kind.lower()}_{name}".replace(".", "_")
        )
        found = records.get(key, ())
        return (found,) if isinstance(found, str) else found

    return look


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
        ("v=spf1 ip4:198.51.100.0/24 -all", "fail"),
        ("v=spf1 ip4:198.51.100.0/24 ~all", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1", "neutral"),
        ("V=SPF1 MX -ALL", "pass"),
        ("v=spf1 a -all", "fail"),
        ("v=spf1 a/24 -all", "pass"),
        ("v=spf1 a:relay.example.net -all", "pass"),
        ("v=spf1 include:_spf.example.net -all", "pass"),
        ("v=spf1 redirect=_spf.example.net", "pass"),
        ("v=spf1 include:nothing.example.net -all", "error"),
        ("v=spf1 include:%{d}.example.net exists:%{i}.example.net a:%{h} -all", "fail"),
        ("v=spf1 exp=explain.example.net mx -all", "pass"),
        ("v=spf1 ip4:nonsense ip6:2001:db8::/32 -all", "fail"),
        ("v=spf1 ,; -all", "error"),
        ("v=spf2.0/pra -all", "none"),
        ("v=spf10 -all", "none"),
    ],
)
def test_verdicts(record: str, result: str) -> None:
    look = looking(
        example_org=record,
        mx_example_org=("10 mx.example.org", "0 "),
        a_mx_example_org=("192.0.2.25",),
        a_example_org=("192.0.2.1",),
        a_relay_example_net=("192.0.2.25",),
        _spf_example_net="v=spf1 ip4:192.0.2.25 ~all",
    )
    assert policy("example.org", ADDRESS, look).result == result


def test_all_lookups_are_counted_also_behind_a_match() -> None:
    look = looking(
        example_org="v=spf1 ip4:192.0.2.25 include:a.example.net mx -all",
        a_example_net="v=spf1 a mx exists:x.example.net -all",
    )
    told = policy("example.org", ADDRESS, look)
    assert (told.result, told.lookups) == ("pass", 5)


def test_a_record_that_branches_without_end_ends() -> None:
    wide = "v=spf1 " + " ".join(["include:example.org"] * 30)
    assert policy("example.org", ADDRESS, looking(example_org=wide)).lookups > 10


def test_what_is_wrong_with_a_record_is_told() -> None:
    two = looking(example_org=("v=spf1 -all", "v=spf1 mx -all", "google-site-verification=x"))
    assert policy("example.org", ADDRESS, two).fault == "example.org has 2 SPF records"
    loop = looking(example_org="v=spf1 include:example.org -all")
    assert policy("example.org", ADDRESS, loop).fault.startswith("the record refers to itself")


def test_a_name_server_that_does_not_answer_makes_it_unknown() -> None:
    assert policy("example.org", ADDRESS, looking(example_org=None)).result == "unknown"
    records = {"example_org": "v=spf1 mx include:b.example.net -all", "b_example_net": None}
    assert policy("example.org", ADDRESS, looking(**records)).result == "unknown"
    assert (
        policy("example.org", ADDRESS, looking(**records, mx_example_org=None)).result == "unknown"
    )


def test_addresses_of_the_new_kind() -> None:
    look = looking(example_org="v=spf1 a//64 -all", aaaa_example_org=("2001:db8::1",))
    assert policy("example.org", "2001:db8::25", look).result == "pass"
    assert policy("example.org", "2001:db8:1::25", look).result == "fail"


@given(st.text(max_size=60))
def test_any_record_may_come(text: str) -> None:
    assert policy("example.org", ADDRESS, looking(example_org=f"v=spf1 {text}")).result
