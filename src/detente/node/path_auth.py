# SPDX-License-Identifier: Apache-2.0
"""Signed requests of the direct path: RFC 9421 over a nonce of the server's (protocol §9)."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import http_sf
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
)
from http_sf.compat import Dictionary, InnerList, Item

from detente.errors import MalformedError, VerificationError
from detente.node.path_host import PATH
from detente.seal.keys import SigningKey, key_id, verify_raw

LABEL = "detente"
TAG = "detente-line-v1"
ALGORITHM = "ed25519"
COVERED = ("@method", "@path", "detente-from", "detente-to")
_NONCE = re.compile(r"[A-Za-z0-9_-]{43}=")


class Nonces:
    """The server's nonces: each names its peer, is good once and for ``life`` seconds of a monotonic clock.

    A nonce carries its own proof (HMAC under a key of this process): asking for nonces costs no memory and
    pushes nobody else's out. Only nonces that a met party has spent are remembered.
    """

    def __init__(
        self, *, life: float = 60.0, most: int = 16_384, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._key = secrets.token_bytes(32)
        self._life, self._most, self._clock = life, most, clock
        self._spent: defaultdict[str, dict[str, float]] = defaultdict(dict)

    def issue(self, peer: str) -> str:
        """A fresh nonce for ``peer`` (fingerprint)."""
        head = int(self._clock() * 1000).to_bytes(8, "big") + secrets.token_bytes(8)
        return urlsafe_b64encode(head + self._proof(peer, head)).decode("ascii")

    def fresh(self, peer: str, nonce: str) -> bool:
        """Whether ``nonce`` was issued to ``peer``, not too long ago, and has not been spent."""
        if not _NONCE.fullmatch(nonce):
            return False
        raw = urlsafe_b64decode(nonce)
        if urlsafe_b64encode(raw).decode("ascii") != nonce:
            return False
        head, proof = raw[:16], raw[16:]
        age = self._clock() - int.from_bytes(head[:8], "big") / 1000
        if not hmac.compare_digest(proof, self._proof(peer, head)) or age > self._life:
            return False
        return nonce not in self._spent.get(peer, {})

    def spend(self, peer: str, nonce: str) -> bool:
        """Use ``nonce`` up; False if it is not fresh, or the peer spends faster than can be remembered."""
        now, spent = self._clock(), self._spent[peer]
        while spent and next(iter(spent.values())) < now:
            del spent[next(iter(spent))]
        if len(spent) >= self._most or not self.fresh(peer, nonce):
            return False
        spent[nonce] = now + self._life + 1
        return True

    def _proof(self, peer: str, head: bytes) -> bytes:
        return hmac.digest(self._key, head + peer.encode("utf-8"), "sha256")[:16]


@dataclass
class Request:
    """A request as the signature sees it. Names of ``headers`` are in lower case, repeated ones joined."""

    method: str
    headers: dict[str, str] = field(default_factory=dict)
    url: str = "https://node.invalid" + PATH

    @classmethod
    def of(cls, method: str, headers: Iterable[tuple[str, str]]) -> Request:
        """The request that came with these header lines, in order."""
        joined: dict[str, str] = {}
        for name, value in headers:
            key = name.lower()
            joined[key] = f"{joined[key]}, {value}" if key in joined else value
        return cls(method, joined)


class _Ed25519(HTTPSignatureAlgorithm):
    algorithm_id = ALGORITHM

    def __init__(self, public_key: Any = None, private_key: Any = None) -> None:
        self._public: bytes = public_key

    def verify(self, signature: bytes, message: bytes) -> None:
        if not verify_raw(self._public, message, signature):
            raise VerificationError("signature does not hold")


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, public: bytes) -> None:
        self._public, self._id = public, key_id(public)

    def resolve_public_key(self, key_id: str) -> Any:
        return self._public if key_id == self._id else None


class _Verifier(HTTPMessageVerifier):
    require_created = False

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Nothing: freshness is the nonce's; a clock plays no part (protocol §9)."""


