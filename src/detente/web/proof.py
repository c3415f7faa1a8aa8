# SPDX-License-Identifier: Apache-2.0
"""An entry's proof: its place, the path to a signed head, the receipts; and all of it checked again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from detente.errors import DetenteError, RefusedError, VerificationError
from detente.line.logs import LogState
from detente.line.state import State
from detente.line.writes import PutHead
from detente.log import merkle
from detente.log.checkpoint import open_cosignature
from detente.log.proof import Proof
from detente.log.receipt import open_item
from detente.node.records import EARLY
from detente.record.entry import Entry
from detente.seal import canonical, commit
from detente.seal.statement import ParsedLeaf, decode_leaf
from detente.seal.vkey import NOTE
from detente.web.console import Console

BODY_LIMIT = 1 << 20


@dataclass(frozen=True)
class Receipt:
    """Who holds it, since when (ms, claimed): by a cosignature over ``size``, or an item receipt (None)."""

    party: str
    at: int
    size: int | None
    note: bytes
    fpr: str


@dataclass(frozen=True)
class Check:
    """One thing that was checked: ``ok`` is None where there was nothing to check it with."""

    what: str
    ok: bool | None
    detail: str


@dataclass(frozen=True)
class EntryProof:
    """``path`` leads from the leaf to the root of ``head``; both are missing while none covers the entry."""

    raw: bytes
    leaf_hash: str
    origin: str
    index: int
    size: int
    head: PutHead | None
    path: tuple[bytes, ...]
    receipts: tuple[Receipt, ...]

    def tlog_proof(self) -> bytes:
        """The proof as a C2SP tlog-proof. Raises RefusedError where there is none yet."""
        if self.head is None:
            raise RefusedError("No signed head covers this entry yet; its proof comes with the next one.")
        return Proof(self.index, self.path, self.head.note).encode()


async def proof_of(console: Console, entry: Entry) -> EntryProof:
    """The proof of an entry. Raises RefusedError where the entry's leaf is not here."""
    store = console.node.store
    leaves = [] if EARLY in entry.labels else store.leaves(entry.origin, entry.index, entry.index + 1)
    raw = leaves[0][0] if leaves else _early(console, entry)
    log = _state(console, entry.channel).logs[entry.origin]
    newest = store.heads_from(entry.origin, log.size) if leaves else []
    head = next((one for one in newest if one.size > entry.index), None)
    path = tuple(log.inclusion(entry.index, head.size)) if head is not None else ()
    return EntryProof(
        raw,
        merkle.leaf_hash(raw).hex(),
        entry.origin,
        entry.index,
        log.size,
        head,
        path,
        _receipts(console, entry),
    )


def _early(console: Console, entry: Entry) -> bytes:
    for put in console.node.store.early(entry.channel):
        if put.entry_id == entry.id:
            return put.raw
    raise RefusedError("The leaf of this entry is not here.")


def _state(console: Console, channel: str) -> State:
    return console.node.line(channel).state


def _receipts(console: Console, entry: Entry) -> tuple[Receipt, ...]:
    """Each party's first receipt that covers the entry, and every item receipt."""
    store, name = console.node.store, console.node.short
    items = [Receipt(name(i.by), i.arrived, None, i.note, i.by) for i in store.items(entry.id)]
    makers = {log.party for log in _state(console, entry.channel).logs.values()}
    first = [] if EARLY in entry.labels else store.first_receipts(entry.origin, entry.index, sorted(makers))
    covers = [Receipt(name(r.by), r.seconds * 1000, r.size, r.note, r.by) for r in first]
    return tuple(sorted(items + covers, key=lambda receipt: receipt.at))


# Checking ------------------------------------------------------------------------------------------------


def verify(console: Console, entry: Entry, proof: EntryProof) -> list[Check]:
    """Check everything about one entry again, from bytes. What does not hold is a result, never an error."""
    state = _state(console, entry.channel)
    log = state.logs[entry.origin]
    leaf = decode_leaf(proof.raw)
    checks = [
        _check("The entry id is the hash of the statement", lambda: _id(entry, leaf)),
        _check(
            "The statement is signed by keys that the party's root key certified",
            lambda: _signed(state, entry, leaf),
        ),
        _check("The words are those that the statement commits to", lambda: _body(console, entry, leaf)),
        _check("The leaf is in the log", lambda: _included(proof, log)),
    ]
    checks += [
        _check(
            f"The receipt of {receipt.party} holds",
            partial(_receipt, state, log, entry, receipt),
        )
        for receipt in proof.receipts
    ]
    order = ", ".join(entry.labels)
    checks.append(
        Check(
            "Mandate, order and standing, as judged when it came",
            not entry.labels,
            order or "nothing against it",
        )
    )
    return checks


def _check(what: str, holds: Callable[[], str | None]) -> Check:
    try:
        detail = holds()
    except DetenteError as error:
        return Check(what, False, str(error))
    return Check(what, None, "nothing here to check it with") if detail is None else Check(what, True, detail)


def _id(entry: Entry, leaf: ParsedLeaf) -> str:
    if hashlib.sha256(leaf.statement_raw).hexdigest() != entry.id:
        raise VerificationError("the statement has another hash")
    return entry.id


def _signed(state: State, entry: Entry, leaf: ParsedLeaf) -> str:
    signed = state.credentials[entry.fpr].check_signatures(leaf.statement_raw, leaf.leaf.signatures)
    if signed.failed or not signed.stood:
        raise VerificationError(
            "a signature does not hold" if signed.failed else "no signature by a certified key"
        )
    return f"{len(signed.stood)}: {', '.join(entry.signers)}"


def _body(console: Console, entry: Entry, leaf: ParsedLeaf) -> str | None:
    committed = leaf.leaf.statement.body
    if committed is None:
        return "in clear, inside the statement"
    held = console.node.store.body(entry.id)
    if held is None:
        return None
    seed, raw = held
    body: Any = canonical.decode(raw, limit=BODY_LIMIT)
    if canonical.b64(commit.commitment(body, seed)) != committed.root:
        raise VerificationError("the words have another commitment")
    return f"root {committed.root}"


def _included(proof: EntryProof, log: LogState) -> str | None:
    if proof.head is None:
        return None
    held = Proof.parse(proof.tlog_proof()).verify(proof.raw, log.log_key)
    return f"place {proof.index} of {held.size}, under a head signed by the log's key"


def _receipt(state: State, log: LogState, entry: Entry, receipt: Receipt) -> str:
    keys = [one.receipt_key for one in state.logs.values() if one.party == receipt.fpr]
    problem: DetenteError = VerificationError("no receipt key of this party is known here")
    for key in keys:
        try:
            if receipt.size is None:
                item = open_item(receipt.note, key.as_type(NOTE))
                if (item.entry_id, item.origin) != (entry.id, entry.origin):
                    raise VerificationError("the receipt is for another entry")
                return "item receipt for this statement"
            covered, _seconds = open_cosignature(receipt.note, log.log_key, key)
            if covered.root != (log.root_at(covered.size) or log.compute_root(covered.size)):
                raise VerificationError("the receipt covers another history")
            return f"covers the log up to {covered.size}"
        except DetenteError as error:
            problem = error
    raise problem
