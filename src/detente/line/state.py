# SPDX-License-Identifier: Apache-2.0
"""What one party knows of a channel: a fold over the writes that its store has made durable.

The same ``apply`` runs when something new is kept and when a node starts again, so recovery has no code of
its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from detente.errors import FatalError, MalformedError
from detente.line import rules, vouching
from detente.line.labels import (
    BAD_CITATION,
    BY_RULES,
    DUPLICATE,
    MALFORMED_BODY,
    MALFORMED_LEAF,
    NOT_UNDERSTOOD,
    NOT_VOUCHED,
    PASSING,
    TOO_LATE,
    UNKNOWN_KIND,
    UNOPENED,
    VOID,
    ranked,
)
from detente.line.logs import LogState
from detente.line.mandates import Ahead, Credentials, Spread
from detente.line.past import Entries, Past
from detente.line.rules import Rule, Rulebook, Terms
from detente.line.urgent import Urgent
from detente.line.writes import (
    DropEarly,
    PutBody,
    PutEarly,
    PutEpoch,
    PutEvidence,
    PutHead,
    PutItem,
    PutLabels,
    PutLeaf,
    PutLog,
    PutMember,
    PutReceipt,
    Write,
)
from detente.seal import canonical
from detente.seal import credential as credentials
from detente.seal.credential import Card
from detente.seal.statement import ParsedLeaf, decode_leaf
from detente.seal.vkey import VerifierKey
from detente.words.entry import Statement
from detente.words.kinds import KINDS, check_body

URGENT = frozenset({"immediate", "flash"})
KNOWN_FIELDS = frozenset(Statement.__struct_fields__)
CERTIFYING = frozenset({"genesis", "credential", "succession"})
# Entries that the fold must read again to go on from a part (see ``line.part``), or that the node looks for.
NOTED = rules.RULE_KINDS | CERTIFYING | {"epoch.grant", "test"}
MARKED = "marked"
RECALLED = rules.RULE_KINDS | CERTIFYING | {MARKED}
BODY_LIMIT = 1 << 20


class State:
    """Members, logs, credentials, rules and epochs of one channel."""

    def __init__(self, channel: str, me: str, past: Past | None = None) -> None:
        """``past``: what the store answers of entries that have settled; without one nothing settles."""
        self.channel = channel
        self.me = me
        self.past = past
        self.members: dict[str, Card] = {}
        self.logs: dict[str, LogState] = {}
        self.sequence: dict[str, list[str]] = {}
        # Of each party, as its newest log has them; of each log, with what it began with.
        self.credentials: dict[str, Credentials] = {}
        self._certified: dict[str, tuple[Credentials, Credentials]] = {}
        self.rules = Rulebook()
        self.epochs: dict[tuple[str, int], bytes] = {}
        self.newest_epoch: dict[str, int] = {}
        self.blobs: dict[int, dict[str, bytes]] = {}
        self.granted: dict[tuple[str, int], bytes] = {}
        entries = self._entries = Entries(past, self._settled)
        # Of each entry: its place, its labels (if it has any), who gave an item receipt.
        self.where, self.labels, self.items = entries.where, entries.labels, entries.items
        self.urgent = Urgent(self)
        self.early: dict[str, PutEarly] = {}
        self.unopened: dict[str, str] = {}
        self.evidence: dict[str, int] = {}
        # Evidence by its key.
        self.kept: dict[str, PutEvidence] = {}
        # Code of each phrase that could be opened: some pass whatever the standing.
        self._codes: dict[str, str] = {}
        # Where the entries with a bad citation stand, and what they cite: a log of ours may be given back.
        self.doubted: dict[str, tuple[str, int, Mapping[str, tuple[int, str]]]] = {}
        self._body_before: tuple[str, bytes] = ("", b"")
        self.ahead: Ahead = {}

    # -- folding -------------------------------------------------------------------------------

    def apply(
        self, write: Write, parsed: ParsedLeaf | None = None, body: dict[str, Any] | None = None
    ) -> None:
        """Take one durable change in. ``parsed`` and ``body`` spare a second parse of what was just
        checked."""
        match write:
            case PutLeaf():
                self._leaf(write, parsed, body)
            case PutHead():
                self.logs[write.origin].add_head(write)
            case PutBody():
                self._body(write)
            case PutReceipt():
                self._receipt(write)
            case PutItem():
                self.items[write.entry_id] = {*self.items.get(write.entry_id, ()), write.by}
                self.urgent.given(write)
            case PutEarly():
                self.early[write.entry_id] = write
            case DropEarly():
                self.early.pop(write.entry_id, None)
            case PutEpoch():
                self._epoch(write)
            case PutLog():
                self._log(write)
            case PutMember():
                self._member(write)
            case PutLabels():
                self._label(write.entry_id, self._entries.relabelled(write.entry_id, write.labels))
            case _:
                self._evidence(write)

    def _log(self, write: PutLog) -> None:
        held = self.logs.get(write.origin)
        if held is not None:
            self._set_aside(held, write)
            return
        keys = VerifierKey.parse(write.log_key), VerifierKey.parse(write.receipt_key)
        log = LogState(write, *keys, past=self.past)
        log.lost = write.given
        self.logs[write.origin] = log
        if write.seq >= 0:
            self.sequence.setdefault(write.party, []).append(write.origin)
        self.credentials.setdefault(write.party, Credentials(write.party, self.channel))

    def _set_aside(self, log: LogState, write: PutLog) -> None:
        log.put = write
        self.sequence[write.party].remove(write.origin)
        self._certified.pop(write.origin, None)
        for index, at, statement in log.certifying:
            self._take(self.certified(log), statement, index, at)
        self.rules.drop(write.origin)

    def _member(self, write: PutMember) -> None:
        _, card = credentials.parse_card_file(canonical.encode(write.card))
        self.members[write.party] = card

    def _epoch(self, write: PutEpoch) -> None:
        self.epochs[write.sender, write.epoch] = write.key
        self.newest_epoch[write.sender] = max(write.epoch, self.newest_epoch.get(write.sender, 0))
        if write.sender == self.me:
            self.blobs[write.epoch] = dict(write.blobs)
        elif self.me in write.blobs:
            self.granted[write.sender, write.epoch] = write.blobs[self.me]

    def _receipt(self, write: PutReceipt) -> None:
        log = self.logs[write.origin]
        log.receipted[write.by] = max(write.size, log.receipted.get(write.by, 0))
        if write.by == self.me and (log.cosigned is None or write.size >= log.cosigned[0]):
            log.cosigned = (write.size, write.seconds, write.note)

    def _evidence(self, write: PutEvidence) -> None:
        self.kept[write.key] = write
        self.evidence[write.origin] = self.evidence.get(write.origin, 0) + 1
        if write.what == "fork" and write.origin in self.logs:
            self.logs[write.origin].forked = True

    def _label(self, entry_id: str, labels: tuple[str, ...]) -> None:
        """What an entry is labelled with where it counts."""
        if labels or entry_id not in self.where.recent:
            self.labels[entry_id] = labels
        else:
            self.labels.recent.pop(entry_id, None)
        if UNOPENED in labels:
            self.unopened[entry_id] = self.where[entry_id][0]
        else:
            self.unopened.pop(entry_id, None)

    def _body(self, write: PutBody) -> None:
        """Bodies of rule entries are needed when their leaf follows; the others are the store's alone."""
        self._body_before = (write.entry_id, write.raw)

    def _leaf(self, write: PutLeaf, parsed: ParsedLeaf | None, body: dict[str, Any] | None) -> None:
        log = self.logs[write.origin]
        if parsed is None and MALFORMED_LEAF not in write.labels:
            parsed = decode_leaf(write.raw)
        kind = parsed.leaf.statement.kind if parsed else "malformed"
        urgent = parsed is not None and parsed.leaf.statement.precedence in URGENT
        log.add_leaf(write.hash, write.entry_id, kind, urgent)
        first = self._entries.stands(write.entry_id, (write.origin, write.index), write.labels)
        if first:
            self._label(write.entry_id, write.labels)
            self.doubted.pop(write.entry_id, None)
        if parsed is None:
            return
        for origin, (size, _) in parsed.leaf.placement.seen.items():
            log.cite(write.index, origin, size)
        if kind in NOTED:
            log.note(kind, write.index)
        if PASSING & set(write.labels):
            log.note(MARKED, write.index)
        if first and BAD_CITATION in write.labels:
            self.doubted[write.entry_id] = write.origin, write.index, parsed.leaf.placement.seen
        wanted = kind in rules.RULE_KINDS or kind == "phrase"
        if body is None and wanted and self._body_before[0] == write.entry_id:
            body = canonical.decode(self._body_before[1], limit=BODY_LIMIT)
        self._consequences(log, write, parsed, body)

    def look_up(self, entry_ids: Sequence[str]) -> None:
        """A batch is about to be judged: ask the past once for all of it."""
        self._entries.look_up(entry_ids)

    def stands(self, entry_id: str, party: str) -> bool:
        """Whether an entry stands in a log of ``party``."""
        held = self.where.get(entry_id)
        return held is not None and self.logs[held[0]].party == party

    def _consequences(
        self, log: LogState, write: PutLeaf, parsed: ParsedLeaf, body: dict[str, Any] | None
    ) -> None:
        statement = parsed.leaf.statement
        if log.put.seq >= 0:  # else set aside: it puts nothing in force
            self.rule(log, write.index, parsed, body, write.labels)
        if statement.kind in CERTIFYING:
            self._certify(log, statement, write.index, parsed.leaf.placement.time)

    def rule(
        self,
        log: LogState,
        index: int,
        parsed: ParsedLeaf,
        body: dict[str, Any] | None,
        labels: tuple[str, ...],
    ) -> None:
        """A charter, assent, amendment, decline or standing counts, unless its labels say that it does
        not."""
        statement = parsed.leaf.statement
        if body is None or UNOPENED in labels:
            return
        code = _code(statement.kind, body)
        if code is not None:
            self._codes[parsed.id] = code
        if statement.kind in rules.RULE_KINDS and not VOID & set(labels):
            self.rules.add(self.rule_of(log, index, parsed, body))

    @staticmethod
    def rule_of(log: LogState, index: int, parsed: ParsedLeaf, body: dict[str, Any]) -> Rule:
        """A rule entry at its place."""
        said, position = parsed.leaf.statement, log.put.base + index
        return Rule(log.party, log.origin, index, position, parsed.id, said.kind, tuple(said.re), body)

    def certified(self, log: LogState) -> Credentials:
        """The credentials in a log's prefix: its own, after those of the earlier log as far as its maker
        vouches for that."""
        if log.origin not in self._certified:
            start = Credentials(log.party, self.channel)
            if log.put.seq > 0:
                old = self.logs[self.sequence[log.party][log.put.seq - 1]]
                self.certified(old)
                start = self._certified[old.origin][0].copy()
                for index, at, statement in old.certifying:
                    if index < log.put.base - old.put.base:
                        self._take(start, statement, index, at)
            self._certified[log.origin] = start, start.copy()
            if log is self.current(log.party):
                self.credentials[log.party] = self._certified[log.origin][1]
        return self._certified[log.origin][1]

    @staticmethod
    def _take(held: Credentials, statement: Statement, index: int, at: int) -> bool:
        try:
            held.take(statement, index, at)
        except MalformedError:
            return False
        return True

    def _certify(self, log: LogState, statement: Statement, index: int, at: int) -> None:
        """A credential counts wherever it is read, but only with its root's signature; else its label says
        so."""
        party, held = log.party, self.certified(log)
        log.certifying.append((index, at, statement))
        if not self._take(held, statement, index, at):
            return
        known = self.members.get(party)
        if held.card is not None and (known is None or held.card.serial > known.serial):
            self.members[party] = held.card

    # -- settling ------------------------------------------------------------------------------

    def _settled(self, origin: str) -> int | None:
        log = self.logs.get(origin)
        return None if log is None else log.settled

    def settle(self) -> None:
        """All that was applied is on disk: leave to the past what it can answer."""
        if self.past is None:
            raise FatalError("a state without a past cannot leave anything to it")
        for log in self.logs.values():
            log.settle()
        self._entries.settle()
        self._codes.clear()

    def recall(self, write: PutLeaf, body: bytes | None) -> None:
        """Read again an entry that settled and was noted: what it made of credentials, rules and labels."""
        log, parsed = self.logs[write.origin], decode_leaf(write.raw)
        if PASSING & set(write.labels) and self.where.get(write.entry_id) == (write.origin, write.index):
            if UNOPENED in write.labels:
                self.unopened[write.entry_id] = write.origin
            if BAD_CITATION in write.labels:
                self.doubted[write.entry_id] = write.origin, write.index, parsed.leaf.placement.seen
        if parsed.leaf.statement.kind in rules.RULE_KINDS | CERTIFYING:
            opened = None if body is None else canonical.decode(body, limit=BODY_LIMIT)
            self._consequences(log, write, parsed, opened)

    # -- reading -------------------------------------------------------------------------------

    @property
    def proofs(self) -> Set[str]:
        """Keys of the evidence that is kept."""
        return self.kept.keys()

    def own_log(self) -> LogState | None:
        """Our current log, the last of its sequence."""
        origins = self.sequence.get(self.me)
        return self.logs[origins[-1]] if origins else None

    def current(self, party: str) -> LogState | None:
        """A party's newest log here."""
        origins = self.sequence.get(party)
        return self.logs[origins[-1]] if origins else None

    def epoch_of(self, sender: str) -> int:
        """The highest epoch of a sender that we can open; 0 for none."""
        return self.newest_epoch.get(sender, 0)

    def terms_now(self) -> Terms:
        """The terms for what we place next: our own prefix and all that we hold."""
        log = self.own_log()
        prefix = {} if log is None else self._prefix(log, log.size)

        def bound(origin: str) -> int:
            return prefix[origin] if origin in prefix else vouching.up_to(self, origin, self._size)

        return self.rules.view(self.me, bound).terms

    def _size(self, origin: str) -> int:
        return self.logs[origin].size if origin in self.logs else 0

    def successor(self, log: LogState) -> LogState | None:
        """The log that goes on for this one, if it is here."""
        origins, at = self.sequence.get(log.party, []), log.put.seq + 1
        return self.logs[origins[at]] if 0 < at < len(origins) else None

    def _prefix(self, log: LogState, index: int) -> dict[str, int]:
        """How much of each log of its author stands before ``index`` of ``log``: of an earlier one only what
        its author still vouches for, of a later one nothing (protocol §5)."""
        bounds: dict[str, int] = dict.fromkeys(self.sequence[log.party], 0)
        base, origins = log.put.base, self.sequence[log.party][: log.put.seq]
        for origin in reversed(origins):
            bounds[origin] = base - self.logs[origin].put.base
            base = self.logs[origin].put.base
        bounds[log.origin] = index
        return bounds

    # -- judging (protocol §6) -----------------------------------------------------------------

    def judge(
        self,
        log: LogState,
        index: int,
        parsed: ParsedLeaf,
        body: dict[str, Any] | None,
        opened: bool,
        more: Sequence[Rule] = (),
        seen: Mapping[str, tuple[int, str]] | None = None,
    ) -> tuple[str, ...]:
        """Labels of an entry at ``index`` of ``log``, before it is applied. ``opened``: its content is as
        committed. ``more`` and ``seen``: rule entries and citations of its batch, not applied yet either."""
        statement = parsed.leaf.statement
        placement = parsed.leaf.placement
        labels = list(self._authorship(log, parsed))
        if statement.not_after is not None and placement.time > statement.not_after:
            labels.append(TOO_LATE)
        code = _code(statement.kind, body)
        labels += self._order(
            log, index, statement.kind, code, placement.seen if seen is None else seen, more
        )
        labels += self._citations(log, index, placement.seen)
        labels += self._understanding(statement, opened)
        if statement.kind in KINDS and opened and not _fits(statement.kind, body):
            labels.append(MALFORMED_BODY)
        vouched = vouching.vouched(self, log)
        if vouched is not None and index >= vouched:
            labels.append(NOT_VOUCHED)
        if vouching.repeated(self, log, index, parsed.id):
            labels.append(DUPLICATE)
        return ranked(labels)

    def _authorship(self, log: LogState, parsed: ParsedLeaf) -> tuple[str, ...]:
        return self.certified(log).judge_leaf(parsed, self.ahead)

    def check_ahead(self, log: LogState, leaves: Iterable[ParsedLeaf], spread: Spread) -> None:
        """Check the signatures of a batch at once; ``judge`` finds what came of it until the next batch."""
        self.ahead = self.certified(log).check_ahead(leaves, spread)

    def _order(
        self,
        log: LogState,
        index: int,
        kind: str,
        code: str | None,
        seen: Mapping[str, tuple[int, str]],
        more: Sequence[Rule] = (),
    ) -> list[str]:
        if not self.rules.rules and not more:
            return [] if _keeping(kind) else [rules.BEFORE_CHARTER]
        prefix = self._prefix(log, index)

        def saw(origin: str) -> int:
            return max(log.saw(index, origin), seen[origin][0] if origin in seen else 0)

        def bound(origin: str) -> int:
            return prefix[origin] if origin in prefix else vouching.up_to(self, origin, saw)

        view = self.rules.view(log.party, bound, more)
        terms = view.terms
        if terms.charter is None and not _keeping(kind):
            return [rules.BEFORE_CHARTER]
        if code is not None and _life_saving(terms, code):
            return []
        if any(rules.closes(standing, kind, terms.charter) for standing in terms.standings.values()):
            return [rules.AGAINST_STANDING]
        for origin, standings in self.rules.closing(kind).items():
            # Of those that the author had not seen the first had itself seen the least of this log.
            at = bisect_left(standings, max(saw(origin), bound(origin)), key=lambda rule: rule.index)
            if standings[0].party == log.party or at == len(standings):
                continue
            unseen = index >= self.logs[origin].saw(standings[at].index, log.origin)
            if unseen and rules.closes(standings[at], kind, terms.charter):
                return [rules.CROSSED]
        return []

    def relabelled(self, rule: Rule) -> list[tuple[str, tuple[str, ...]]]:
        """(entry id, labels) of the entries whose labels a rule entry changes that has just been kept.

        Those that crossed it, and those whose authors knew it before we did.
        """
        found = []
        declared = self.logs[rule.origin]
        for log in self.logs.values():
            if log.put.seq < 0:
                continue
            start = log.first_to_see(rule.origin, rule.index)
            if log.origin == rule.origin:
                start = rule.index + 1
            elif log.party == rule.party:
                later = log.put.seq > declared.put.seq
                start = 0 if later else log.size
            knew = start
            if log.party != rule.party and rule.kind == "standing":
                start = min(start, self._crossing(log, rule))
            for index, entry_id in log.named(start):
                if index < knew and log.kinds[index] not in rule.closed:
                    continue
                labels = self.by_rules(log, index, entry_id)
                if labels is not None:
                    found.append((entry_id, labels))
        return found

    def _crossing(self, log: LogState, standing: Rule) -> int:
        """From which index on entries of ``log`` may have come to cross ``standing``.

        What had not seen an earlier one of the same log that closes as much is labelled already. So a member
        that declares again and again, and cites nothing, does not make us look through all the log each time.
        """
        starts = []
        for kind in standing.closed & set(log.kinds.names):
            same = self.rules.closing(kind)[standing.origin]
            at = bisect_left(same, standing.index, key=lambda rule: rule.index)
            starts.append(log.first_to_see(standing.origin, same[at - 1].index) if at else 0)
        return max(min(starts, default=log.size), self.logs[standing.origin].saw(standing.index, log.origin))

    def by_rules(self, log: LogState, index: int, entry_id: str) -> tuple[str, ...] | None:
        """Labels of an entry that stands, by the rule entries now held; None if they are what they were."""
        kind = log.kinds[index]
        if kind == "malformed" or self.where[entry_id] != (log.origin, index):
            return None
        held = self.labels.get(entry_id, ())
        by_rules = self._order(log, index, kind, self._code_of(entry_id, kind), {})
        labels = ranked([*(label for label in held if label not in BY_RULES), *by_rules])
        return None if labels == held else labels

    def _code_of(self, entry_id: str, kind: str) -> str | None:
        code = self._codes.get(entry_id)
        if code or kind != "phrase" or self.past is None or entry_id in self.where.recent:
            return code
        held = None if UNOPENED in self.labels.get(entry_id, ()) else self.past.body(entry_id)
        return None if held is None else _code(kind, canonical.decode(held[1], limit=BODY_LIMIT))

    def opened(self, log: LogState, index: int, parsed: ParsedLeaf, body: dict[str, Any]) -> tuple[str, ...]:
        """Labels of an entry that stands unopened, now that its body came."""
        kind = parsed.leaf.statement.kind
        gone = BY_RULES | {UNOPENED}
        held = [label for label in self.labels.get(parsed.id, ()) if label not in gone]
        held += self._order(log, index, kind, _code(kind, body), {})
        if kind in KINDS and not _fits(kind, body):
            held.append(MALFORMED_BODY)
        return ranked(held)

    def _citations(self, log: LogState, index: int, seen: Mapping[str, tuple[int, str]]) -> list[str]:
        for origin, (size, root) in seen.items():
            if size < log.saw(index - 1, origin):
                return [BAD_CITATION]
            ours = self.logs.get(origin)
            if ours is None or not ours.put.mine or log.party == self.me:
                continue
            held = ours.root_at(size)
            if held is None and ours.lost and size <= ours.size:
                # Not every head that we signed comes back with the leaves.
                held = ours.compute_root(size)
            if held is None or canonical.b64(held) != root:
                return [BAD_CITATION]
        return []

    def recited(self) -> list[tuple[str, tuple[str, ...]]]:
        """(entry id, labels) of the entries that cite what has just been given back of a log of ours."""
        found = []
        for entry_id, (origin, index, seen) in list(self.doubted.items()):
            if not self._citations(self.logs[origin], index, seen):
                del self.doubted[entry_id]
                held = self.labels.get(entry_id, ())
                found.append((entry_id, tuple(label for label in held if label != BAD_CITATION)))
        return found

    def _understanding(self, statement: Statement, opened: bool) -> list[str]:
        labels = []
        if statement.crit and not KNOWN_FIELDS.issuperset(statement.crit):
            labels.append(NOT_UNDERSTOOD)
        if statement.kind not in KINDS:
            labels.append(UNKNOWN_KIND)
        if not opened:
            labels.append(UNOPENED)
        return labels


def _keeping(kind: str) -> bool:
    known = KINDS.get(kind)
    return known is not None and known.keeping


def _fits(kind: str, body: dict[str, Any] | None) -> bool:
    try:
        check_body(kind, body or {})
    except MalformedError:
        return False
    return True


def _code(kind: str, body: dict[str, Any] | None) -> str | None:
    code = body.get("code") if body is not None and kind == "phrase" else None
    return code if isinstance(code, str) else None


def _life_saving(terms: Terms, code: str) -> bool:
    """Life-saving phrases agreed in the charter pass whatever the standing (DESIGN, rule 6)."""
    return terms.charter is not None and any(p.code == code and p.life_saving for p in terms.charter.phrases)
