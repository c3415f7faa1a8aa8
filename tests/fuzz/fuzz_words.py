# SPDX-License-Identifier: Apache-2.0
"""The words room: charters as TOML and JSON, amendments, the bodies of all kinds, phrases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from detente.errors import RefusedError, UsageError
from detente.seal import canonical
from detente.words import charter as charters
from detente.words import phrases
from detente.words.kinds import KINDS, check_body, closed_kinds
from detente.words.render import plain
from tests.fuzz.kit import Tape, loose, only, piece, target
from tests.words.samples import GOOD

MEMBERS = [
    {"fingerprint": "ab" * 32, "id": "BY", "name": "B"},
    {"fingerprint": "cd" * 32, "id": "UA", "name": "U"},
]
BODY = charters.charter_body(MEMBERS)
CHARTER = charters.parse(BODY)
NAMES = sorted(KINDS)


def _toml() -> Iterator[bytes]:
    lines = charters.template().splitlines(keepends=True)
    kept = "".join(line for line in lines if not line.startswith("#")).encode()
    yield kept[:3000].rpartition(b"\n\n")[0] + b"\n"
    yield b'purpose = "x"\nlanguages = ["en"]\n[quotas]\nentries_per_day = 5\n'
    yield b'floor = ["test"]\nregimes = ["a"]\n[[members]]\nid = "BY"\n'


@target(_toml)
def fuzz_charter_toml(data: bytes) -> None:
    with only(UsageError):
        body = charters.from_toml(data.decode("utf-8", "replace"))
        if "members" not in body:
            body["members"] = MEMBERS
        charter = charters.parse(body)
        assert charters.open_kinds(charter)
        with only():
            assert charters.parse(canonical.decode(canonical.encode(body), limit=1 << 24)) == charter


def _charters() -> Iterator[bytes]:
    for changes in (
        {"floor": ["test"]}, {"quotas": {"flash_per_hour": 3}}, {"members": MEMBERS[:1]}, {"phrases": None},
        {"phrases": [{"code": "1", "text": {"en": "Stop at {place}."}, "life_saving": True}]},
        {"answer_due": {"message": 60}, "ack_due": {"flash": 1}, "languages": ["en", "be"]},
    ):  # fmt: skip
        yield orjson.dumps(changes)


@target(_charters)
def fuzz_charter(data: bytes) -> None:
    changes = loose(data)
    if not isinstance(changes, dict):
        return
    for amended in (False, True):
        with only():
            charter = charters.parse(charters.amend(BODY, changes) if amended else changes)
            charters.open_kinds(charter)
            full = msgspec.to_builtins(charter)
            assert charters.parse(full) == charter
            for phrase in charter.phrases[:20]:
                names = phrases.parameters(phrase)
                with only(RefusedError):
                    phrases.render_phrase(charter, phrase.code, dict.fromkeys(names, "x"), "en")


def samples() -> Iterator[bytes]:
    """A tape of each kind's good body."""
    for kind, body in GOOD.items():
        yield bytes([NAMES.index(kind)]) + orjson.dumps(body)


def body_of(data: bytes) -> tuple[str, dict[str, Any]] | None:
    """Kind and body of such a tape, or None."""
    tape = Tape(data)
    kind, body = tape.choice(NAMES), loose(tape.rest())
    return (kind, body) if isinstance(body, dict) else None


@target(samples)
def fuzz_body(data: bytes) -> None:
    found = body_of(data)
    if found is None:
        return
    kind, body = found
    with only():
        check_body(kind, body)
        check_body(kind, orjson.loads(orjson.dumps(body)))
    for name in (kind, "unknown." + kind):
        for charter in (None, CHARTER):
            shown = plain(name, body, charter=charter)
            assert shown
            assert len(shown) <= 100 * len(data) + 4_000
    assert "test" not in closed_kinds(body, ())


def _phrases() -> Iterator[bytes]:
    yield piece(b"1") + orjson.dumps({"place": "51N 23E", "time": "09:12"})
    yield piece(b"999") + b"{}"


@target(_phrases)
def fuzz_phrase(data: bytes) -> None:
    tape = Tape(data)
    code, given = tape.text(), loose(tape.rest())
    with only(RefusedError):
        for lang in ("en", "be", code):
            shown = phrases.render_phrase(CHARTER, code, given if isinstance(given, dict) else {}, lang)
            assert "\n" not in shown and "\u202e" not in shown
