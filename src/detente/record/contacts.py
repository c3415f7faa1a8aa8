# SPDX-License-Identifier: Apache-2.0
"""Contacts: from proposal to record, read-outs and points, gathered by what names what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente.record.entry import Entry, rfc3339, text_of
from detente.record.timeline import causal_order
from detente.words.machine import Machine, Move

PROPOSED, ACCEPTED, DECLINED, RECORDED, AGREED = (
    "proposed",
    "accepted",
    "declined",
    "recorded",
    "record agreed",
)
_ACCEPT, _DECLINE = "all members assent", "a member declines"
_RECORD, _AGREE = "a record is placed", "all members stand by one record"
CONTACT = Machine(
    "contact",
    "How far a call, meeting or visit has come. What took place is recorded even if it was declined before.",
    PROPOSED,
    (
        Move(PROPOSED, _ACCEPT, ACCEPTED, "each member, by `assent`", "kinds"),
        Move(PROPOSED, _DECLINE, DECLINED, "any member, by `decline`", "kinds"),
        Move(ACCEPTED, _DECLINE, DECLINED, "any member, by `decline`", "kinds"),
        *(
            Move(before, _RECORD, RECORDED, "any member, by `contact.record`", "kinds")
            for before in (PROPOSED, ACCEPTED, DECLINED)
        ),
        Move(RECORDED, _AGREE, AGREED, "each member, as author of the record or by `assent`", "kinds"),
    ),
)
_RANK = {"contact.proposal": 0, "contact.record": 1}
_PARTS = frozenset({"contact.proposal", "contact.record", "readout", "point", "assent", "decline", "text"})


@dataclass(frozen=True)
class Contact:
    """One call, meeting or visit. ``first`` is the entry that began it; all lists are in causal order.

    ``agreed``: to each record's id the parties that stand by it (its author and those who assented).
    """

    first: Entry
    entries: tuple[Entry, ...]
    agreed: Mapping[str, tuple[str, ...]]

    @property
    def id(self) -> str:
        """The entry id by which the contact goes."""
        return self.first.id

    @property
    def records(self) -> tuple[Entry, ...]:
        """Each side's record, or the joint one."""
        return self._of("contact.record")

    @property
    def readouts(self) -> tuple[Entry, ...]:
        """The read-outs lodged on the line."""
        return self._of("readout")

    @property
    def points(self) -> tuple[Entry, ...]:
        """Positions on the points of this contact."""
        return self._of("point")

    def state(self, parties: Iterable[str]) -> str:
        """``proposed``, ``accepted``, ``declined``, ``recorded`` or ``record agreed``, by the table
        ``CONTACT``. ``parties``: short ids of all members."""
        wanted = set(parties)
        assented = {self.first.party, *(entry.party for entry in self._of("assent"))}
        happened = {
            _ACCEPT: wanted <= assented,
            _DECLINE: bool(self._of("decline")),
            _RECORD: bool(self.records),
            _AGREE: any(wanted <= set(self.agreed[record.id]) for record in self.records),
        }
        state = CONTACT.start
        for event, so in happened.items():
            if so and CONTACT.allows(state, event):
                state = CONTACT.step(state, event)
        return state

    def _of(self, kind: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.kind == kind)


def contacts(entries: Sequence[Entry]) -> list[Contact]:
    """Every contact, in the order in which they began.

    An entry belongs to the contact of the entry that it names: in ``re``, or in its body as ``proposal`` or
    ``contact`` (by id or by ref).
    """
    ordered = causal_order(entries)
    names = {name: entry.id for entry in reversed(ordered) for name in (entry.id, entry.ref)}
    belongs: dict[str, str] = {}
    groups: dict[str, list[Entry]] = {}
    firsts: dict[str, Entry] = {}
    # What opens a contact first: a read-out may be lodged before the record that it names has come in.
    for entry in sorted(ordered, key=lambda entry: _RANK.get(entry.kind, len(_RANK))):
        if entry.kind not in _PARTS:
            continue
        named = [belongs[target] for target in _targets(entry, names) if target in belongs]
        if named:
            belongs[entry.id] = named[0]
        elif entry.kind in _RANK:
            belongs[entry.id] = entry.id
            firsts[entry.id] = entry
    for entry in ordered:
        if entry.id in belongs:
            groups.setdefault(belongs[entry.id], []).append(entry)
    begun = [entry for entry in ordered if entry.id in firsts]
    return [Contact(first, tuple(groups[first.id]), _agreed(groups[first.id])) for first in begun]


def find(entries: Sequence[Entry], name: str) -> Contact | None:
    """The contact that ``name`` (id or ref of any of its entries) belongs to."""
    for contact in contacts(entries):
        if any(name in (entry.id, entry.ref) for entry in contact.entries):
            return contact
    return None


def to_json(contact: Contact, parties: Iterable[str]) -> dict[str, Any]:
    """A contact for ``--json``: its entries by id, its state, who stands by which record."""
    body = (contact.records or (contact.first,))[-1].body
    return {
        "contact": contact.id,
        "ref": contact.first.ref,
        "kind": text_of(body, "kind") or None,
        "state": contact.state(parties),
        "proposed": rfc3339(contact.first.placed),
        "started": text_of(body, "started") or None,
        "ended": text_of(body, "ended") or None,
        "records": [
            {"entry": e.id, "party": e.party, "agreed": list(contact.agreed[e.id])} for e in contact.records
        ],
        "readouts": [{"entry": e.id, "party": e.party} for e in contact.readouts],
        "points": [{"entry": e.id, "party": e.party} for e in contact.points],
    }


def _targets(entry: Entry, names: Mapping[str, str]) -> list[str]:
    said = [text_of(entry.body, field) for field in ("proposal", "contact", "point")]
    return [names[name] for name in (*said, *entry.re) if name in names]


def _agreed(group: Sequence[Entry]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for record in group:
        if record.kind == "contact.record":
            assents = {e.party for e in group if e.kind == "assent" and record.id in e.re}
            found[record.id] = tuple(sorted({record.party} | assents))
    return found
