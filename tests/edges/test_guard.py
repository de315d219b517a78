"""The address guard: literals, spellings, names, rebinding."""

from __future__ import annotations

import ipaddress
import time

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.edges.guard import AddressRefused, GuardedBackend, Unreachable, is_public
from tests.servers import FeedServer

PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "203.248.252.2", "2606:4700::1111", "::ffff:8.8.8.8"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_the_mapped_form_is_judged_as_the_plain_one(address: ipaddress.IPv4Address) -> None:
    assert is_public(f"::ffff:{address}") == is_public(str(address))


@pytest.mark.parametrize(
    ("host", "detail"),
    [
        ("127.0.0.1", "127.0.0.1 is a private address; "),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1 is a private address; "),
        ("0.0.0.0", "0.0.0.0 is a private address; "),
        ("2130706433", "2130706433 leads to 127.0.0.1: 127.0.0.1 is a private address; "),
        ("0x7f.1", "0x7f.1 leads to 127.0.0.1: 127.0.0.1 is a private address; "),
        ("localhost", "localhost leads to "),
    ],
)
async def test_every_spelling_of_this_machine_is_refused(host: str, detail: str) -> None:
    backend = GuardedBackend(allow_private=False)
    with pytest.raises(AddressRefused) as refused:
        await backend.connect_tcp(host, 80, timeout=5)
    backend.close()
    assert str(refused.value).startswith(detail)
    assert str(refused.value).endswith("polling.allow_private_networks: true allows it")


async def test_rebinding_connects_only_to_the_address_that_was_checked() -> None:
    """The name answers with a public address once and with a private one ever after."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["192.0.2.1"] if len(asked) > 1 else ["2606:4700::1111"]

    class Network(httpcore.AsyncNetworkBackend):
        def __init__(self) -> None:
            self.connected: list[str] = []

        async def connect_tcp(
            self, host: str, *args: object, **options: object
        ) -> httpcore.AsyncNetworkStream:
            self.connected.append(host)
            return httpcore.AsyncNetworkStream()

    backend = GuardedBackend(allow_private=False, resolver=rebinding)
    network = Network()
    backend._network = network  # type: ignore[assignment]
    await backend.connect_tcp("rebind.example.org", 80)
    with pytest.raises(AddressRefused):
        await backend.connect_tcp("rebind.example.org", 80)
    backend.close()
    assert network.connected == ["2606:4700::1111"]
    assert asked == ["rebind.example.org"] * 2


async def test_private_addresses_beside_public_ones_are_left_out() -> None:
    backend = GuardedBackend(allow_private=False, resolver=lambda host, port: PRIVATE)
    with pytest.raises(AddressRefused):
        await backend.connect_tcp("many.example.org", 80)
    assert backend._allowed("x", [*PRIVATE, "8.8.8.8"]) == ["8.8.8.8"]
    backend.close()


async def test_addresses_are_tried_in_order() -> None:
    with FeedServer() as web:
        backend = GuardedBackend(
            allow_private=True, resolver=lambda host, port: ["127.0.0.2", "127.0.0.1"]
        )
        stream = await backend.connect_tcp("two.example.org", web.port, timeout=5)
        await stream.aclose()
        backend.close()


async def test_a_name_server_that_does_not_answer() -> None:
    def slow(host: str, port: int) -> list[str]:
        time.sleep(0.3)
        return ["8.8.8.8"]

    backend = GuardedBackend(allow_private=False, resolver=slow)
    with pytest.raises(Unreachable, match=r"the name server gave no answer for slow\.example\.org"):
        await backend.connect_tcp("slow.example.org", 80, timeout=0.05)
    backend.close()