class _Signer(HTTPMessageSigner):
    def _build_signature_base(self, message: Any, *, signature_params: dict[str, Any], **more: Any) -> Any:
        # The library always adds its clock; the protocol's parameters have none.
        params = {name: value for name, value in signature_params.items() if name != "created"}
        return super()._build_signature_base(message, signature_params=params, **more)


_SIGNER = _Signer(signature_algorithm=_Ed25519)


def sign_request(request: Request, key: SigningKey, nonce: str, body: bytes | None = None) -> None:
    """Add the fields ``Signature-Input``, ``Signature`` and, with a ``body``, ``Content-Digest``."""
    try:
        prepared = _SIGNER.prepare(
            request,
            key_id=key.id,
            nonce=nonce,
            label=LABEL,
            tag=TAG,
            covered_component_ids=COVERED,
            body=body,
        )
        _SIGNER.apply(request, prepared, key.sign_raw(prepared.signature_base))
    except (HTTPMessageSignaturesException, ValueError) as error:
        raise MalformedError(f"the request cannot be signed: {error}") from None


def request_nonce(request: Request) -> str | None:
    """The nonce that a request claims to answer, not yet verified; None if it is not signed at all."""
    try:
        value = request.headers["signature-input"].encode("ascii")
        parsed: Any = http_sf.parse(value, tltype="dictionary")
        nonce = parsed[LABEL][1]["nonce"]
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return nonce if isinstance(nonce, str) else None


def verify_request(request: Request, public: bytes) -> str | None:
    """Check the signature of label ``detente`` against the sender's http key.

    Returns the covered ``content-digest`` (POST), else None. VerificationError for anything but the signature
    that protocol §9 asks for. Whether the nonce is fresh is ``Nonces``' matter.
    """
    post = request.method == "POST"
    verifier = _Verifier(signature_algorithm=_Ed25519, key_resolver=_OneKey(public))
    try:
        [result] = verifier.verify(
            request,
            max_age=None,
            expect_tag=TAG,
            expect_label=LABEL,
            require_components=(*COVERED, "content-digest") if post else COVERED,
        )
    except (HTTPMessageSignaturesException, ValueError, TypeError, KeyError) as error:
        raise VerificationError(f"the request is not signed as it must be: {error}") from None
    if result.parameters.get("alg") != ALGORITHM or not result.nonce:
        raise VerificationError("the request's signature names no algorithm or no nonce")
    return result.covered_components['"content-digest"'] if post else None


def check_digest(digest: str, body: bytes) -> None:
    """VerificationError unless ``digest`` (the value of ``content-digest``, RFC 9530) is that of ``body``."""
    try:
        ContentDigest.verify(digest, body)
    except (HTTPMessageSignaturesException, ValueError) as error:
        raise VerificationError(f"the body is not the one signed: {error}") from None


def challenge(nonce: str, method: str) -> str:
    """The value of ``Accept-Signature`` (RFC 9421 §5.1) that asks for a signature over ``nonce``."""
    wanted = InnerList(
        [Item(name) for name in (*COVERED, *(("content-digest",) if method == "POST" else ()))]
    )
    wanted.params.update({"alg": ALGORITHM, "nonce": nonce, "tag": TAG})
    return str(Dictionary({LABEL: wanted}))


def challenge_nonce(value: str) -> str:
    """The nonce in an ``Accept-Signature`` of a peer's; MalformedError."""
    try:
        parsed: Any = http_sf.parse(value.encode("ascii"), tltype="dictionary")
        nonce = parsed[LABEL][1]["nonce"]
    except (KeyError, IndexError, TypeError, ValueError):
        nonce = None
    if not isinstance(nonce, str) or not 0 < len(nonce) <= 256:
        raise MalformedError("the peer's answer asks for no signature that we know")
    return nonce
