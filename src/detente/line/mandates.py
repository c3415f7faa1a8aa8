# SPDX-License-Identifier: Apache-2.0
"""Who may say what: the credentials in one log's prefix, and what they make of a statement (protocol §2, §6).

Everything here is a function of the log alone: the same prefix gives the same labels to its author,
to a receiver and to an auditor years later.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from detente.errors import MalformedError, VerificationError
from detente.seal import credential, keys
from detente.seal.credential import Card, LogCert, Mandate, Revocation, SuccessionDoc
from detente.seal.statement import ParsedLeaf, holds
from detente.words.entry import Signature, Statement

_MEMO = 64
BAD_SIGNATURE = "bad signature"
NO_MANDATE = "no mandate"
REVOKED = "revoked"
SINGLE_RELEASE = "single release"

# What opens and keeps a log is the machine's to sign; no mandate, not even `*`, gives it to an office.
LOG_KINDS = frozenset({"genesis", "credential", "epoch.grant", "succession"})
MACHINES = frozenset({"node", "watch"})
NODE_KINDS = LOG_KINDS | {"refusal", "test"}
# The kinds whose data holds credentials, and under which names.
CARRIERS = {"genesis": ("card", "log"), "credential": ("credential",), "succession": ("succession",)}


# (entry id, key id, b64 signature) to whether it holds: the entry id is the hash of what was signed.
Ahead: TypeAlias = dict[tuple[str, str, str], bool]
# (key, what was signed, b64 signature)
Job: TypeAlias = tuple[bytes, bytes, str]
# Does many jobs, in any order and on as many cores as its owner likes; the answers are in their order.
Spread: TypeAlias = Callable[[Callable[[Job], bool], Sequence[Job]], list[bool]]


def in_turn(check: Callable[[Job], bool], jobs: Sequence[Job]) -> list[bool]:
    """The ``Spread`` of whoever has one core."""
    return [check(job) for job in jobs]


@dataclass(frozen=True)
class Signed:
    """Which signatures of a leaf stand (hex key ids), and whether one by a known key does not."""

    stood: frozenset[str]
    failed: bool


@dataclass(frozen=True)
class Judgement:
    """Labels of a leaf, and whether its office (or the k that sign for it) signed it, allowed to or not."""

    labels: tuple[str, ...]
    signed: bool


class Credentials:
    """What the root key of one party had put in force, up to a place in its log.

    Grows with ``add`` or ``take`` in the order of the log; ``copy`` before trying something out.
    """

    def __init__(self, party: str = "", channel: str = "") -> None:
        """``party`` (fingerprint) and ``channel`` are the log's; empty ones are not compared."""
        self.party = party
        self.channel = channel
        self.root: bytes | None = None
        self.card: Card | None = None
        self.log: LogCert | None = None
        self.succession: SuccessionDoc | None = None
        self._card_id = ""
        self._mandates: dict[str, dict[str, Mandate]] = {}  # office → credential id → mandate, in log order
        self._revoked: dict[str, int] = {}  # credential id → time since when
        self._public: dict[str, bytes] = {}  # key id → key, of every key ever certified here
        self._memo: dict[tuple[Any, ...], tuple[tuple[str, ...], bool]] = {}
        self._turns: list[int] | None = None  # the times at which a mandate begins, ends or is revoked

    def copy(self) -> Credentials:
        """An independent copy."""
        twin = Credentials(self.party, self.channel)
        twin.__dict__.update(self.__dict__)
        twin._mandates = {office: dict(held) for office, held in self._mandates.items()}
        twin._revoked, twin._public, twin._memo = dict(self._revoked), dict(self._public), {}
        return twin

    def add(self, doc: dict[str, Any], index: int, time: int) -> None:
        """Put the ``doc`` of a credential in force. Its root signature is the caller's matter (see ``take``).

        ``index`` and ``time`` (ms) are where it stands. MalformedError: no credential, or another party's.
        """
        held = credential.parse(doc)
        if self.party and held.party != self.party:
            raise VerificationError(f"entry {index}: the credential is of another party than the log")
        self.party = held.party
        self._memo.clear()
        self._turns = None
        if isinstance(held, Card):
            self._add_card(held, doc)
        elif isinstance(held, Mandate):
            self._mandates.setdefault(held.office, {}).setdefault(credential.credential_id(doc), held)
            self._public[keys.key_id(held.key)] = held.key
        elif isinstance(held, Revocation):
            since = self._revoked.get(held.revokes, held.since)
            self._revoked[held.revokes] = min(since, held.since)
        elif isinstance(held, LogCert):
            self.log = self.log or held
        else:
            self.succession = self.succession or held

    def take(self, statement: Statement, index: int, time: int) -> None:
        """Check and add what a ``genesis``, ``credential`` or ``succession`` entry carries.

        The root key comes from the card in the genesis, whose fingerprint must be the log's party.
        VerificationError if the root key did not sign it.
        """
        found = carried(statement)
        if statement.kind == "genesis":
            if index != 0:
                raise VerificationError(f"entry {index}: a genesis stands only at 0")
            self.root = _root_of(found, self.party or statement.party)
        for item in found:
            if self.root is None:
                raise VerificationError(f"entry {index}: a credential before the genesis")
            self.add(credential.check(dict(item), self.root), index, time)

    def mandate_for(self, office: str, at_ms: int) -> Mandate | None:
        """The mandate in force for ``office`` at that time; None without one, after its end, or if revoked.

        Of those that have begun the highest serial counts: one that ended does not bring an older one back.
        """
        found = self._latest(office, at_ms)
        return None if found is None or self._is_revoked(found[0], at_ms) else found[1]

    def offices(self, at_ms: int) -> tuple[str, ...]:
        """The offices with a mandate in force, sorted."""
        return tuple(office for office in sorted(self._mandates) if self.mandate_for(office, at_ms))

    def mandates(self) -> tuple[tuple[str, Mandate], ...]:
        """Every mandate of the prefix with its credential id."""
        return tuple(item for held in self._mandates.values() for item in held.items())

    def check_ahead(self, leaves: Iterable[ParsedLeaf], spread: Spread) -> Ahead:
        """The signatures of many leaves at once, as far as their keys are known here now.

        What comes of it is for ``judge_leaf``, which judges by its own prefix and checks what is missing.
        """
        jobs: dict[tuple[str, str, str], Job] = {}
        for leaf in leaves:
            for signature in leaf.leaf.signatures:
                public = self._public.get(signature.key)
                if public is not None:
                    jobs[leaf.id, signature.key, signature.sig] = public, leaf.statement_raw, signature.sig
        return dict(zip(jobs, spread(_holds, list(jobs.values())), strict=True))

    def check_signatures(
        self,
        statement_raw: bytes,
        signatures: Iterable[Signature],
        entry_id: str = "",
        ahead: Ahead | None = None,
    ) -> Signed:
        """Verify each signature by the key it names; one by a key never certified here does not stand."""
        stood: set[str] = set()
        failed = False
        for signature in signatures:
            public = self._public.get(signature.key)
            if public is None:
                continue
            known = None if ahead is None else ahead.get((entry_id, signature.key, signature.sig))
            if _holds((public, statement_raw, signature.sig)) if known is None else known:
                stood.add(signature.key)
            else:
                failed = True
        return Signed(frozenset(stood), failed)

    def judge(
        self, statement: Statement, verified: Collection[str], at_ms: int, *, failed: bool = False
    ) -> tuple[str, ...]:
        """The labels of protocol §6 that credentials decide, at ``at_ms`` = ``placement.time``.

        ``verified``: key ids whose signatures stand; ``failed``: whether another one by a known key does not.
        """
        labels = []
        foreign = (self.party and statement.party != self.party) or (
            self.channel and statement.channel != self.channel
        )
        if failed or foreign:
            labels.append(BAD_SIGNATURE)
        labels.extend(self._judged(statement, frozenset(verified), at_ms)[0])
        return tuple(labels)

    def judge_leaf(self, leaf: ParsedLeaf, ahead: Ahead | None = None) -> tuple[str, ...]:
        """Judge a leaf by the prefix held so far, then take in what it carries.

        An entry whose credential the root key did not sign is a ``bad signature`` and changes nothing.
        ``ahead``: signatures that were checked already.
        """
        return self._examine(leaf, ahead, also_office=False).labels

    def examine(self, leaf: ParsedLeaf, ahead: Ahead | None = None) -> Judgement:
        """``judge_leaf``, saying apart whether the office's own signatures stand."""
        return self._examine(leaf, ahead, also_office=True)

    def _examine(self, leaf: ParsedLeaf, ahead: Ahead | None, *, also_office: bool) -> Judgement:
        statement, placement = leaf.leaf.statement, leaf.leaf.placement
        # A genesis is judged by the card that it carries: there is nothing before it. Everything else is
        # judged first, so that no entry certifies its own signer. What the root key signed is taken in
        # whatever the labels say: a new card must be able to follow the revocation of the old one.
        first = statement.kind == "genesis"
        taken = self.carry(statement, placement.index, placement.time) if first else True
        signed = self.check_signatures(leaf.statement_raw, leaf.leaf.signatures, leaf.id, ahead)
        labels = self.judge(statement, signed.stood, placement.time, failed=signed.failed)
        by_office = (
            also_office
            and BAD_SIGNATURE not in labels
            and self._judged(statement, signed.stood, placement.time)[1]
        )
        if not first:
            taken = self.carry(statement, placement.index, placement.time)
        if not taken and BAD_SIGNATURE not in labels:
            labels = (BAD_SIGNATURE, *labels)
        return Judgement(labels, by_office)

    def carry(self, statement: Statement, index: int, time: int) -> bool:
        """``take``, if the statement carries anything; False where the root key did not sign that."""
        if statement.kind not in CARRIERS:
            return True
        try:
            self.take(statement, index, time)
        except MalformedError:
            return False
        return True

    def _signed(self, statement: Statement, verified: frozenset[str], at_ms: int) -> bool:
        if statement.office in MACHINES:
            public = self._machine_key(statement.office)
            return public is not None and keys.key_id(public) in verified
        found = self._latest(statement.office, at_ms)
        if found is None:
            return False
        needed = 1 if statement.emergency and found[1].emergency else found[1].signers.k
        return sum(self._signers(found[1], verified, at_ms)) >= needed

    def _machine_key(self, office: str) -> bytes | None:
        if self.card is None:
            return None
        return self.card.keys.node if office == "node" else self.card.keys.watch

    def _add_card(self, card: Card, doc: Mapping[str, Any]) -> None:
        for public in (card.keys.node, card.keys.watch):
            self._public[keys.key_id(public)] = public
        if self.card is None or card.serial > self.card.serial:
            self.card, self._card_id = card, credential.credential_id(dict(doc))

    def _latest(self, office: str, at_ms: int) -> tuple[str, Mandate] | None:
        begun = [item for item in self._mandates.get(office, {}).items() if item[1].since <= at_ms]
        if not begun:
            return None
        latest = max(begun, key=lambda item: item[1].serial)
        until = latest[1].until
        return latest if until is None or at_ms < until else None

    def _is_revoked(self, credential_id: str, at_ms: int) -> bool:
        since = self._revoked.get(credential_id)
        return since is not None and at_ms >= since

    def _judged(
        self, statement: Statement, verified: frozenset[str], at_ms: int
    ) -> tuple[tuple[str, ...], bool]:
        """The labels of ``_judge_office``, and whether it signed: the same until a mandate begins or ends."""
        since = bisect_right(self._times(), at_ms)
        key = statement.office, statement.kind, statement.precedence, statement.emergency, verified, since
        found = self._memo.get(key)
        if found is None or statement.office in MACHINES:
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            labels = self._judge_office(statement, verified, at_ms)
            found = self._memo[key] = labels, self._signed(statement, verified, at_ms)
        return found

    def _times(self) -> list[int]:
        if self._turns is None:
            times = set(self._revoked.values())
            for held in self._mandates.values():
                for mandate in held.values():
                    times |= {mandate.since} if mandate.until is None else {mandate.since, mandate.until}
            self._turns = sorted(times)
        return self._turns

    def _judge_office(self, statement: Statement, verified: frozenset[str], at_ms: int) -> tuple[str, ...]:
        if statement.office in MACHINES:
            return self._judge_machine(statement, verified, at_ms)
        found = self._latest(statement.office, at_ms)
        if found is None or statement.kind in LOG_KINDS or not _allows(found[1], statement, at_ms):
            return (NO_MANDATE,)
        mandate = found[1]
        lone = statement.emergency and mandate.emergency
        needed = 1 if lone else mandate.signers.k
        standing, revoked = self._signers(mandate, verified, at_ms)
        if self._is_revoked(found[0], at_ms) or standing < needed <= standing + revoked:
            return (REVOKED,)
        if standing < needed:
            return (NO_MANDATE,)
        return (SINGLE_RELEASE,) if lone else ()

    def _signers(self, mandate: Mandate, verified: frozenset[str], at_ms: int) -> tuple[int, int]:
        """How many distinct offices of ``signers.of`` signed: by mandates in force, and by revoked ones."""
        standing = revoked = 0
        for office in set(mandate.signers.of):
            found = self._latest(office, at_ms)
            if found is None or keys.key_id(found[1].key) not in verified:
                continue
            if self._is_revoked(found[0], at_ms):
                revoked += 1
            else:
                standing += 1
        return standing, revoked

    def _judge_machine(self, statement: Statement, verified: frozenset[str], at_ms: int) -> tuple[str, ...]:
        if not _machine_may(statement) or not self._signed(statement, verified, at_ms):
            return (NO_MANDATE,)
        return (REVOKED,) if self._is_revoked(self._card_id, at_ms) else ()


