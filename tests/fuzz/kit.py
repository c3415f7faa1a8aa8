# SPDX-License-Identifier: Apache-2.0
"""What every target uses: the register of targets, the errors that may come out, bytes as choices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import orjson

from detente.errors import DetenteError, MalformedError
from detente.seal import canonical
from tests.fuzz.places import REPO

T = TypeVar("T")


class Target(NamedTuple):
    """One decoder: what it does with any bytes, and bytes to begin with."""

    name: str
    fuzz: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]


TARGETS: dict[str, Target] = {}


def target(
    seeds: Callable[[], Iterable[bytes]],
) -> Callable[[Callable[[bytes], None]], Callable[[bytes], None]]:
    """Register ``fuzz_<name>`` with its first inputs."""

    def register(fuzz: Callable[[bytes], None]) -> Callable[[bytes], None]:
        name = fuzz.__name__.removeprefix("fuzz_")
        TARGETS[name] = Target(name, fuzz, seeds)
        return fuzz

    return register


@contextmanager
def only(*errors: type[DetenteError]) -> Iterator[None]:
    """Everything but these errors comes out, and is a finding. Without any: ``MalformedError``."""
    declared = errors or (MalformedError,)
    message = None
    try:
        yield
    except declared as error:
        message = str(error)
    # A message is for people: it says something, and not the whole input.
    assert message is None or 0 < len(message) < 4_000


class Tape:
    """Bytes read as choices; what is beyond the end is zero."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def __bool__(self) -> bool:
        return self.at < len(self.data)

    def take(self, size: int) -> bytes:
        found = self.data[self.at : self.at + size]
        self.at += size
        return found

    def byte(self) -> int:
        return int.from_bytes(self.take(1), "big")

    def number(self) -> int:
        """0 to 2^64 - 1, often small or at an edge."""
        size = self.byte() % 9
        return int.from_bytes(self.take(size), "big")

    def choice(self, of: Sequence[T]) -> T:
        return of[self.byte() % len(of)]

    def piece(self) -> bytes:
        """A piece with its length in front."""
        return self.take(int.from_bytes(self.take(2), "big"))

    def rest(self) -> bytes:
        return self.take(max(0, len(self.data) - self.at))

    def text(self) -> str:
        """A piece as text, now and then with lone surrogates in it."""
        raw = self.piece()
        return raw.decode("utf-8", "replace") if self.byte() % 8 else raw.decode("utf-8", "surrogateescape")


def piece(raw: bytes) -> bytes:
    """What ``Tape.piece`` reads back."""
    return len(raw).to_bytes(2, "big") + raw


def loose(raw: bytes) -> Any:
    """The value of any JSON, or None: so that a changed byte does not end at the canonical form."""
    try:
        return orjson.loads(raw)
    except ValueError:
        return None


def again(raw: bytes) -> bytes | None:
    """The canonical form of any JSON, or None."""
    value = loose(raw)
    try:
        return None if value is None else canonical.encode(value)
    except MalformedError:
        return None


def vectors(name: str, field: str) -> Iterator[bytes]:
    """The bytes of one field of every vector of a file of docs/vectors."""
    cases = json.loads((REPO / "docs" / "vectors" / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    for case in cases:
        if isinstance(case.get(field), str):
            yield canonical.unb64(case[field])
        elif field in case:
            yield json.dumps(case[field], ensure_ascii=False).encode("utf-8", "surrogatepass")
