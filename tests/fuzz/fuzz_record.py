# SPDX-License-Identifier: Apache-2.0
"""The record room: damaged bundles, and the views over entries whose bodies say anything at all."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from functools import cache

import orjson

from detente.errors import RefusedError, UsageError
from detente.record import (
    availability,
    bundle_zip,
    contacts,
    html,
    readouts,
    rows,
    search,
    standing,
    text,
    timeline,
    waiting,
)
from detente.record.bundle_zip import ZipLimits
from detente.record.duration import dated
from detente.record.entry import Entry, parse_rfc3339, rfc3339
from detente.record.verify import verify
from tests.fuzz.fuzz_words import CHARTER, NAMES
from tests.fuzz.kit import Tape, loose, only, piece, target
from tests.record.conftest import CHANNEL, Channel, Party
from tests.words.samples import GOOD

SMALL = ZipLimits(files=50, file_bytes=1 << 16, total_bytes=1 << 18, ratio=200, free_bytes=1 << 14)


@cache
def sample() -> dict[str, bytes]:
    """The files of a bundle of two parties, with receipts, an item receipt and open bodies."""
    by, ua = Party("BY").open(), Party("UA").open()
    asked = ua.place("message", {"text": "question", "lang": "uk"}, seen=(by,))
    ua.cosigned(by)
    answer = by.place("message", {"text": "answer", "deep": {"a": [1, {"b": None}]}}, seen=(ua,), re=[asked])
    by.cosigned(ua)
    by.item(ua, answer)
    return Channel(by, ua).files()


def _zips() -> Iterator[bytes]:
    yield bundle_zip.to_bytes({"README.txt": b"x", "logs/BY/checkpoint": b"y" * 300})
    yield bundle_zip.to_bytes({})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("../x"), b"1")
        archive.writestr(zipfile.ZipInfo("logs/"), b"")
    yield out.getvalue()


@target(_zips)
def fuzz_zip(data: bytes) -> None:
    with only():
        files = bundle_zip.read(data, SMALL)
        assert sum(map(len, files.values())) <= SMALL.total_bytes
        assert bundle_zip.read(bundle_zip.to_bytes(files), SMALL) == files


CHANGES = ("flip", "cut", "insert", "replace", "remove", "swap", "rename", "add")


@target(lambda: [bytes([n, n, 0, 9, 40, 65]) + piece(b"logs/BY/checkpoint") for n in range(len(CHANGES))])
def fuzz_bundle(data: bytes) -> None:
    """A sound bundle with anything done to its files: the report says so, and nothing else happens."""
    files, tape = dict(sample()), Tape(data)
    for _ in range(8):
        if not tape:
            break
        change(files, tape)
    report = verify(files)
    assert json.dumps(report.to_json())
    assert report.to_text()
    logs = [path for path in sample() if path.startswith("logs/")]
    if any(files.get(path) != sample()[path] for path in logs):
        # A receipt may be left out, and a log may be too: what is there must still be whole.
        shown = {entry.id for entry in report.entries if entry.in_log and entry.signed}
        assert shown <= {entry.id for entry in verify(sample()).entries}


def change(files: dict[str, bytes], tape: Tape) -> None:
    """One change to one file."""
    names = sorted(files)
    what = tape.choice(CHANGES)
    if not names or what == "add":
        files[tape.text()] = tape.piece()
        return
    name = tape.choice(names)
    raw = files[name]
    at = int.from_bytes(tape.take(2), "big") % (len(raw) + 1)
    if what == "flip" and at < len(raw):
        files[name] = raw[:at] + bytes([raw[at] ^ (tape.byte() or 1)]) + raw[at + 1 :]
    elif what == "cut":
        files[name] = raw[:at] + raw[at + tape.byte() :]
    elif what == "insert":
        files[name] = raw[:at] + tape.piece() + raw[at:]
    elif what == "replace":
        files[name] = tape.piece()
    elif what == "remove":
        del files[name]
    elif what == "swap":
        other = tape.choice(names)
        files[name], files[other] = files[other], files[name]
    elif what == "rename":
        files[tape.text()] = files.pop(name)


def _files() -> Iterator[bytes]:
    for paths in (
        ["logs/BY/checkpoint", "keys/log-BY.vkey", "credentials/card-0.json"],
        [f"bodies/{'ab' * 32}.json", "keys/witness-w.vkey"],
    ):
        yield b"".join(piece(path.encode()) + b"\0" + piece(sample().get(path, b"{}")) for path in paths)


@target(_files)
def fuzz_files(data: bytes) -> None:
    """A bundle of any files at all."""
    tape, files = Tape(data), dict[str, bytes]()
    while tape and len(files) < 12:
        files[tape.text()] = tape.piece()
    report = verify(files)
    assert not report.valid
    assert report.to_text() and json.dumps(report.to_json())


def _entries() -> Iterator[bytes]:
    for kind, body in GOOD.items():
        raw = bytes([NAMES.index(kind), 0, 0, 1, 6, 6, 1, 100, 200, 3, 250, 0]) + piece(orjson.dumps(body))
        if len(raw) < 1500:
            yield raw * 2


MARKS = ("delivered", "read", "answered", "declined")


def entry_of(tape: Tape, number: int, ids: list[str]) -> Entry:
    """One entry as the views see it, with a body, times and references of the tape's choosing."""
    kind, party = tape.choice(NAMES), tape.choice(["BY", "UA", "LT"])
    flags = tape.byte()
    sizes = tape.byte(), tape.byte()
    times = [int.from_bytes(tape.take(1 + size % 7), "big") * 1_000_000 for size in sizes]
    marks = {"UA": {tape.choice(MARKS): times[1]}} if flags & 1 else {}
    target_of = tape.byte()
    re = (ids[target_of % len(ids)],) if flags & 2 else ()
    body = loose(tape.piece())
    known = isinstance(body, dict)
    entry_id = hashlib.sha256(b"%d" % number).hexdigest()
    return Entry(
        id=entry_id, ref=f"{party}-{number}", channel=CHANNEL, party=party,
        fpr=hashlib.sha256(party.encode()).hexdigest(), office="duty", kind=kind,
        precedence="flash" if flags & 4 else "routine", mark="real", re=re, to=(),
        origin=f"detente.log/{party}", index=number, released=times[0], placed=times[1],
        seen={"detente.log/UA": (target_of, "")} if flags & 8 else {}, body=body if known else None,
        body_state="open" if known else "unopened", labels=("malformed body",) if flags & 16 else (),
        marks=marks, proven=(times[0], times[1]) if flags & 32 else (None, times[0]), mine=party == "BY",
        state="kept",
    )  # fmt: skip