def _holds(job: Job) -> bool:
    try:
        return holds(*job)
    except MalformedError:
        return False


def carried(statement: Statement) -> list[Mapping[str, Any]]:
    """The credentials (``{"doc","sig"}``) in the data of an entry, as far as they are objects."""
    data = statement.data or {}
    found = [data.get(name) for name in CARRIERS.get(statement.kind, ())]
    return [item for item in found if isinstance(item, Mapping)]


def _allows(mandate: Mandate, statement: Statement, at_ms: int) -> bool:
    try:
        return mandate.allows(statement.kind, statement.precedence, at_ms)
    except ValueError:  # a precedence that nobody can be given
        return False


def _machine_may(statement: Statement) -> bool:
    if statement.office == "node":
        return statement.kind in NODE_KINDS
    return statement.kind == "ack" and (statement.data or {}).get("state") == "displayed"


def _root_of(found: Iterable[Mapping[str, Any]], party: str) -> bytes:
    for item in found:
        doc = item.get("doc")
        held = credential.parse(dict(doc)) if isinstance(doc, Mapping) else None
        if isinstance(held, Card):
            if keys.fingerprint(held.root) != party:
                raise VerificationError("entry 0: the root key of the card is not that of the log's party")
            return held.root
    raise MalformedError("entry 0: the genesis carries no card")
