"""DKIM signatures, judged by dkimpy."""

from __future__ import annotations

import re
from hashlib import sha256

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from dkim.canonicalization import Relaxed
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.edges.signing import dns_record, new_key, signing
from aggregator.steps import dkim

KEY = new_key()
SIGNER = dkim.Signer(domain="example.org", selector="s1", sign=signing(KEY))
MESSAGE = (
    b"From: Digest <digest@example.org>\r\n"
    b"To: <reader@example.org>\r\n"
    b"Subject: The week  in\r\n Korea diplomacy\r\n"
    b"List-Unsubscribe: <https://example.org/u/1>,\r\n <mailto:digest@example.org>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"Date: Mon, 01 Jul 2019 00:00:00 +0000\r\n"
    b"\r\n"
    b"The  week \t in Korea. \r\n\r\nTwo lines.\r\n\r\n\r\n"
)


def verifies(message: bytes, key: str = KEY) -> bool:
    record = dns_record(key).encode()
    asked: list[bytes] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    found: bool = dkimpy.verify(message, dnsfunc=dns)
    assert set(asked) <= {b"s1._domainkey.example.org."}
    return found


SIGNED = dkim.signed(MESSAGE, SIGNER)


def test_dkimpy_verifies_it() -> None:
    assert verifies(SIGNED)
    assert not verifies(SIGNED, new_key())
    assert not verifies(MESSAGE)


def test_it_names_rsa_sha256_relaxed_and_is_the_only_one() -> None:
    head = SIGNED.partition(b"\r\n\r\n")[0].decode()
    assert head.count("DKIM-Signature:") == 1
    assert "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1;" in head
    assert max(map(len, head.split("\r\n"))) <= 78


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"One-Click", b"No-Click"),
        (b"<https://example.org/u/1>", b"<https://example.net/u/1>"),
        (b"The  week \t in Korea.", b"The week in Japan."),
        (b"Digest <digest", b"Bank <digest"),
    ],
)
def test_what_was_changed_on_the_way_fails(before: bytes, after: bytes) -> None:
    assert before in SIGNED
    assert not verifies(SIGNED.replace(before, after))


@pytest.mark.parametrize("name", dkim.SIGNED)
def test_a_header_more_of_any_kind_fails(name: str) -> None:
    assert not verifies(name.encode() + b": added\r\n" + SIGNED)


def test_what_relays_do_to_spaces_passes() -> None:
    refolded = SIGNED.replace(b"Subject: The week  in\r\n Korea", b"SUBJECT:   The week in Korea")
    assert verifies(refolded)
    assert verifies(b"Received: from a by b\r\n" + SIGNED.replace(b"  week \t in", b" week in "))


def test_the_same_message_has_the_same_signature() -> None:
    assert dkim.signed(MESSAGE, SIGNER) == SIGNED


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=60)
BODY = st.lists(st.text("ab \t.", max_size=20), max_size=8)


@given(st.dictionaries(st.sampled_from(dkim.SIGNED), TEXT, min_size=1), BODY)
@settings(max_examples=60, deadline=None)
def test_any_message_verifies(headers: dict[str, str], lines: list[str]) -> None:
    headers = {"from": "a@example.org"} | {
        # No control characters: dkimpy takes some of them for line ends.
        name: re.sub(r"[^ -~가-힣]", "x", value)
        for name, value in headers.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    body = "".join(f"{line}\r\n" for line in lines)
    message = f"{head}\r\n{body}".encode()
    assert verifies(dkim.signed(message, SIGNER))
    assert dkim.relaxed_body(body.encode()) == Relaxed.canonicalize_body(body.encode())


def test_an_empty_body_has_the_hash_of_nothing() -> None:
    assert dkim.relaxed_body(b"\r\n\r\n") == b""
    assert sha256(b"").digest() == sha256(dkim.relaxed_body(b"")).digest()


def test_19_only_rsa_of_2048_bits_or_more_signs() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    from aggregator.errors import ConfigError

    def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, passphrase: bytes = b"") -> str:
        how: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            how = serialization.BestAvailableEncryption(passphrase)
        made = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
        return made.decode()

    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(ConfigError, match=r"AGGREGATOR_DKIM_KEY: the key has 1024 bits"):
        signing(pem(small))
    with pytest.raises(ConfigError, match="RSA key is needed"):
        signing(pem(ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(ConfigError, match="passphrase"):
        signing(pem(small, b"secret"))
    for nonsense in ("", "nonsense", KEY[: len(KEY) // 2]):
        with pytest.raises(ConfigError, match="no private key in PEM form"):
            signing(nonsense)
    # As environment variables hold it that cannot have line ends.
    assert dns_record(KEY.replace("\n", "\\n")) == dns_record(KEY)
