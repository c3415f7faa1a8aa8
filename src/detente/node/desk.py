# SPDX-License-Identifier: Apache-2.0
"""The desk: drafts that wait for signatures, release, recall; credentials and successions placed.

Four eyes release what a side says of itself (DESIGN, rule 1): a mandate asks for k offices, each with its own
key.
"""

from __future__ import annotations

import secrets
from typing import Any

from detente.errors import MalformedError, RefusedError, UsageError
from detente.line.signed import Signed
from detente.node.runtime import Node
from detente.seal import canonical, credential
from detente.words.entry import Signature
from detente.words.machine import Machine, Move

AWAITING = "awaiting release"
RECALLABLE = "recallable"
RETURNED, RECALLED, RELEASED = "returned", "recalled", "released"
_SUBMIT, _HOLD, _SIGN, _RELEASE = "submitted", "released, recallable", "signed", "released"
_RETURN, _RECALL, _DUE, _REFUSED = "returned", "recalled", "recall time over", "refused"
_SIGNER, _DRAFTER = "an office that the mandate names", "the drafting office"
DRAFT = Machine(
    "draft",
    "A statement before it is placed, where the mandate asks for more signatures or a recall time runs.",
    "none",
    (
        Move("none", _SUBMIT, AWAITING, _DRAFTER, "guide, Desk officer"),
        Move("none", _HOLD, RECALLABLE, "an office that signs alone, if there is a recall time", "guide"),
        Move(AWAITING, _SIGN, AWAITING, _SIGNER, "guide"),
        Move(RETURNED, _SIGN, AWAITING, _SIGNER, "guide"),
        Move(AWAITING, _RETURN, RETURNED, f"{_SIGNER}, with a remark", "guide"),
        Move(AWAITING, _HOLD, RECALLABLE, f"{_SIGNER}, if there is a recall time", "guide"),
        Move(RETURNED, _HOLD, RECALLABLE, f"{_SIGNER}, if there is a recall time", "guide"),
        Move(AWAITING, _RELEASE, RELEASED, f"{_SIGNER}: it is placed", "guide, §3"),
        Move(RETURNED, _RELEASE, RELEASED, f"{_SIGNER}: it is placed", "guide, §3"),
        Move(RECALLABLE, _DUE, RELEASED, "the node: it is placed", "guide"),
        Move(RECALLABLE, _REFUSED, RETURNED, "the node: it may no longer be placed", "guide, §6"),
        Move(AWAITING, _RECALL, RECALLED, _DRAFTER, "guide"),
        Move(RETURNED, _RECALL, RECALLED, _DRAFTER, "guide"),
        Move(RECALLABLE, _RECALL, RECALLED, _DRAFTER, "guide"),
    ),
)
# A draft in one of these waits for somebody, or for its time.
_LIVE = frozenset(move.before for move in DRAFT.moves) - {DRAFT.start}
SLOW = frozenset({"routine", "priority"})
# Longer than this it is no slip of the hand but a decision: withdraw or correct by a later entry.
LONGEST_RECALL = 3600
LOOK_AGAIN = 1000


