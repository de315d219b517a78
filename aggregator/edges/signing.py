"""An RSA key as PEM -> signatures. The only module that knows cryptography."""

from __future__ import annotations

import base64
from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from aggregator.errors import ConfigError

SMALLEST = 2048
"""Bits. Gmail takes no fewer than 1,024, and 1,024 are within reach of attackers."""


def signing(pem: str) -> Callable[[bytes], bytes]:
    """Octets -> their RSA-SHA256 signature (PKCS #1 v1.5). Raises ConfigError."""
    key, how, digest = _read(pem), padding.PKCS1v15(), hashes.SHA256()
    return lambda octets: key.sign(octets, how, digest)


def new_key() -> str:
    """A fresh key, as PEM."""
    return (
        rsa.generate_private_key(public_exponent=65537, key_size=SMALLEST)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def dns_record(pem: str) -> str:
    """The TXT record that goes with the key. Raises ConfigError."""
    public = (
        _read(pem)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def _read(pem: str) -> rsa.RSAPrivateKey:
    try:  # `from None` below: what the library says of a key need not be shown
        key = serialization.load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except TypeError:
        raise _bad("the key is protected by a passphrase: store it without one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _bad(
            "no private key in PEM form: `aggregator mail dkim` makes one that fits"
        ) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _bad("an RSA key is needed: other kinds fail at Microsoft and Yahoo")
    if key.key_size < SMALLEST:
        raise _bad(f"the key has {key.key_size} bits, {SMALLEST} are needed")
    return key


def _bad(why: str) -> ConfigError:
    return ConfigError((f"AGGREGATOR_DKIM_KEY: {why}",))
