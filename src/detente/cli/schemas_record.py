# SPDX-License-Identifier: Apache-2.0
"""The outputs that show the record: timeline, proofs, standing, comparison, findings, verification."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Facts = dict[str, Any]
Span = tuple[int, int]


class Shown(msgspec.Struct):
    """One entry as ``log`` shows it. Times RFC 3339 in UTC."""

    id: str
    ref: str
    party: str
    office: str
    kind: str
    time: str
    precedence: str
    state: str
    re: list[str]
    body: Facts | None
    body_state: Literal["open", "withheld", "unopened", "data"]
    marks: dict[str, dict[str, str]]
    labels: list[str]
    mark: str
    proven: tuple[str | None, str | None]
    to: list[str]
    witnessed: dict[str, tuple[str | None, str | None]]


class ShownIn(Shown):
    """One entry with the channel it stands in."""

    channel: str


class LogResult(msgspec.Struct):
    """``log``: all parties' entries in causal order."""

    channel: str
    entries: list[Shown]


class Receipt(msgspec.Struct):
    """A peer's signed word that it holds the entry."""

    by: str
    kind: Literal["item receipt", "cosignature"]
    time: str


class EntryProof(msgspec.Struct):
    """Place and proof of an entry; ``tlog_proof`` is C2SP tlog-proof text."""

    origin: str
    index: int
    tlog_proof: str | None
    receipts: list[Receipt]


class Lead(msgspec.Struct):
    """How long before an event a member held the entry; null: nothing bounds it; below zero: after it."""

    party: str
    clock: str
    event: tuple[str | None, str | None]
    least_ms: int | None
    most_ms: int | None
    contradictory: bool


class ShowResult(msgspec.Struct):
    """``show``: one entry with its proof; ``before`` where an event was given."""

    channel: str
    entry: Shown
    proof: EntryProof
    before: list[Lead] = []


class SearchResult(msgspec.Struct):
    """``search``: the entries found."""

    entries: list[ShownIn]


class WatchLine(msgspec.Struct):
    """``watch``: one line for each alarm; the hook gets the same."""

    channel: str
    entry: Shown


class Side(msgspec.Struct):
    """One side's declared standing; texts of dates are EDTF as claimed."""

    party: str
    state: Literal["normal", "reduced", "suspended", "ended"]
    since: str | None
    until: str | None
    by: str | None
    reason: str | None
    closes: list[str]
    entry: str | None
    ref: str | None
    declared: str | None


class Scope(msgspec.Struct):
    """One scope of the relations: each side's claim, and what applies."""

    scope: str
    effective: str
    by: list[str]
    differ: bool
    sides: list[Side]


class Line(msgspec.Struct):
    """How the line to one peer is, and which silence it is if it is quiet."""

    peer: str
    silence: str
    since: str | None
    announced: str | None
    paths_up: list[str]
    paths_down: list[str]
    unanswered: list[Facts]


class Tests(msgspec.Struct):
    """The tests of one party towards another; ``months`` in percent."""

    by: str
    to: str
    tests: int
    months: dict[str, float]
    last: Facts | None
    last_by_path: dict[str, Facts | None]


class AnswerTimes(msgspec.Struct):
    """How fast a party does what the charter asks of it."""

    party: str
    what: str
    done: int
    median_seconds: float | None
    slowest_seconds: float | None
    late: int
    overdue: int


class StandingResult(msgspec.Struct):
    """``standing``."""

    channel: str
    at: str
    scopes: list[Scope]
    closed: dict[str, list[str]]
    floor: list[str]
    lines: list[Line]
    availability: list[Tests]
    answer_times: list[AnswerTimes]


class Half(msgspec.Struct):
    """One side's words on a point; spans ``[start, end)`` in code points of its read-out.

    ``value`` is what they come to: a date in EDTF, a kind, a side, a name.
    """

    text: str
    spans: list[Span]
    value: str | None = None


class ComparedPoint(msgspec.Struct):
    """One point of two read-outs; a side that does not have it is null.

    Statements have whose they are; ``reported_by`` is the side that reports the other's words.
    """

    point: str
    why: str
    a: Half | None
    b: Half | None
    type: str | None = None
    speaker: str | None = None
    addressee: str | None = None
    reported_by: str | None = None


class Compared(msgspec.Struct):
    """One of the read-outs: its name and whose it is; from the line also its entries and its text."""

    name: str
    side: str | None
    entries: list[str] = []
    text: str = ""


class Comparison(msgspec.Struct):
    """``readouts compare``: point by point, with spans in code points of each text."""

    a: Compared
    b: Compared
    both: list[ComparedPoint]
    both_differently: list[ComparedPoint]
    only_a: list[ComparedPoint]
    only_b: list[ComparedPoint]


class Source(msgspec.Struct):
    """One page and what it was found to say; every span ``[start, end)`` in code points."""

    file: str
    sha256: str
    lang: str | None
    body: list[Span]
    furniture: list[Facts]
    outlet: Facts | None
    published: Facts | None
    captured: Any
    contacts: list[Facts]
    statements: list[Facts]
    exercises: list[Facts]
    measures: list[Facts]
    appeals: list[Facts]
    relations: list[Facts]


class Sources(msgspec.Struct):
    """``press import``."""

    sources: list[Source]


class RoomOpened(msgspec.Struct):
    """``press open``: the address, with the key to this opening in it."""

    url: str


class RoomExported(msgspec.Struct):
    """``press export``: the folder and the files in it."""

    out: str
    files: list[str]


class RoomAttached(msgspec.Struct):
    """``press attach``: how many sources were new to the party."""

    sources: int


class VerifiedLog(msgspec.Struct):
    """One log: its signed head, and whether the key that its party certified signed that."""

    log: str
    party: str
    fingerprint: str
    origin: str
    size: int
    root: str
    checkpoint: bool
    post_quantum: bool | None
    receipts: int


class Held(msgspec.Struct):
    """Who says that it holds an entry, since when, by which receipt."""

    by: str
    time: str
    how: str


class VerifiedEntry(msgspec.Struct):
    """What is proven of one entry, each thing for itself."""

    id: str
    ref: str
    log: str
    index: int
    party: str
    office: str
    kind: str
    time: str | None
    in_log: bool
    receipted: list[Held]
    signed: bool
    mandate_valid: bool
    labels: list[str]
    body: Literal["disclosed", "partly", "withheld", "in clear", "altered"]


class Problem(msgspec.Struct):
    """One reason why it is not valid."""

    entry: str | None
    log: str | None
    problem: str


class VerifyResult(msgspec.Struct):
    """``verify``: what was shown, separately for each entry. For a home, ``channels`` has each one's own."""

    valid: bool
    identities: Literal["verified", "unverified"]
    fingerprints: dict[str, str]
    logs: list[VerifiedLog]
    entries: list[VerifiedEntry]
    problems: list[Problem]
    notes: list[str]
    hashes_only: bool = False
    channels: list[Facts] = []


class DemoResult(msgspec.Struct):
    """``demo``: the replay, what the pages say, and how the two stand against each other."""

    parties: list[Facts]
    channel: str
    entries: list[ShownIn]
    findings: list[Facts]
    comparison: Facts
    obligations: list[Facts]
    verification: Facts
    pages: list[Facts] = []
    files: dict[str, str] = {}