@target(_entries)
def fuzz_views(data: bytes) -> None:
    """Whatever a member says, every view of the record can be drawn."""
    tape, entries = Tape(data), list[Entry]()
    ids = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(6)]
    while tape and len(entries) < 6:
        entries.append(entry_of(tape, len(entries), ids))
    if not entries:
        return
    now = 1_700_000_000_000
    assert len(timeline.causal_order(entries)) == len(entries)
    assert orjson.dumps([timeline.to_json(entry) for entry in entries], option=orjson.OPT_NON_STR_KEYS)
    assert len(rows.rows(entries, charter=CHARTER)) == len(entries)
    assert text.timeline(entries, charter=CHARTER)
    shown = html.timeline(entries, channel=CHANNEL, us="BY", names={}, now=now, charter=CHARTER)
    assert b"<script" not in shown.lower().partition(b"<body")[2]
    for contact in contacts.contacts(entries):
        assert json.dumps(contacts.to_json(contact, ["BY", "UA"]))
        with only(RefusedError, UsageError):
            readouts.pair(entries, contact.id, ["BY", "UA"])
    scopes = standing.current(entries, ["BY", "UA"], CHARTER)
    assert json.dumps(standing.to_json(scopes, CHARTER))
    assert json.dumps(waiting.obligations(entries, CHARTER, now))
    waiting.undelivered(entries, CHARTER)
    for row in availability.availability(entries, ["BY", "UA"], now):
        assert json.dumps(availability.to_json(row))
    search.search(entries, "answer x")


@target(
    lambda: [b"2022-02-14T09:30:00Z", b"2022-02-14", b"0001-01-01T00:00:00+14:00", b"XXXX-07-11", b"2021-11~"]
)
def fuzz_time(data: bytes) -> None:
    shown = data.decode("utf-8", "replace")
    with only(UsageError):
        ms = parse_rfc3339(shown)
        if 0 <= ms < 253_402_300_800_000:
            assert parse_rfc3339(rfc3339(ms)) == ms
    assert isinstance(dated(shown), str)
    assert len(rfc3339(int.from_bytes(data[:9], "big", signed=True))) == 24
