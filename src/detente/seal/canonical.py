# SPDX-License-Identifier: Apache-2.0
"""RFC 8785 JSON out, strict JSON in, and strict base64 (protocol §1)."""

from __future__ import annotations

import binascii
import json
from typing import Any

import orjson
import rfc8785

from detente.errors import MalformedError

MAX_DEPTH = 32
_MAX_INT = 2**53 - 1
_SCALARS = frozenset({str, int, bool, type(None)})
# Passing these through makes orjson refuse what RFC 8785 has no form for, instead of inventing one.
_OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def encode(obj: Any, *, inside: int = 0) -> bytes:
    """RFC 8785 bytes of ``obj``; MalformedError if it has none or nests deeper than 32.

    ``inside``: how many objects or lists will stand around it, where the caller puts the bytes together.
    """
    return _encode(obj, inside)[0]


def _encode(obj: Any, inside: int) -> tuple[bytes, bool]:
    """The bytes, and whether ``obj`` is plain, as everything in it then is too."""
    try:
        if type(obj) in _SCALARS or _is_plain(obj, 1 + inside):
            return orjson.dumps(obj, option=_OPTIONS), True
        return rfc8785.dumps(obj), False
    except (TypeError, ValueError) as error:
        raise MalformedError(f"not canonical JSON: {error}") from None


def decode(raw: bytes, *, limit: int) -> Any:
    """The value of ``raw``, which must be its own canonical form and at most ``limit`` bytes.

    The comparison alone refuses duplicate keys, spaces, other spellings of numbers and unsorted keys.
    """
    return _decode(raw, limit)[0]


def decode_with(raw: bytes, member: str, *, limit: int) -> tuple[Any, bytes | None]:
    """As ``decode``, with the bytes of one member of the object, or None if it has no such member."""
    value, plain = _decode(raw, limit)
    if type(value) is not dict or member not in value:
        return value, None
    if plain:
        return value, orjson.dumps(value[member])  # in the order in which it was read
    return value, encode(value[member])


def _decode(raw: bytes, limit: int) -> tuple[Any, bool]:
    _check_length(raw, limit)
    try:
        value = orjson.loads(raw)
    except ValueError as error:
        raise MalformedError(f"not JSON: {error}") from None
    again, plain = _encode(value, 0)
    if again != raw:
        raise MalformedError("JSON is not in its canonical form (RFC 8785)")
    return value, plain


def loads(raw: bytes, *, limit: int) -> Any:
    """The value of JSON written by people: any spacing and order, but nothing ambiguous."""
    _check_length(raw, limit)
    try:
        value = _BY_PEOPLE.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"not JSON: {error}") from None
    encode(value)  # refuses what has no canonical form: lone surrogates, NaN, infinities, big integers
    return value


def b64(raw: bytes) -> str:
    """Standard base64 with padding (RFC 4648 §4)."""
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def unb64(text: str, size: int | None = None) -> bytes:
    """The bytes of ``text``; refuses another length than ``size`` and what ``b64`` would not have written."""
    try:
        raw = binascii.a2b_base64(text)
        same = binascii.b2a_base64(raw, newline=False).decode("ascii") == text
    except (ValueError, TypeError):
        raise MalformedError("not base64") from None
    if not same:
        raise MalformedError("base64 is not in its canonical form")
    if size is not None and len(raw) != size:
        raise MalformedError(f"base64 holds {len(raw)} bytes, not {size}")
    return raw


def _is_plain(value: Any, depth: int) -> bool:
    """Whether orjson sorts and prints ``value`` as RFC 8785 does; also checks its depth.

    orjson sorts keys by UTF-8 bytes, RFC 8785 by UTF-16 units: the same for ASCII keys only. Floats are
    printed differently by the two.
    """
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind is float:
        _check_float(value)
        return False
    if kind is dict:
        plain = "".join(value).isascii()
        children = value.values()
    elif kind is list or kind is tuple:
        plain, children = True, value
    else:
        raise TypeError(f"{kind.__name__} has no JSON form")
    if depth > MAX_DEPTH:
        raise MalformedError(f"JSON is nested deeper than {MAX_DEPTH}")
    for child in children:
        if type(child) not in _SCALARS and not _is_plain(child, depth + 1):
            plain = False
    return plain


def _check_float(value: float) -> None:
    # RFC 8785 prints such a float as an integer literal that §1 of the protocol refuses.
    if _MAX_INT < abs(value) < 1e21:
        raise MalformedError("integer beyond 2^53 - 1")


def _check_length(raw: bytes, limit: int) -> None:
    if len(raw) > limit:
        raise MalformedError(f"JSON of {len(raw)} bytes; the limit is {limit}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


_BY_PEOPLE = json.JSONDecoder(object_pairs_hook=_unique)
