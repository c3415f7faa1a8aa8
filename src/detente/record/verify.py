# SPDX-License-Identifier: Apache-2.0
"""Verify a bundle by nothing but its own files: every log, signature, mandate, receipt, link and body in it.

The stages build on each other: a card gives a root key, the root key a log's keys, these its head, the head
its entries; only then are offices judged, receipts counted and bodies opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from detente.errors import MalformedError, VerificationError
from detente.line.forks import FORK
from detente.line.mandates import (
    BAD_SIGNATURE,
    NO_MANDATE,
    REVOKED,
    Credentials,
)
from detente.log import note
from detente.log.checkpoint import open_checkpoint
from detente.record import evidence, verify_receipts, verify_rows, verify_tree
from detente.record.verify_report import (
    WITHHELD,
    EntryReport,
    Held,
    LogReport,
    Problem,
    Report,
)
from detente.record.verify_tree import Log
from detente.seal import canonical, credential
from detente.seal.canonical import b64
from detente.seal.credential import Card, LogCert, SuccessionDoc
from detente.seal.keys import fingerprint
from detente.seal.vkey import VerifierKey

Task: TypeAlias = verify_rows.Chunk | verify_receipts.Batch
Answer: TypeAlias = list[verify_rows.Read] | verify_receipts.Receipts
# Does tasks in any order; the answers are in theirs.
Spread: TypeAlias = Callable[[Callable[[Task], Answer], Sequence[Task]], Iterable[Answer]]

MAX_PROBLEMS = 1_000  # the first so many say all; a hostile bundle could name millions
_LOG_FILE = re.compile(r"logs/([A-Z0-9-]{1,20})/(.+)")
_EVIDENCE_FILE = re.compile(r"evidence/([0-9]{1,4})/([A-Za-z0-9._-]{1,40})")
_BODY_FILE = re.compile(r"bodies/([0-9a-f]{64})\.json")
_KEY_FILE = re.compile(r"keys/(log|receipt|pq)-([A-Z0-9-]{1,20})\.vkey")
_STRAY = re.compile(r"(?:logs|bodies)/")
_WITNESS_FILE = re.compile(r"keys/witness-([A-Za-z0-9._-]+)\.vkey")
_WRONG = {
    BAD_SIGNATURE: "is not signed as it says: a signature does not hold, or it belongs to another log",
    NO_MANDATE: "is not signed under a mandate in force: its office may not say this, or too few signed",
    REVOKED: "is signed under a mandate that was revoked before it",
}


def in_turn(work: Callable[[Task], Answer], tasks: Sequence[Task]) -> Iterable[Answer]:
    """The ``Spread`` of whoever has one core."""
    return map(work, tasks)


def verify(
    files: Mapping[str, bytes],
    trust: Sequence[dict[str, Any]] = (),
    *,
    spread: Spread = in_turn,
    hashes_only: bool = False,
) -> Report:
    """Verify the files of a bundle (path to content).

    ``trust``: cards (``{"doc","sig"}``) that came by another way; with one for every party the identities
    are verified. ``spread``: does the work on entries and receipts, on as many cores as its owner likes;
    receipts and bodies are asked of ``files`` there and nowhere else. ``hashes_only``: trees, the logs' own
    heads, and the roots in receipts; no entry is read, and of signatures only those of the heads are
    checked: the report says so. What is wrong with the bundle is in the report; MalformedError: a bad card
    in ``trust``.
    """
    run = _Run(files, _trusted(trust))
    run.read_evidence()
    run.read_logs()
    run.check_keys()
    run.read_notes_and_entries(spread, hashes_only=hashes_only)
    run.check_trees()
    run.judge()
    run.check_citations()
    run.check_bodies()
    run.check_credentials()
    run.check_other_files()
    return run.report(hashes_only=hashes_only)


class _Run:
    """One verification: what each stage leaves to the next."""

    def __init__(self, files: Mapping[str, bytes], trusted: Mapping[str, frozenset[str]]) -> None:
        self.files = files
        self.trusted = trusted  # party id → fingerprints
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.logs: dict[str, Log] = {}  # by folder
        self.origins: dict[str, Log] = {}
        self.forked: set[str] = set()  # origins of which the bundle proves two histories
        self.credentials: dict[str, Credentials] = {}  # by folder, after the genesis
        self.fingerprints: dict[str, str] = {}
        self.channel = ""
        self.makers: dict[str, verify_receipts.Maker] = {}
        self.receipts: dict[str, verify_receipts.Receipts] = {}
        self.held: dict[str, list[tuple[Held, ...]]] = {}
        self.signed_head: dict[str, bool] = {}
        self.pq_head: dict[str, bool | None] = {}

    # Stage 1: logs, and whose they are.

    def read_evidence(self) -> None:
        """Proofs against a log, which the bundle carries along: each says itself what it proves."""
        folders: dict[str, dict[str, bytes]] = {}
        for path in self.files:
            match = _EVIDENCE_FILE.fullmatch(path) if path.startswith("evidence/") else None
            if match:
                folders.setdefault(match[1], {})[match[2]] = self.files[path]
        for name in sorted(folders):
            verdict = evidence.check(folders[name])
            if verdict.proven and verdict.what == FORK and verdict.log is not None:
                self.forked.add(verdict.log)
            told = f"{verdict.party} signed both" if verdict.proven else f"proves nothing: {verdict.problem}"
            self.notes.append(f"evidence/{name}, {verdict.what}: {told}")

    def read_logs(self) -> None:
        folders: dict[str, dict[str, bytes]] = {}
        notes: dict[str, list[str]] = {}
        for path in self.files:
            match = _LOG_FILE.fullmatch(path) if path.startswith("logs/") else None
            if match is None:
                continue
            folder = folders.setdefault(match[1], {})
            if match[2].startswith(("receipts/", "items/")):
                notes.setdefault(match[1], []).append(match[2])
            else:
                folder[match[2]] = self.files[path]
        for name in sorted(folders):
            log = verify_tree.read(name, folders[name], notes.get(name, ()))
            self.logs[name] = log
            if self.origins.setdefault(log.origin, log) is not log:
                self._problem(log, None, "has the same origin as another log of the bundle")
            self.credentials[name] = self._genesis(log)
        if not self.logs:
            self.problems.append(Problem(None, None, "there is no log in it"))
        for log in self.logs.values():
            self._succeed(log)

    def _genesis(self, log: Log) -> Credentials:
        """The credentials in entry 0; an empty set if it is unusable."""
        held = Credentials()
        first = log.leaf(0)
        if first is None or first.leaf.statement.kind != "genesis":
            self._problem(log, 0, "is not a readable genesis: nothing says whose log this is")
            return held
        try:
            held.take(first.leaf.statement, 0, first.leaf.placement.time)
        except MalformedError as error:
            self._problem(log, 0, str(error))
            return Credentials()
        self.channel = self.channel or first.leaf.statement.channel
        held.channel = self.channel
        if held.log is None or held.card is None or held.log.origin != log.origin:
            self._problem(log, 0, "does not certify the keys of this log")
            return held
        self._identity(log, held.card)
        return held

    def _identity(self, log: Log, card: Card) -> None:
        if log.name != card.id and not re.fullmatch(re.escape(card.id) + r"-[0-9]+", log.name):
            self._problem(log, 0, f"is the genesis of {card.id}, not of {log.name}")
        log.party = card.id
        if self.fingerprints.setdefault(card.id, card.party) != card.party:
            self._problem(log, 0, f"is of another root key than the other log of {card.id}")
        if card.id in self.trusted and card.party not in self.trusted[card.id]:
            self._problem(log, 0, f"is of another root key than the card of {card.id} that you trust")

    def _succeed(self, log: Log, depth: int = 0) -> None:
        """Link a log to the one before it, and count its entries from there."""
        doc = _succession(log)
        others = [other for other in self.logs.values() if other.party == log.party and other is not log]
        if doc is None:
            if any(_succession(other) is None for other in others):
                self._problem(log, None, f"{log.party} has two logs without a succession between them")
            return
        old = self.origins.get(doc.old.origin)
        if doc.new != log.origin or doc.party != self.fingerprints.get(log.party):
            self._problem(log, 1, "is a succession for another log")
        elif old is None:
            self.notes.append(f"{log.name} goes on for a log that is not in the bundle")
        elif depth < len(self.logs):
            self._succeed(old, depth + 1)
            log.base = old.base + doc.old.size
            if len(old.entries) > doc.old.size:
                self.notes.append(
                    f"{old.ref(doc.old.size)} and later in {old.name}: not vouched for by {old.party}"
                )
            if old.root_at([doc.old.size]).get(doc.old.size) != doc.old.root:
                what = f"names a head of {old.name} that its entries do not yield"
                self._unless_forked(old, log, 1, what)

    def _unless_forked(self, target: Log, log: Log, index: int, what: str) -> None:
        """Two histories of ``target`` that the bundle proves are no fault of the bundle."""
        if target.origin in self.forked:
            self.notes.append(f"{log.ref(index)} {what}: two histories of it are proven (evidence/)")
        else:
            self._problem(log, index, what)

    # Stage 2: keys and signed heads. Stage 3: trees and receipts.

    def check_keys(self) -> None:
        self.makers = self._witnesses()
        for name, held in self.credentials.items():
            if held.log is not None:
                self.makers[held.log.receipt.name] = verify_receipts.Maker(
                    self.logs[name].party, held.log.receipt
                )
                self._key_files(name, held.log)
        for name, log in self.logs.items():
            cert = self.credentials[name].log
            if cert is None:
                continue
            self._checkpoint(log, cert)

    def _witnesses(self) -> dict[str, verify_receipts.Maker]:
        makers = {}
        for path in self.files:
            match = _WITNESS_FILE.fullmatch(path)
            if match:
                try:
                    key = VerifierKey.parse(_text(self.files[path]))
                    makers[key.name] = verify_receipts.Maker(f"witness {match[1]}", key)
                except MalformedError as error:
                    self.problems.append(Problem(None, None, f"{path}: {error}"))
        return makers

    def _key_files(self, name: str, cert: LogCert) -> None:
        for use, key in (("log", cert.log), ("receipt", cert.receipt), ("pq", cert.pq)):
            path = f"keys/{use}-{name}.vkey"
            raw = self.files.get(path)
            if raw is None and use != "pq":
                self.problems.append(Problem(None, name, f"{path} is missing"))
            elif raw is not None and raw not in (str(key).encode(), f"{key}\n".encode()):
                self.problems.append(Problem(None, name, f"{path} is not the key that the party certified"))

    def _checkpoint(self, log: Log, cert: LogCert) -> None:
        raw = log.files.get("checkpoint")
        if raw is None:
            return
        try:
            open_checkpoint(raw, cert.log)
            self.signed_head[log.name] = True
            line = note.parse(raw).line(cert.pq)
            self.pq_head[log.name] = None if line is None else bool(note.open_note(raw, [cert.pq]))
        except MalformedError as error:
            self._problem(log, None, f"logs/{log.name}/checkpoint: {error}")

    def check_trees(self) -> None:
        for name, log in self.logs.items():
            receipts = self.receipts.get(name, verify_receipts.Receipts())
            verify_tree.check(log, receipts.heads())
            if not self.signed_head.get(name):
                log.in_log = [False] * len(log.entries)
            good = verify_receipts.compare(log, receipts)
            self.held[name] = verify_receipts.holders(log, good, receipts)

    # Stage 4: offices and mandates. Stage 5: what the logs say of each other.

    def read_notes_and_entries(self, spread: Spread, *, hashes_only: bool) -> None:
        """Everything of which there may be much, in one go."""
        work: list[tuple[Log, Task]] = [] if hashes_only else self._chunks()
        for name, log in self.logs.items():
            cert = self.credentials[name].log
            if cert is not None:
                self.receipts[name] = verify_receipts.Receipts()
                parts = verify_receipts.batches(log, cert, self.makers, signatures=not hashes_only)
                work += [(log, part) for part in parts]
        # Hashing takes less time than starting others to do it.
        done = (in_turn if hashes_only else spread)(partial(_do, self.files), [task for _, task in work])
        for number, ((log, task), answer) in enumerate(zip(work, done, strict=True)):
            if not number:
                self._hash()  # the others are at work by now
            if isinstance(answer, verify_receipts.Receipts):
                self.receipts[log.name].add(answer)
            elif isinstance(task, verify_rows.Chunk):
                self._take_rows(log, task.start, answer)
        for name, found in self.receipts.items():
            self.logs[name].problems += [(None, text) for text in found.problems]
            if found.strangers:
                self.notes.append(f"{name}: {found.strangers} receipts by makers unknown here")
            if hashes_only and found.cosigned:
                number, found.unsigned = len(found.cosigned), True
                self.notes.append(f"{name}: of {number} receipts only the roots were compared")

    def _hash(self) -> None:
        for log in self.logs.values():
            log.tree  # noqa: B018 - kept there

    def _chunks(self) -> list[tuple[Log, Task]]:
        """Every log after the one that it goes on for: what was revoked there stays revoked."""
        parts = {log.name: _succession(log) for log in self.logs.values()}
        branches = {
            (doc.old.origin, doc.old.size): Credentials() for doc in parts.values() if doc is not None
        }
        work: list[tuple[Log, Task]] = []
        for log in sorted(self.logs.values(), key=lambda log: (log.base, log.name)):
            doc = parts[log.name]
            start = branches[doc.old.origin, doc.old.size] if doc is not None else Credentials()
            held = start.copy()
            held.party = self.fingerprints.get(log.party, "")
            held.channel = self.channel
            ends = {size for origin, size in branches if origin == log.origin}
            for chunk in verify_rows.chunks(log.entries, held, ends):
                work.append((log, chunk))
                if (log.origin, chunk.start) in branches:
                    branches[log.origin, chunk.start] = chunk.held.copy()
            if (log.origin, len(log.entries)) in branches:
                branches[log.origin, len(log.entries)] = held
        return work

    def _take_rows(self, log: Log, start: int, rows: Sequence[verify_rows.Read]) -> None:
        for index, row in enumerate(rows, start):
            if isinstance(row, str):
                self._problem(log, index, row)
            log.rows.append(row if isinstance(row, verify_rows.Row) else None)

    def judge(self) -> None:
        for log in self.logs.values():
            sound = bool(self.fingerprints.get(log.party))
            for index, row in enumerate(log.rows):
                sound = sound and row is not None and log.in_log[index]
                # After a damaged entry the prefix is not the author's: what follows is not blamed for it.
                for label in row.labels if sound and row is not None else ():
                    if label in _WRONG:
                        self._problem(log, index, _WRONG[label])

    def check_citations(self) -> None:
        cited: dict[str, dict[tuple[int, str], tuple[Log, int]]] = {}
        for log in self.logs.values():
            for index, row in enumerate(log.rows):
                for origin, (size, root) in row.seen.items() if row is not None else ():
                    if origin != log.origin:
                        cited.setdefault(origin, {}).setdefault((size, root), (log, index))
        for origin, heads in cited.items():
            target = self.origins.get(origin)
            if target is None:
                log, index = next(iter(heads.values()))
                self._absent(log, index, "had seen a log that is not in the bundle")
            else:
                self._compare_cited(target, heads)

    def _compare_cited(self, target: Log, heads: Mapping[tuple[int, str], tuple[Log, int]]) -> None:
        roots = target.root_at(size for size, _root in heads)
        for (size, root), (log, index) in heads.items():
            if not log.in_log[index]:
                continue
            if size > len(target.entries):
                self._absent(
                    log, index, f"had seen {size} entries of {target.name}; {len(target.entries)} are here"
                )
            elif size <= target.sound and (size not in roots or b64(roots[size]) != root):
                self._unless_forked(
                    target, log, index, f"had seen another tree of the first {size} entries of {target.name}"
                )

    def _absent(self, log: Log, index: int, text: str) -> None:
        """With two parties this is a removal; among more it may be on its way to whoever made the bundle."""
        if len(self.fingerprints) <= 2:
            self._problem(log, index, text)
        else:
            self.notes.append(f"{log.ref(index)} {text}")

    # Stage 6: bodies, credentials, other files.

    def check_bodies(self) -> None:
        places = {
            row.id: (log, index, row)
            for log in self.logs.values()
            for index, row in enumerate(log.rows)
            if row is not None
        }
        for path in self.files if places else ():
            match = _BODY_FILE.fullmatch(path) if path.startswith("bodies/") else None
            if match is None:
                continue
            if match[1] not in places:
                self.problems.append(Problem(None, None, f"{path} is for an entry that is in no log here"))
                continue
            log, index, row = places[match[1]]
            if row.wrong is not None:
                self._problem(log, index, f"{path}: {row.wrong}")

    def check_credentials(self) -> None:
        roots = {held.party: held.root for held in self.credentials.values() if held.root is not None}
        for path in self.files:
            if not path.startswith("credentials/"):
                continue
            try:
                item = canonical.loads(self.files[path], limit=credential.MAX_SIZE * 2)
                doc = item.get("doc") if isinstance(item, dict) else None
                root = roots.get(str(doc.get("party"))) if isinstance(doc, dict) else None
                if root is None:
                    raise VerificationError("is of a party that has no log here")
                credential.check(item, root)
            except MalformedError as error:
                self.problems.append(Problem(None, None, f"{path}: {error}"))

    def check_other_files(self) -> None:
        for path in self.files:
            key = _KEY_FILE.fullmatch(path)
            if key and key[2] not in self.logs:
                self.problems.append(Problem(None, key[2], f"{path} is here, its log is missing"))
            elif _STRAY.match(path) and not _LOG_FILE.fullmatch(path) and not _BODY_FILE.fullmatch(path):
                self.problems.append(Problem(None, None, f"{path} is no file of a bundle"))
            elif path != "README.txt" and path.partition("/")[0] not in (
                "logs",
                "keys",
                "bodies",
                "credentials",
                "evidence",
            ):
                self.notes.append(f"{path} is no part of a bundle and was not looked at")

    # The outcome.

    def report(self, *, hashes_only: bool) -> Report:
        problems = list(self.problems)
        entries: list[EntryReport] = []
        for name, log in self.logs.items():
            for at, text in log.problems:
                problems.append(Problem(None if at is None else log.ref(at), name, text))
            entries += [self._entry(log, index) for index in range(len(log.rows))]
        known = frozenset().union(*self.trusted.values()) if self.trusted else frozenset()
        return Report(
            logs=[self._log(log) for log in self.logs.values()],
            entries=entries,
            problems=list(dict.fromkeys(problems))[:MAX_PROBLEMS],
            fingerprints=self.fingerprints,
            trusted=known,
            notes=list(dict.fromkeys(self.notes))[:MAX_PROBLEMS],
            hashes_only=hashes_only,
        )

    def _log(self, log: Log) -> LogReport:
        found = self.receipts.get(log.name)
        return LogReport(
            log=log.name,
            party=log.party,
            fingerprint=self.fingerprints.get(log.party, ""),
            origin=log.origin,
            size=len(log.entries),
            root=log.head.root.hex() if log.head is not None else "",
            checkpoint=self.signed_head.get(log.name, False),
            post_quantum=self.pq_head.get(log.name),
            receipts=len(found.cosigned) if found is not None and not found.unsigned else 0,
        )

    def _entry(self, log: Log, index: int) -> EntryReport:
        row = log.rows[index]
        return EntryReport(
            id=row.id if row is not None else "",
            ref=log.ref(index),
            log=log.name,
            index=index,
            party=log.party,
            office=row.office if row is not None else "",
            kind=row.kind if row is not None else "",
            placed=row.time if row is not None else None,
            in_log=log.in_log[index],
            receipted=self.held[log.name][index],
            signed=row is not None and row.signed,
            mandate_valid=row is not None and row.signed and not {NO_MANDATE, REVOKED} & set(row.labels),
            labels=row.labels if row is not None else (),
            body=row.body if row is not None else WITHHELD,
        )

    def _problem(self, log: Log, index: int | None, text: str) -> None:
        log.problems.append((index, text))


def _do(files: Mapping[str, bytes], task: Task) -> Answer:
    if isinstance(task, verify_receipts.Batch):
        return verify_receipts.read(files, task)
    return verify_rows.read(files, task)


def _trusted(trust: Sequence[dict[str, Any]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for item in trust:
        doc = item.get("doc")
        card = credential.parse(doc) if isinstance(doc, dict) else None
        if not isinstance(card, Card):
            raise MalformedError("what is to be trusted is not a card")
        credential.check(item, card.root)
        found[card.id] = found.get(card.id, frozenset()) | {fingerprint(card.root)}
    return found


def _succession(log: Log) -> SuccessionDoc | None:
    """The root-signed succession that stands in entry 1, if any; its signature is judged with the entry."""
    second = log.leaf(1)
    if second is None or second.leaf.statement.kind != "succession":
        return None
    item = (second.leaf.statement.data or {}).get("succession")
    doc = item.get("doc") if isinstance(item, dict) else None
    try:
        parsed = credential.parse(doc) if isinstance(doc, dict) else None
    except MalformedError:
        return None
    return parsed if isinstance(parsed, SuccessionDoc) else None


def _text(raw: bytes) -> str:
    try:
        return raw.decode("ascii").strip()
    except UnicodeDecodeError:
        raise MalformedError("verifier key is not ASCII") from None
