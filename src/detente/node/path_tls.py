# SPDX-License-Identifier: Apache-2.0
"""TLS 1.3 contexts of the direct path, and whose fault a failure is."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from detente.errors import DetenteError, UnreachableError, UsageError
from detente.node.path_host import Fault

_OURS = frozenset(
    {errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EMFILE, errno.ENFILE, errno.ENOBUFS}
)
_THEIRS = frozenset({errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})
_ERRNO = re.compile(r"\[Errno (\d+)\]")


class PathError(UnreachableError):
    """A peer could not be reached by a path; ``fault`` says on whose side."""

    def __init__(self, text: str, fault: Fault) -> None:
        super().__init__(text)
        self.fault: Fault = fault


def client_context(certificate: bytes | None) -> ssl.SSLContext:
    """TLS 1.3 to a peer: exactly the self-signed ``certificate`` (DER) of its card, or the public CAs."""
    if certificate is None:
        context = ssl.create_default_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # The card says which certificate; what host it names does not matter.
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            context.load_verify_locations(cadata=certificate)
        except (ssl.SSLError, ValueError) as error:
            raise PathError(f"the TLS certificate of the card cannot be used: {error}", "theirs") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def server_context(key_pem: bytes, certificate_pem: bytes) -> ssl.SSLContext:
    """TLS 1.3 for our listener; UsageError if key and certificate do not go together."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    with _as_file(certificate_pem.rstrip() + b"\n" + key_pem) as name:
        try:
            context.load_cert_chain(name)
        except (ssl.SSLError, OSError) as error:
            raise UsageError(f"the TLS key and certificate cannot be used: {error}") from None
    return context


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A file name for what OpenSSL reads only by name; in memory where the system can: no key is written."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        handle = os.memfd_create("tls")
        try:
            os.write(handle, content)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name


def explain(error: BaseException) -> PathError:
    """What went wrong on the way to a peer, in words, and by whose fault."""
    if isinstance(error, PathError):
        return error
    text = str(error) or type(error).__name__
    if isinstance(error, DetenteError):
        return PathError(text, "theirs")
    if isinstance(error, ssl.SSLCertVerificationError):
        return PathError("the other side shows another TLS certificate than the one of its card", "theirs")
    if isinstance(error, TimeoutError):
        return PathError("no answer in time", "path")
    if isinstance(error, socket.gaierror):
        ours = error.errno == socket.EAI_AGAIN
        return PathError(f"name not found: {text}", "ours" if ours else "theirs")
    if isinstance(error, ssl.SSLError):
        return PathError(f"TLS failed: {text}", "theirs")
    if isinstance(error, EOFError):
        return PathError("the other side closed the connection at once", "theirs")
    if isinstance(error, OSError):
        return PathError(_os_text(error, text), _os_fault(error, text))
    return PathError(text, "path")


def _os_numbers(error: OSError, text: str) -> set[int]:
    # Several addresses tried in vain come as one error whose text names each errno.
    return {error.errno} if error.errno else {int(number) for number in _ERRNO.findall(text)}


def _os_fault(error: OSError, text: str) -> Fault:
    numbers = _os_numbers(error, text)
    if numbers and numbers <= _OURS:
        return "ours"
    if numbers & _THEIRS or isinstance(error, ConnectionError):
        return "theirs"
    return "path"


def _os_text(error: OSError, text: str) -> str:
    numbers = _os_numbers(error, text)
    return "; ".join(sorted(os.strerror(number).lower() for number in numbers)) if numbers else text
