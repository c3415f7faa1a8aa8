# SPDX-License-Identifier: Apache-2.0
"""What makes a simulated day cheap and changes nothing: pure functions are computed once in a world.

All parties of a world live in one process and compute the same things: a signature is made once and verified
by each. Here the results of *pure* functions are kept by their whole input and given again. A signature
counts as known only if this process made it with that very key over that very message, or has verified it;
every other one, a forged or a damaged one among them, is verified. Nothing outlives its world, so that what
a planted bug computed is gone with it.

One thing is a stand-in: ML-DSA-44 lines. No line of a node reads them (they are for verifiers years later),
and signing them is random and slow. They have their length and follow from their input.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from unittest.mock import patch

import orjson
from cryptography.exceptions import InvalidSignature

from detente.log import note
from detente.seal import commit, credential, epoch, keys, packet, statement
from detente.words import charter

T = TypeVar("T")
_ENTRIES = 20_000
# Nothing is read as something else: a subclass or a date is not remembered.
_STRICT = (
    orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


class Memo(dict[Any, Any]):
    """Results by input; emptied when it is full, so that a long world stays small."""

    def keep(self, key: Any, value: T) -> T:
        if len(self) >= _ENTRIES:
            self.clear()
        self[key] = value
        return value


class _Public:
    """A public key that knows the signatures which it has found good or bad."""

    __slots__ = ("_key", "_known")

    def __init__(self, public: bytes, known: Memo, real: Callable[[bytes], Any]) -> None:
        self._key = real(public)
        self._known = known

    def verify(self, signature: bytes, message: bytes) -> None:
        good = self._known.get((signature, message))
        if good is None:
            try:
                self._key.verify(signature, message)
                good = True
            except InvalidSignature:
                good = False
            self._known.keep((signature, message), good)
        if not good:
            raise InvalidSignature


@contextlib.contextmanager
def shared() -> Iterator[None]:
    """While this lasts, all that runs in the process shares results; see the module."""
    with contextlib.ExitStack() as stack:
        signatures(stack)
        for module, name, key in _PURE:
            _remember(stack, module, name, key)
        stack.enter_context(patch.object(keys.PqKey, "sign", _stand_in))
        yield


def signatures(stack: contextlib.ExitStack) -> None:
    real, sign = keys._ed25519, keys.SigningKey.sign_raw
    held: dict[bytes, _Public] = {}
    known: dict[bytes, Memo] = {}

    def public_key(public: bytes) -> _Public:
        if public not in held:
            held[public] = _Public(public, known.setdefault(public, Memo()), real)
        return held[public]

    def sign_raw(key: keys.SigningKey, message: bytes) -> bytes:
        signature = sign(key, message)
        known.setdefault(key.public, Memo()).keep((signature, message), True)
        return signature

    def sign_by(key: keys.SigningKey, domain: str, message: bytes) -> bytes:
        return sign_raw(key, domain.encode("ascii") + b"\n" + message)

    stack.enter_context(patch.object(keys, "_ed25519", public_key))
    stack.enter_context(patch.object(keys.SigningKey, "sign_raw", sign_raw))
    stack.enter_context(patch.object(keys.SigningKey, "sign", sign_by))


def _stand_in(key: keys.PqKey, message: bytes) -> bytes:
    return hashlib.shake_128(key.seed + message).digest(2420)


def _whole(*args: Any) -> Any:
    return args


def _spelled(*args: Any) -> Any:
    """Objects by their JSON, in the order in which they stand; what has none is not remembered."""
    return tuple(orjson.dumps(a, option=_STRICT) if type(a) in (dict, list) else a for a in args)


# Pure functions of the program, and what of their input is compared: all of it.
_PURE: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (statement, "decode_leaf", _whole),
    (commit, "commitment", _spelled),
    (credential, "check", _spelled),
    (credential, "parse", _spelled),
    (charter, "parse", _spelled),
    (keys, "kem_seal", _whole),
    (epoch, "open_grant", lambda blob, kem, *rest: (blob, kem.public, *rest)),
    (packet, "open_packet", _whole),
    (packet, "decode_parts", _whole),
    (note, "parse", _whole),
)


def _remember(stack: contextlib.ExitStack, home: Any, name: str, key: Callable[..., Any]) -> None:
    """Wherever the program holds that function by its name."""
    real, memo = getattr(home, name), Memo()

    def remembered(*args: Any) -> Any:
        try:
            at = key(*args)
        except TypeError:
            return real(*args)
        held = memo.get(at)
        return held if held is not None else memo.keep(at, real(*args))

    for module in [m for n, m in sys.modules.items() if n.startswith("detente.")]:
        if getattr(module, name, None) is real:
            stack.enter_context(patch.object(module, name, remembered))
