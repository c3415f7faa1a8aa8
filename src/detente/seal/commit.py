# SPDX-License-Identifier: Apache-2.0
"""The commitment to a body, and the disclosure of one of its fields (protocol §4)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from detente.errors import MalformedError
from detente.seal import canonical
from detente.seal.canonical import b64, unb64

_sha256 = hashlib.sha256
SEED_SIZE = 32
SALT_SIZE = 16
MAX_BODY = 1024 * 1024
# A body of 1 MiB can spell half a million values, or paths that add up to gigabytes: bound both.
MAX_PAIRS = 65_536
MAX_PATHS = 8 * 1024 * 1024
_SALT = b"detente/salt/v1\n"
# HMAC's inner and outer key are the seed, filled up to a block and combined with one of these bytes (RFC 2104
# section 2). Written out: the library looks its hash up anew at each call, which costs more than hashing.
_BLOCK = 64
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_MAX_PATH = 65_535
_MAX_HEIGHT = 17


def flatten(body: Any) -> list[tuple[str, Any]]:
    """(RFC 6901 pointer, scalar or {} or []) pairs of ``body``, sorted by the UTF-8 bytes of the pointer."""
    pairs: list[tuple[str, Any]] = []
    _flatten("", body, pairs, MAX_PATHS, 1)
    # Code points sort as their UTF-8 bytes do.
    return sorted(pairs, key=lambda pair: pair[0])


def commitment(body: dict[str, Any], seed: bytes) -> bytes:
    """The 32-byte root over every field of ``body``, salted from ``seed`` (32 bytes); MalformedError."""
    return _levels(flatten(body), seed)[-1][0]


def disclose(body: dict[str, Any], seed: bytes, path: str) -> dict[str, Any]:
    """What proves the one value at ``path`` (protocol §4); MalformedError if there is none."""
    pairs = flatten(body)
    index = next((i for i, (name, _) in enumerate(pairs) if name == path), None)
    if index is None:
        raise MalformedError(f"the body has no single value at {path!r}")
    siblings, place = [], index
    for level in _levels(pairs, seed)[:-1]:
        siblings.append(b64(level[place ^ 1]))
        place >>= 1
    salt = _expand(seed, _SALT + path.encode())
    return {"path": path, "value": pairs[index][1], "salt": b64(salt), "index": index, "siblings": siblings}


def check_disclosure(root: bytes, disclosure: dict[str, Any]) -> bool:
    """Whether ``disclosure`` is a field of the body that ``root`` commits to; False on anything malformed."""
    try:
        path, value, index = disclosure["path"], disclosure["value"], disclosure["index"]
        salt = unb64(disclosure["salt"], SALT_SIZE)
        siblings = [unb64(text, 32) for text in disclosure["siblings"]]
        if (
            type(path) is not str
            or type(index) is not int
            or not _is_value(value)
            or len(siblings) > _MAX_HEIGHT
        ):
            return False
        digest = _leaf(path, value, salt)
    except (KeyError, TypeError, MalformedError):
        return False
    if not 0 <= index < 1 << len(siblings):
        return False
    for sibling in siblings:
        digest = _node(sibling, digest) if index & 1 else _node(digest, sibling)
        index >>= 1
    return hmac.compare_digest(digest, root)


def _flatten(path: str, value: Any, pairs: list[tuple[str, Any]], room: int, depth: int) -> int:
    """Append the pairs below ``path``; returns how many characters of path are left of ``room``."""
    if _is_value(value):
        pairs.append((path, value))
        room -= len(path)
        if room < 0 or len(pairs) > MAX_PAIRS:
            raise MalformedError(f"a body has at most {MAX_PAIRS} values and {MAX_PATHS} characters of paths")
        return room
    if depth > canonical.MAX_DEPTH or type(value) not in (dict, list):
        raise MalformedError("a body is made of objects, lists and scalars, at most 32 deep")
    if type(value) is dict:
        for key, child in value.items():
            if type(key) is not str:
                raise MalformedError("an object's names are text")
            name = key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key
            room = _flatten(f"{path}/{name}", child, pairs, room, depth + 1)
    else:
        for number, child in enumerate(value):
            room = _flatten(f"{path}/{number}", child, pairs, room, depth + 1)
    return room


def _is_value(value: Any) -> bool:
    return value is None or type(value) in (str, int, float, bool) or value == {} or value == []


def _levels(pairs: list[tuple[str, Any]], seed: bytes) -> list[list[bytes]]:
    """The commitment tree, leaves first, root last."""
    if len(seed) != SEED_SIZE:
        raise MalformedError(f"an entry's seed has {SEED_SIZE} bytes, not {len(seed)}")
    try:
        level = [_leaf(path, value, _expand(seed, _SALT + path.encode())) for path, value in pairs]
    except UnicodeEncodeError:
        raise MalformedError("an object's name is not Unicode text") from None
    width = 1 << (len(level) - 1).bit_length()
    level += [
        _sha256(b"\x02" + _expand(seed, b"detente/pad/v1\n%d" % i)).digest() for i in range(len(level), width)
    ]
    levels = [level]
    while len(level) > 1:
        level = [_node(level[i], level[i + 1]) for i in range(0, len(level), 2)]
        levels.append(level)
    return levels


def _expand(seed: bytes, info: bytes) -> bytes:
    """The first 16 bytes of HKDF-Expand-SHA256(seed, info): part of its first block (RFC 5869 §2.3)."""
    key = seed.ljust(_BLOCK, b"\x00")
    inner = _sha256(key.translate(_INNER) + info + b"\x01").digest()
    return _sha256(key.translate(_OUTER) + inner).digest()[:SALT_SIZE]


def _leaf(path: str, value: Any, salt: bytes) -> bytes:
    try:
        name = path.encode()
    except UnicodeEncodeError:
        raise MalformedError("an object's name is not Unicode text") from None
    if len(name) > _MAX_PATH:
        raise MalformedError(f"the path of a field is at most {_MAX_PATH} bytes")
    head = b"\x00" + salt + len(name).to_bytes(2, "big")
    return _sha256(head + name + canonical.encode(value)).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return _sha256(b"\x01" + left + right).digest()
