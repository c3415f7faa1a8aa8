# SPDX-License-Identifier: Apache-2.0
"""What one party knows of a channel: a fold over the writes that its store has made durable.

The same ``apply`` runs when something new is kept and when a node starts again, so recovery has no code of
its own.
"""

from __future__ import annotations

from typing import Any

from detente.errors import MalformedError
from detente.line import rules
from detente.line.logs import LogState
from detente.line.mandates import Credentials
from detente.line.rules import Rule, Rulebook, Terms
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
# What a label says when nobody should act on the entry.
VOID = frozenset({"bad signature", "no mandate", "revoked", "malformed leaf", "not understood", "duplicate"})
KNOWN_FIELDS = frozenset(Statement.__struct_fields__)
CERTIFYING = frozenset({"genesis", "credential", "succession"})
BODY_LIMIT = 1 << 20


class State:
    """Members, logs, credentials, rules and epochs of one channel."""

    def __init__(self, channel: str, me: str) -> None:
        self.channel = channel
        self.me = me
        self.members: dict[str, Card] = {}
        self.logs: dict[str, LogState] = {}
        self.sequence: dict[str, list[str]] = {}
        self.credentials: dict[str, Credentials] = {}
        self.rules = Rulebook()
        self.epochs: dict[tuple[str, int], bytes] = {}
        self.newest_epoch: dict[str, int] = {}
        self.blobs: dict[int, dict[str, bytes]] = {}
        self.granted: dict[tuple[str, int], bytes] = {}
        self.where: dict[str, tuple[str, int]] = {}
        self.early: dict[str, PutEarly] = {}
        self.items: dict[str, set[str]] = {}
        self.unopened: dict[str, str] = {}
        self.evidence: dict[str, int] = {}
        # Only entries that have labels.
        self.labels: dict[str, tuple[str, ...]] = {}
        self._body_before: tuple[str, bytes] = ("", b"")

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
                self.items.setdefault(write.entry_id, set()).add(write.by)
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
                self._labels(write.entry_id, write.labels)
            case _:
                self._evidence(write)

    def _log(self, write: PutLog) -> None:
        log = LogState(write, VerifierKey.parse(write.log_key), VerifierKey.parse(write.receipt_key))
        self.logs[write.origin] = log
        self.sequence.setdefault(write.party, []).append(write.origin)
        self.credentials.setdefault(write.party, Credentials(write.party, self.channel))

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
        self.evidence[write.origin] = self.evidence.get(write.origin, 0) + 1
        if write.what == "fork" and write.origin in self.logs:
            self.logs[write.origin].forked = True

    def _labels(self, entry_id: str, labels: tuple[str, ...]) -> None:
        if labels:
            self.labels[entry_id] = labels
        else:
            self.labels.pop(entry_id, None)
        if "unopened" in labels:
            self.unopened[entry_id] = self.where[entry_id][0]
        else:
            self.unopened.pop(entry_id, None)

    def _body(self, write: PutBody) -> None:
        """Bodies of rule entries are needed when their leaf follows; the others are the store's alone."""
        self._body_before = (write.entry_id, write.raw)

    def _leaf(self, write: PutLeaf, parsed: ParsedLeaf | None, body: dict[str, Any] | None) -> None:
        log = self.logs[write.origin]
        if parsed is None and "malformed leaf" not in write.labels:
            parsed = decode_leaf(write.raw)
        kind = parsed.leaf.statement.kind if parsed else "malformed"
        urgent = parsed is not None and parsed.leaf.statement.precedence in URGENT
        log.add_leaf(write.hash, write.entry_id, kind, urgent)
        self.where.setdefault(write.entry_id, (write.origin, write.index))
        if parsed is None:
            return
        for origin, (size, _) in parsed.leaf.placement.seen.items():
            log.cite(write.index, origin, size)
        self._labels(write.entry_id, write.labels)
        if body is None and kind in rules.RULE_KINDS and self._body_before[0] == write.entry_id:
            body = canonical.decode(self._body_before[1], limit=BODY_LIMIT)
        self._consequences(log, write, parsed, body)

    def _consequences(
        self, log: LogState, write: PutLeaf, parsed: ParsedLeaf, body: dict[str, Any] | None
    ) -> None:
        statement = parsed.leaf.statement
        self.rule(log, write.index, parsed, body, write.labels)
        if statement.kind in CERTIFYING:
            self._certify(log.party, statement, write.index, parsed.leaf.placement.time)

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
        if statement.kind not in rules.RULE_KINDS or body is None or VOID & set(labels):
            return
        position = log.put.base + index
        self.rules.add(
            Rule(log.party, log.origin, index, position, parsed.id, statement.kind, tuple(statement.re), body)
        )

    def _certify(self, party: str, statement: Statement, index: int, at: int) -> None:
        """A credential counts wherever it is read, but only with its root's signature; else its label says
        so."""
        held = self.credentials[party]
        try:
            held.take(statement, index, at)
        except MalformedError:
            return
        known = self.members.get(party)
        if held.card is not None and (known is None or held.card.serial > known.serial):
            self.members[party] = held.card

    # -- reading -------------------------------------------------------------------------------

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
        return self.rules.terms(sorted(self.rules.rules, key=lambda r: (r.position, r.party)))

    # -- judging (protocol §6) -----------------------------------------------------------------

    def judge(
        self,
        log: LogState,
        index: int,
        parsed: ParsedLeaf,
        body: dict[str, Any] | None,
        opened: bool,
    ) -> tuple[str, ...]:
        """Labels of an entry at ``index`` of ``log``, before it is applied. ``opened``: its content is as
        committed."""
        statement = parsed.leaf.statement
        placement = parsed.leaf.placement
        labels = list(self._authorship(log, parsed))
        if statement.not_after is not None and placement.time > statement.not_after:
            labels.append("too late")
        labels += self._order(log, index, parsed, body)
        labels += self._citations(log, parsed)
        labels += self._understanding(statement, opened)
        if statement.kind in KINDS and opened and not _fits(statement.kind, body):
            labels.append("malformed body")
        if parsed.id in self.where:
            labels.append("duplicate")
        return tuple(labels)

    def _authorship(self, log: LogState, parsed: ParsedLeaf) -> tuple[str, ...]:
        return self.credentials[log.party].judge_leaf(parsed)

    def _order(self, log: LogState, index: int, parsed: ParsedLeaf, body: dict[str, Any] | None) -> list[str]:
        statement = parsed.leaf.statement
        kind = statement.kind
        if not self.rules.rules:
            return [] if _keeping(kind) else [rules.BEFORE_CHARTER]
        seen = parsed.leaf.placement.seen

        def saw(origin: str) -> int:
            return max(log.saw(index, origin), seen[origin][0] if origin in seen else 0)

        visible = self.rules.visible(log.party, log.origin, index, saw)
        terms = self.rules.terms(visible)
        if terms.charter is None and not _keeping(kind):
            return [rules.BEFORE_CHARTER]
        if kind == "phrase" and _life_saving(terms, body):
            return []
        if any(rules.closes(b, kind, terms.charter) for b in terms.standings.values()):
            return [rules.AGAINST_STANDING]
        known = {r.entry_id for r in visible}
        for rule in self.rules.rules:
            if rule.kind != "standing" or rule.entry_id in known or rule.party == log.party:
                continue
            declared = self.logs[rule.origin]
            unseen = index >= declared.saw(rule.index, log.origin)
            if unseen and rules.closes(rule.body, kind, terms.charter):
                return [rules.CROSSED]
        return []

    def crossed_by(self, rule: Rule) -> list[tuple[str, str]]:
        """(entry id, origin) of entries of others that crossed a standing which has just been kept."""
        declared = self.logs[rule.origin]
        charter = self.terms_now().charter
        found = []
        for log in self.logs.values():
            if log.party == rule.party:
                continue
            found += [
                (log.ids[index], log.origin)
                for index in range(declared.saw(rule.index, log.origin), log.size)
                if log.saw(index, rule.origin) <= rule.index
                and rules.closes(rule.body, log.kinds[index], charter)
            ]
        return found

    def _citations(self, log: LogState, parsed: ParsedLeaf) -> list[str]:
        for origin, (size, root) in parsed.leaf.placement.seen.items():
            cites = log.cited.get(origin)
            if cites is not None and size < cites[1][-1]:
                return ["bad citation"]
            ours = self.logs.get(origin)
            if ours is None or not ours.put.mine or log.party == self.me:
                continue
            held = ours.root_at(size)
            if held is None or canonical.b64(held) != root:
                return ["bad citation"]
        return []

    def _understanding(self, statement: Statement, opened: bool) -> list[str]:
        labels = []
        if statement.crit and not KNOWN_FIELDS.issuperset(statement.crit):
            labels.append("not understood")
        if statement.kind not in KINDS:
            labels.append("unknown kind")
        if not opened:
            labels.append("unopened")
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


def _life_saving(terms: Terms, body: dict[str, Any] | None) -> bool:
    """Life-saving phrases agreed in the charter pass whatever the standing (DESIGN, rule 6)."""
    if terms.charter is None or body is None:
        return False
    return any(p.code == body.get("code") and p.life_saving for p in terms.charter.phrases)
