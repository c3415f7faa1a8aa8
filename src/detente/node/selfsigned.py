# SPDX-License-Identifier: Apache-2.0
"""The line's own TLS certificate, which the card pins."""

from __future__ import annotations

import datetime as dt
import ipaddress
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from detente.errors import UsageError


def make_tls(endpoint: str | None) -> tuple[bytes, bytes]:
    """(key PEM, certificate PEM): ECDSA P-256, self-signed, without end: cards pin it, and no clock counts.

    UsageError if ``endpoint`` is no URL with a host.
    """
    host = _host(endpoint)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "detente line")])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key_pem, certificate.public_bytes(serialization.Encoding.PEM)


def _host(endpoint: str | None) -> str:
    if endpoint is None:
        return "localhost"
    try:
        host = urlsplit(endpoint).hostname
        return str(host).encode("idna").decode() if host else _no_host(endpoint)
    except (ValueError, UnicodeError):
        return _no_host(endpoint)


def _no_host(endpoint: str) -> str:
    raise UsageError(f"{endpoint!r} is no endpoint; write it like https://line.example:8801")