class Desk:
    """Drafts of one node. A draft's id is the entry id that it will have."""

    def __init__(self, node: Node) -> None:
        self.node = node
        # (when it was looked up, in ms; recall time in seconds)
        self._recall = (-LOOK_AGAIN, 0)

    # -- signatures ----------------------------------------------------------------------------

    def _standing(
        self, channel: str, entry: Signed, *, verify: bool = True
    ) -> tuple[list[str], int, tuple[str, ...]]:
        """(offices whose signature stands, how many are needed, offices that may sign).

        Without ``verify``, those whose key a signature names: enough where placing verifies each anyway.
        """
        line = self.node.line(channel)
        held = line.state.credentials[self.node.me]
        office = str(entry.statement.get("office"))
        mandate = held.mandate_for(office, self.node.clock())
        if mandate is None:
            return [], 1, ()
        signatures = [Signature(str(s.get("key")), str(s.get("sig"))) for s in entry.signatures]
        if verify:
            stood = held.check_signatures(entry.raw, signatures).stood
        else:
            stood = frozenset(signature.key for signature in signatures)
        now = self.node.clock()
        signed = [
            name
            for name in mandate.signers.of
            if (own := held.mandate_for(name, now)) is not None and credential_key(own) in stood
        ]
        needed = 1 if entry.statement.get("emergency") and mandate.emergency else mandate.signers.k
        return signed, needed, mandate.signers.of

    def awaits(self, channel: str, entry: Signed) -> dict[str, Any] | None:
        """A draft kept because signatures are missing, or a release held for the recall time; None to place
        it now."""
        signed, needed, of = self._standing(channel, entry, verify=self._recallable(entry))
        if of and len(signed) < needed:
            self._keep(channel, entry, AWAITING, "drafted", str(entry.statement.get("office")))
            return {"id": entry.id, "ref": None, "state": AWAITING, "channel": channel}
        return self._hold(channel, entry)

    def _hold(self, channel: str, entry: Signed) -> dict[str, Any] | None:
        if not self._recallable(entry):
            return None
        due = self.node.clock() + self.recall_time() * 1000
        self._keep(channel, entry, RECALLABLE, "released", str(entry.statement.get("office")))
        self.node.store.put_outgoing(entry.id, channel, due, entry.to_json())
        return {"id": entry.id, "ref": None, "state": RECALLABLE, "due": due, "channel": channel}

    def _recallable(self, entry: Signed) -> bool:
        return entry.statement.get("precedence") in SLOW and self.recall_time() > 0

    def recall_time(self) -> int:
        """Seconds during which a routine or priority release can be recalled; looked up once a second."""
        now = self.node.clock()
        if not self._recall[0] <= now < self._recall[0] + LOOK_AGAIN:
            text = self.node.store.meta("recall_seconds") or "0"
            self._recall = now, int(text) if text.isdecimal() else 0
        return self._recall[1]

    def set_recall_time(self, seconds: int) -> None:
        """Change it for releases to come. Raises UsageError for what is not from 0 to an hour."""
        if not 0 <= seconds <= LONGEST_RECALL:
            raise UsageError(f"a recall time is from 0 to {LONGEST_RECALL} seconds")
        self.node.store.put_meta("recall_seconds", str(seconds))
        self.node.store.put_audit(self.node.clock(), "desk", "recall time", str(seconds))

    def _keep(self, channel: str, entry: Signed, status: str, what: str, who: str, remark: str = "") -> None:
        row = self.node.store.draft(entry.id)
        history = [
            *(row["history"] if row else []),
            {"at": self.node.clock(), "what": what, "by": who, "remark": remark},
        ]
        self.node.store.put_draft(entry.id, channel, entry.to_json(), status, history)
        self.node.store.put_audit(self.node.clock(), who, f"draft {what}", entry.id)
        self.node.emit({"event": "draft", "id": entry.id, "channel": channel, "status": status})

    # -- drafts --------------------------------------------------------------------------------

    def _row(self, draft_id: str) -> tuple[dict[str, Any], Signed]:
        row = self.node.store.draft(draft_id)
        if row is None:
            raise RefusedError(f"no draft {draft_id[:12]}; see: detente draft list")
        return row, Signed.from_json(row["draft"])

    def list(self) -> list[dict[str, Any]]:
        """Open drafts, returned ones and releases that can still be recalled."""
        rows = [row for row in self.node.store.drafts() if row["status"] in _LIVE]
        return [self._describe(row, Signed.from_json(row["draft"])) for row in rows]

    def show(self, draft_id: str) -> dict[str, Any]:
        """A draft with its statement and body."""
        row, entry = self._row(draft_id)
        body = entry.statement.get("data")
        if entry.body is not None:
            body = canonical.decode(entry.body, limit=1 << 20)
        return self._describe(row, entry) | {
            "statement": entry.statement,
            "body": body,
            "history": row["history"],
        }

    def _describe(self, row: dict[str, Any], entry: Signed) -> dict[str, Any]:
        signed, needed, of = self._standing(row["channel"], entry)
        statement = entry.statement
        return {
            "id": row["id"],
            "channel": row["channel"],
            "kind": statement["kind"],
            "office": statement["office"],
            "precedence": statement["precedence"],
            "status": row["status"],
            "signatures": signed,
            "needed": needed,
            "of": list(of),
            "created": row["history"][0]["at"] if row["history"] else statement["released"],
            "remarks": [h for h in row["history"] if h.get("remark")],
        }

    def sign(self, draft_id: str, signature: dict[str, Any]) -> dict[str, Any]:
        """Add a signature that stands. Raises RefusedError for one that does not, or adds nothing."""
        row, entry = self._row(draft_id)
        if not DRAFT.allows(row["status"], _SIGN):
            raise RefusedError(f"the draft is {row['status']}: nothing is to be signed")
        before, _, of = self._standing(row["channel"], entry)
        more = entry.with_signature(signature)
        after, needed, _ = self._standing(row["channel"], more)
        new = sorted(set(after) - set(before))
        if not new:
            raise RefusedError(
                f"this signature adds nothing: needed are {needed} of {', '.join(of) or 'no office'}"
            )
        self._keep(row["channel"], more, AWAITING, "signed", new[0])
        return {"id": draft_id, "state": AWAITING, "signatures": after, "needed": needed}

    def release(self, draft_id: str) -> dict[str, Any] | tuple[str, Signed]:
        """What is to be placed now, or the result where it is held for the recall time."""
        row, entry = self._row(draft_id)
        if not DRAFT.allows(row["status"], _RELEASE):
            raise RefusedError(f"the draft is {row['status']} already")
        signed, needed, of = self._standing(row["channel"], entry)
        if len(signed) < needed:
            raise RefusedError(
                f"{AWAITING}: signed by {', '.join(signed) or 'nobody'}; "
                f"needed are {needed} of {', '.join(of)}"
            )
        held = self._hold(row["channel"], entry)
        return held if held is not None else (row["channel"], entry)

    def done(self, draft_id: str, status: str) -> None:
        """The draft was placed."""
        row, entry = self._row(draft_id)
        self._keep(row["channel"], entry, status, status, str(entry.statement["office"]))

    def send_back(self, draft_id: str, remark: str, by: str) -> dict[str, Any]:
        """Return a draft with a remark."""
        row, entry = self._row(draft_id)
        if not DRAFT.allows(row["status"], _RETURN):
            raise RefusedError(f"the draft is {row['status']}: it cannot be returned")
        if not remark.strip():
            raise UsageError("a draft is returned with a remark: say what is to be changed")
        self._keep(row["channel"], entry, RETURNED, "returned", by or "?", remark)
        return {"id": draft_id, "state": RETURNED}

    def recall(self, draft_id: str) -> dict[str, Any]:
        """Take back a release before it is placed, or drop a draft."""
        row, entry = self._row(draft_id)
        if not DRAFT.allows(row["status"], _RECALL):
            raise RefusedError("it was placed; what was placed is corrected or withdrawn by a later entry")
        self.node.store.drop_outgoing(draft_id)
        self._keep(row["channel"], entry, RECALLED, "recalled", str(entry.statement["office"]))
        return {"id": draft_id, "state": RECALLED}

    def place_due(self) -> None:
        """Place releases whose recall time is over; one that is refused now is kept as returned, with the
        reason."""
        for row in self.node.store.outgoing():
            if row["due"] > self.node.clock():
                break
            entry = Signed.from_json(row["statement"])
            try:
                self.node.place(row["channel"], [entry])
                self.done(row["id"], RELEASED)
            except (RefusedError, MalformedError) as error:
                self._keep(row["channel"], entry, RETURNED, "refused", "node", str(error))
            self.node.store.drop_outgoing(row["id"])

    # -- credentials ---------------------------------------------------------------------------

    def add_credential(self, document: dict[str, Any]) -> dict[str, Any]:
        """Keep a credential of ours and place it in every log of ours that can be written."""
        root = credential.parse_card_file(canonical.encode(self.node.card()))[1].root
        doc = credential.check(document, root)
        parsed = credential.parse(doc)
        self.node.store.put_credential(credential.credential_id(doc), parsed.type, document)
        placed, barred = 0, []
        for channel, line in self.node.lines.items():
            if line.stopped or line.own is None:
                barred.append(channel)
                continue
            with self.node.step(channel):
                line.machine("credential", {"credential": document}, self.node.clock())
            placed += 1
        return {"id": credential.credential_id(doc), "placed": placed, "not_placed": barred}

    def succeed(self, channel: str, document: dict[str, Any]) -> dict[str, Any]:
        """Open the next log of ours under a root-signed succession."""
        node = self.node
        line = node.line(channel)
        root = credential.parse_card_file(canonical.encode(node.card()))[1].root
        parsed = credential.parse(credential.check(document, root))
        old = line.state.own_log()
        if not isinstance(parsed, credential.SuccessionDoc) or old is None:
            raise RefusedError("this credential is not a succession of a log of ours")
        if parsed.channel != channel or parsed.old.origin != old.origin:
            raise RefusedError("this succession is of another channel or log")
        own = node.keys.log(parsed.new)
        with node.step(channel):
            line.open_log(
                own, node.card(), node.mandates(), secrets.token_bytes(64), {}, node.clock(), document
            )
        for peer in node.links:
            line.connected(peer)
            node.wake(peer)
        return {
            "channel": channel,
            "log": parsed.new,
            "after": {"origin": old.origin, "size": parsed.old.size},
        }


def credential_key(mandate: credential.Mandate) -> str:
    """The key id of a mandate's office."""
    from detente.seal.keys import key_id

    return key_id(mandate.key)
