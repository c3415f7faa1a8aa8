# SPDX-License-Identifier: Apache-2.0
"""What holds in every state of an exhaustive search, asked of the ``facts`` of two parties; and what makes
the search cheap without changing what it sees."""

from __future__ import annotations

import contextlib
import copy
import sys
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from detente.seal import epoch, keys

# Where these stand in what ``facts`` says of a log.
IDS, HASHES, COSIGNED, RECEIPTED = 2, 5, 8, 9


class Broken(AssertionError):
    """An invariant does not hold."""


def kept(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Nothing kept is lost, marks only grow."""
    for origin, log in old["logs"].items():
        later = new["logs"][origin]
        if not later[HASHES].startswith(log[HASHES]):
            raise Broken("a log lost what it held")
        if any(later[RECEIPTED].get(by, 0) < size for by, size in log[RECEIPTED].items()):
            raise Broken("a mark went back")
        if log[COSIGNED] and later[COSIGNED][:2] < log[COSIGNED][:2]:
            raise Broken("an older head was cosigned after a newer one")
    for entry_id in old["early"]:
        if entry_id not in new["early"] and new["where"].get(entry_id) is None:
            raise Broken("an early statement was lost")
    for entry_id, by in old["items"].items():
        if not by <= new["items"].get(entry_id, set()):
            raise Broken("an item receipt was lost")


def delivered(me: str, mine: dict[str, Any], peer: str, theirs: dict[str, Any]) -> None:
    """What a receipt says is on the other disk, and logs are prefixes of one another."""
    origin = mine["sequence"][me][-1]
    ours, there = mine["logs"][origin], theirs["logs"].get(origin)
    if there is not None and not ours[HASHES].startswith(there[HASHES]):
        raise Broken("two histories of one log")
    if ours[RECEIPTED].get(peer, 0) > (0 if there is None else there[0]):
        raise Broken("a receipt for what is not there")
    for entry_id in ours[IDS]:
        kept = entry_id in theirs["early"] or theirs["where"].get(entry_id) is not None
        if peer in mine["items"].get(entry_id, ()) and not kept:
            raise Broken("an item receipt for what is not there")
    if len(set(ours[IDS])) != len(ours[IDS]):
        raise Broken("a statement stands twice")


def ended(one: dict[str, Any], two: dict[str, Any]) -> None:
    """What holds when all was delivered."""
    for name in ("labels", "terms", "rules"):
        if one[name] != two[name]:
            raise Broken(f"{name} differ: {one[name]}, {two[name]}")
    if one["early"] or two["early"]:
        raise Broken("a statement is still ahead of its place")
    if any(two["logs"][origin][IDS] != log[IDS] for origin, log in one["logs"].items()):
        raise Broken("the logs differ")


@contextlib.contextmanager
def same_blobs() -> Iterator[None]:
    """Epoch blobs are random bytes; here the same for the same key, content and use."""
    made: dict[tuple[bytes, ...], bytes] = {}
    real = keys.kem_seal

    def seal(public: bytes, plaintext: bytes, info: bytes) -> bytes:
        if (public, plaintext, info) not in made:
            made[public, plaintext, info] = real(public, plaintext, info)
        return made[public, plaintext, info]

    with patch.object(epoch, "kem_seal", seal):
        yield


@contextlib.contextmanager
def values() -> Iterator[None]:
    """Values of the program that never change are not copied with the line that holds them."""
    fixed = [
        one
        for name, module in sys.modules.items()
        if name.startswith("detente.")
        for one in vars(module).values()
        if isinstance(one, type) and one.__module__ == name and _frozen(one)
    ]
    with patch.dict(copy._deepcopy_dispatch, dict.fromkeys(fixed, lambda value, memo: value)):  # type: ignore[attr-defined]
        yield


def _frozen(one: type) -> bool:
    dataclass_says = getattr(one, "__dataclass_params__", None)
    struct_says = getattr(one, "__struct_config__", None)
    return bool(getattr(dataclass_says, "frozen", False) or getattr(struct_says, "frozen", False))
