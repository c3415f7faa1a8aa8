# SPDX-License-Identifier: Apache-2.0
"""Two histories of one log, and two successions of one log: found, kept, proven to others (protocol §5).

What proves itself goes to every member, once a connection: so the author learns of what was signed behind its
back, and nobody can be told that there was no proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from detente.errors import MalformedError, VerificationError
from detente.line import vouching
from detente.line.logs import LogState, split
from detente.line.peers import Peer
from detente.line.writes import PutEvidence, PutLog, Write
from detente.log import merkle
from detente.log import note as notes
from detente.log.checkpoint import Checkpoint, own_note
from detente.log.fork import TWO, ForkProof
from detente.seal import canonical
from detente.seal import credential as credentials
from detente.seal.credential import SuccessionDoc
from detente.seal.packet import ProofPart

if TYPE_CHECKING:
    from detente.line.line import Line
    from detente.line.send import ReadHead

FORK, CONFLICT, BEHIND, RIVALS = "fork", "conflict", "behind", "rivals"
# Kinds of evidence that a third party can check without us.
PROVEN = frozenset({FORK, RIVALS})
SUCCESSIONS = ("one.json", "two.json")
# Proofs kept in memory: more than anybody honest ever holds, and a few KiB each.
PROOFS_KEPT = 64


class Forks:
    """What a line does about proofs against a log."""

    def __init__(self, line: Line) -> None:
        self.line = line
        # Proofs that were worked out, by the key of their evidence: each connection asks for them again.
        self._proofs: dict[str, ForkProof] = {}

    def against(self, origin: str) -> bool:
        """Whether there is evidence that more was signed in a log than its holder knows of."""
        return any(one.origin == origin and one.what != RIVALS for one in self.line.state.kept.values())

    # -- two histories -------------------------------------------------------------------------

    def compare(self, log: LogState, checkpoint: Checkpoint, note: bytes, peer: Peer, now: int) -> None:
        """A good checkpoint of a size that we hold: it says our root, or it proves a fork."""
        held = self._root(log, checkpoint.size)
        if held is not None and held != checkpoint.root:
            self.conflict(log, note, checkpoint, peer, now)

    def _root(self, log: LogState, size: int) -> bytes | None:
        """Our root at a size; None if we have none. However long the log is, it costs little."""
        if not 0 < size <= log.size:
            return None
        return log.root_at(size) or log.compute_root(size)

    def conflict(self, log: LogState, note: bytes, checkpoint: Checkpoint, peer: Peer, now: int) -> None:
        """Signed by the log's key, and not the tree that we hold."""
        line = self.line
        if log.origin not in line.state.logs:
            return
        peer.differ(log.origin)
        line.counters["conflicting checkpoint"] += 1
        self._differs(log, own_note(note), FORK if checkpoint.size <= log.size else CONFLICT, now)

    def grown(self, log: LogState, previous: int, now: int) -> None:
        """Leaves came after ``previous``: a head that was only in conflict may be provable now."""
        for one in list(self.line.state.kept.values()):
            if (one.origin, one.what) != (log.origin, CONFLICT):
                continue
            theirs = Checkpoint.parse(notes.parse(one.files["theirs"]).text)
            if previous < theirs.size <= log.size and self._root(log, theirs.size) != theirs.root:
                self._differs(log, one.files["theirs"], FORK, now)

    def _differs(self, log: LogState, theirs: bytes, what: str, now: int) -> None:
        held = f"{log.origin}\n{log.size}\n{canonical.b64(log.frontier.root())}\n".encode()
        key = self._fork_key(theirs) if what == FORK else _key(theirs)
        self._keep(PutEvidence(key, log.origin, what, now, {"theirs": theirs, "held": held}), log.party)

    def _fork_key(self, theirs: bytes) -> str:
        """The key of a proof; another one where the head is kept already as what could not be proven."""
        key, kept = _key(theirs), self.line.state.kept
        return _key(FORK.encode() + theirs) if key in kept and kept[key].what == CONFLICT else key

    def ahead_of_us(self, log: LogState, size: int, note: bytes, now: int) -> None:
        """A member shows our signature over more of our log than we hold: we are a copy or an old backup.

        The proof is kept: a restart must not forget it.
        """
        line = self.line
        if log.put.mine and log is line.state.own_log() and line.stopped is None:
            key = _key(note)
            if key not in line.state.kept:
                line.write(PutEvidence(key, log.origin, BEHIND, now, {"theirs": note}))
            line.stop(f"a member holds {size} entries of our log, we hold {log.size}: restored or copied")

    def _keep(self, evidence: PutEvidence, party: str) -> None:
        """Keep a proof that is new, tell every member of it, and stop where it is about our own log."""
        line, state = self.line, self.line.state
        known = state.kept.get(evidence.key)
        like = [e for e in state.kept.values() if (e.origin, e.what) == (evidence.origin, evidence.what)]
        full = len(like) >= line.limits.evidence_per_log
        if known is None and not full:
            line.write(evidence)
            line.event("evidence", party, origin=evidence.origin, what=evidence.what)
            if evidence.what in PROVEN:
                for peer in line.peers.values():
                    peer.owe_proofs.add(evidence.key)
        own = state.own_log()
        if own is not None and own.origin == evidence.origin and evidence.what != RIVALS:
            line.stop("somebody else signed in our log: a copy of this node, or a stolen key")

    # -- two successions -----------------------------------------------------------------------

    def rivals(
        self, party: str, doc: SuccessionDoc, credential: dict[str, Any], peer: Peer, now: int
    ) -> list[Write]:
        """A succession of a log that another one goes on for already. Of another party it is refused, with
        the proof for all; where it is ours: what is to be written before its log is taken in.

        Raises VerificationError where the log is not to be taken in.
        """
        line, state = self.line, self.line.state
        sequence = state.sequence[party]
        at = sequence.index(doc.old.origin)
        held = self._succession(state.logs[sequence[at + 1]])
        if held is None:
            raise VerificationError("a succession of a log that another one went on for")
        evidence = _evidence(doc.old.origin, held, credential, now)
        after = [state.logs[origin] for origin in sequence[at + 1 :]]
        if party != line.me or self._taken(doc.old.origin):
            self._keep(evidence, party)
            if evidence.key in state.kept:  # not where there were enough of them already
                peer.owe_proofs.add(evidence.key)
            raise VerificationError("a second succession of one log: the first one that was held counts")
        # Nobody holds ours, and a member holds the other: that is where this party can go on.
        least = min([0, *(log.put.seq for log in state.logs.values() if log.party == party)])
        aside: list[Write] = [evidence] if evidence.key not in state.kept else []
        for number, log in enumerate(after, 1):
            aside.append(replace(log.put, seq=least - number))
        return aside

    def _taken(self, origin: str) -> bool:
        """Whether a member holds what we went on in after that log of ours."""
        state = self.line.state
        sequence = state.sequence[state.me]
        return any(state.logs[after].receipted for after in sequence[sequence.index(origin) + 1 :])

    def _succession(self, log: LogState) -> dict[str, Any] | None:
        """The credential by which a log goes on for another."""
        for index, _, statement in log.certifying:
            item = (statement.data or {}).get("succession")
            if index == 1 and isinstance(item, dict):
                return item
        return None

    def vouched_anew(self, put: PutLog) -> None:
        """A log has just become known: label what its author no longer vouches for, of the log before it and
        of those that it puts aside."""
        line, state = self.line, self.line.state
        for log in list(state.logs.values()):
            if log.party != put.party or not (log.put.seq == put.seq - 1 or log.put.seq < 0):
                continue
            for entry_id, labels in vouching.changed(state, log):
                line.label(entry_id, labels)

    # -- proofs to and from others ---------------------------------------------------------------

    def part(self, key: str, head: ReadHead) -> ProofPart | None:
        """A proof that we hold, for a member; None if it is none by itself."""
        evidence = self.line.state.kept[key]
        files = evidence.files
        if evidence.what == RIVALS:
            ours = self.line.state.logs[evidence.origin].party == self.line.me
            if ours and not self._taken(evidence.origin):
                return None  # we would go on in the other one: to be told that we know it would keep it back
            said = [canonical.decode(files[name], limit=len(files[name])) for name in SUCCESSIONS]
            return ProofPart({"log": evidence.origin, "successions": said})
        if evidence.what != FORK:
            return None
        proof = ForkProof.from_files(files) if TWO in files else self._proof(evidence, head)
        return None if proof is None else ProofPart({"log": evidence.origin} | proof.to_doc())

    def _proof(self, evidence: PutEvidence, head: ReadHead) -> ForkProof | None:
        """Their head and ours that contradicts it: of the same size if we hold one, else with a path.

        Once worked out it stays good, whatever is signed later.
        """
        proof = self._proofs.get(evidence.key)
        if proof is None and (proof := self._worked_out(evidence, head)) is not None:
            if len(self._proofs) >= PROOFS_KEPT:
                self._proofs.pop(next(iter(self._proofs)))
            self._proofs[evidence.key] = proof
        return proof

    def _worked_out(self, evidence: PutEvidence, head: ReadHead) -> ForkProof | None:
        log = self.line.state.logs[evidence.origin]
        theirs = Checkpoint.parse(notes.parse(evidence.files["theirs"]).text)
        size = log.head_above(theirs.size - 1, 0)
        if size is None:
            return None
        held = head(log.origin, size)
        if size == theirs.size:
            return ForkProof(evidence.files["theirs"], held)
        if size > self.line.limits.fork_search:
            return None
        hashes = list(split(log.hashes(0, size)))
        path = merkle.consistency_proof(hashes, theirs.size, size)
        return ForkProof(evidence.files["theirs"], held, merkle.root(hashes[: theirs.size]), tuple(path))

    def received(self, peer: Peer, doc: dict[str, Any], now: int) -> None:
        """A member passes a proof on. Raises MalformedError or VerificationError for what proves nothing."""
        log = self.line.state.logs.get(str(doc.get("log")))
        if log is None:
            raise VerificationError("a proof about a log that we do not know")
        if "successions" in doc:
            self._two_successions(log, doc["successions"], peer, now)
        else:
            self._two_histories(log, ForkProof.from_doc(doc), now)

    def _two_histories(self, log: LogState, proof: ForkProof, now: int) -> None:
        heads = proof.check(log.log_key)
        # What is new of it is the head that is not ours: so one fork is one proof, whoever tells of it.
        others = [
            raw
            for raw, head in zip((proof.one, proof.two), heads, strict=True)
            if self._root(log, head.size) != head.root
        ]
        key = self._fork_key(own_note(others[-1]))
        if key not in self.line.state.kept:
            self._keep(PutEvidence(key, log.origin, FORK, now, bare(proof).files()), log.party)

    def _two_successions(self, old: LogState, said: Any, peer: Peer, now: int) -> None:
        state = self.line.state
        if not isinstance(said, list) or len(said) != 2 or not all(isinstance(one, dict) for one in said):
            raise MalformedError("a proof of two successions has two credentials")
        docs = [credentials.parse(credentials.check(one, state.members[old.party].root)) for one in said]
        one, two = docs
        if not isinstance(one, SuccessionDoc) or not isinstance(two, SuccessionDoc):
            raise VerificationError("two credentials that are no successions")
        if not (
            one.channel == two.channel == state.channel and one.old.origin == two.old.origin == old.origin
        ):
            raise VerificationError("two successions of two logs")
        if one.new == two.new:
            raise VerificationError("two successions by one log")
        self._keep(_evidence(old.origin, said[0], said[1], now), old.party)
        # It took one of them: the other is not offered to it again on this connection.
        peer.differs.update(doc.new for doc in (one, two) if doc.new not in (peer.have or {}))


def bare(proof: ForkProof) -> ForkProof:
    """The proof with notes cut to the log's own line: all that it rests on."""
    return ForkProof(own_note(proof.one), own_note(proof.two), proof.root, proof.path)


def _key(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _evidence(origin: str, one: dict[str, Any], two: dict[str, Any], now: int) -> PutEvidence:
    """Both credentials in one order, whoever held which: one pair is one proof."""
    raws: Iterable[bytes] = sorted(map(canonical.encode, (one, two)))
    files = dict(zip(SUCCESSIONS, raws, strict=True))
    return PutEvidence(_key(b"".join(files.values())), origin, RIVALS, now, files)
