# SPDX-License-Identifier: Apache-2.0
"""What waits for whom, and until when by the charter: acknowledgements by precedence, answers by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente.record.entry import Entry, by_id, in_order, precedence_rank, rfc3339, text_of
from detente.record.silence import Unanswered
from detente.record.states import NOT_ANSWERS, rank, reached, strongest
from detente.words.charter import Charter
from detente.words.kinds import KINDS

ACKNOWLEDGE = "acknowledge"
ANSWER = "answer"
DONE = frozenset({"met", "late", "disputed_time"})


@dataclass(frozen=True)
class Due:
    """One thing that ``owes`` owes ``to`` for one entry: ``what`` is ``acknowledge`` or ``answer``.

    ``due`` (ms) counts from the delivery. ``done`` is when it was done by the doer's own clock. ``state`` is
    ``open``, ``met``, ``late``, ``overdue`` or ``disputed_time``; ``reached`` the state of the entry there.
    """

    entry: Entry
    what: str
    owes: str
    to: str
    due: int
    done: int | None
    by: Entry | None
    state: str
    reached: str
    why: str
    citation: str


def addressees(entry: Entry, members: Mapping[str, str]) -> tuple[str, ...]:
    """Short ids of those who are to act on an entry. ``members``: fingerprint → short id, of the channel."""
    named = [members.get(party, party) for party in entry.to] or list(members.values())
    return tuple(party for party in named if party != entry.party)


def dues(entries: Sequence[Entry], charter: Charter, now: int) -> list[Due]:
    """Every acknowledgement and answer that the charter asks for, done or not; the earliest first.

    A clock starts when the entry is delivered: before that nobody there can know of it. Withdrawn entries,
    and those whose author had no right to say them, ask for nothing.
    """
    members = {member.fingerprint: member.id for member in charter.members}
    known = by_id(entries)
    withdrawn = _withdrawn(known.values())
    responses = _responses(known)
    found: list[Due] = []
    for entry in known.values():
        kind = KINDS.get(entry.kind)
        # What keeps the line (an assent, a withdrawal) is not acknowledged for its own sake.
        quiet = kind is not None and (kind.keeping or not kind.acked)
        if quiet or not in_order(entry) or entry.id in withdrawn:
            continue
        for party in addressees(entry, members):
            found.extend(_dues(entry, party, charter, responses.get((entry.id, party), []), now))
    return sorted(found, key=lambda item: (item.due, item.entry.id, item.what, item.owes))


def waiting(items: Iterable[Due], party: str) -> list[Due]:
    """What is still to be done by ``party``: overdue and open, by precedence, then by time."""
    still = [item for item in items if item.owes == party and item.state not in DONE]
    return sorted(still, key=lambda item: (-precedence_rank(item.entry.precedence), item.due, item.entry.id))


def unanswered(items: Iterable[Due], by: str, to: str) -> list[Unanswered]:
    """What ``to`` has left past its time of the entries of ``by``: the "not answered" of a silence."""
    late = [item for item in items if item.owes == to and item.to == by and item.state == "overdue"]
    first: dict[str, Due] = {}
    for item in sorted(late, key=lambda item: item.due):
        first.setdefault(item.entry.id, item)
    return [Unanswered(d.entry.id, d.entry.ref, d.entry.kind, d.due, d.reached) for d in first.values()]


def undelivered(entries: Iterable[Entry], charter: Charter) -> list[tuple[Entry, str]]:
    """Entries that an addressee has not yet given a receipt for, with that addressee."""
    members = {member.fingerprint: member.id for member in charter.members}
    return [
        (entry, party)
        for entry in entries
        for party in addressees(entry, members)
        if reached(entry.marks.get(party, {}), "delivered") is None
    ]


def obligation(item: Due) -> dict[str, Any]:
    """The obligation dict of ``detente due --json``; basis ``charter``."""
    return {
        "id": f"{item.entry.ref}:{item.what}:{item.owes}",
        "owes": item.owes,
        "to": item.to,
        "what": item.what,
        "due": rfc3339(item.due),
        "state": item.state,
        "basis": "charter",
        "citation": item.citation,
        "why": item.why,
        "entry": item.entry.id,
        "addressees": [{"party": item.owes, "state": item.reached}],
    }


def obligations(entries: Sequence[Entry], charter: Charter, now: int) -> list[dict[str, Any]]:
    """The charter's part of section *Obligations*."""
    return [obligation(item) for item in dues(entries, charter, now)]


def timed_state(due: int, now: int, done: int | None, proven: tuple[int | None, int | None]) -> str:
    """``open`` or ``overdue`` until done; then ``met`` or ``late`` by the doer's clock and what is proven.

    A claim to be in time stands if somebody else's receipt from before the limit bears it out, or nobody's
    speaks of it. If what is proven lies wholly after the limit it was late; if it straddles it, nobody can
    show it: ``disputed_time`` (protocol §10). A claim to be late is believed.
    """
    if done is None:
        return "open" if now <= due else "overdue"
    earliest, latest = proven
    if done > due or (earliest is not None and earliest > due):
        return "late"
    return "disputed_time" if latest is not None and latest > due else "met"


def _dues(entry: Entry, party: str, charter: Charter, responses: Sequence[Entry], now: int) -> list[Due]:
    marks = entry.marks.get(party, {})
    delivered = reached(marks, "delivered")
    if delivered is None:
        return []
    found = []
    seconds = dict(charter.ack_due).get(entry.precedence)  # type: ignore[call-overload]
    if seconds is not None:
        why = f"{entry.ref} is {entry.precedence}"
        found.append(_due(entry, ACKNOWLEDGE, party, delivered, seconds, responses, now, why))
    seconds = charter.answer_due.get(entry.kind)
    if seconds is not None:
        why = f"{entry.ref} is of kind {entry.kind}"
        found.append(_due(entry, ANSWER, party, delivered, seconds, responses, now, why))
    return found


def _due(
    entry: Entry,
    what: str,
    party: str,
    delivered: int,
    seconds: int,
    responses: Sequence[Entry],
    now: int,
    why: str,
) -> Due:
    due = delivered + seconds * 1000
    by = next((response for response in responses if _does(what, response)), None)
    marks = entry.marks.get(party, {})
    done = by.placed if by is not None else _marked(what, marks)
    state = timed_state(due, now, done, by.proven if by is not None else (None, None))
    field = f"ack_due.{entry.precedence}" if what == ACKNOWLEDGE else f"answer_due.{entry.kind}"
    text = f"{why}, delivered {rfc3339(delivered)}" + (f"; {_said(by)}" if by is not None else "")
    return Due(
        entry, what, party, entry.party, due, done, by, state, strongest(marks), text, f"charter, {field}"
    )


def _marked(what: str, marks: Mapping[str, int]) -> int | None:
    """When the marks alone say that it was done: for entries whose acknowledgement is not at hand."""
    if what == ACKNOWLEDGE:
        return reached(marks, "read")
    times = [marks[state] for state in ("answered", "declined") if state in marks]
    return min(times) if times else None


def _does(what: str, response: Entry) -> bool:
    """A person's acknowledgement or an answer acknowledges; an answer, or declining one, answers."""
    if response.kind != "ack":
        return True
    state = text_of(response.body, "state")
    return state == "declined" or (what == ACKNOWLEDGE and rank(state) >= rank("read"))


def _said(response: Entry) -> str:
    if response.kind != "ack":
        return f"answered by {response.ref}"
    note = text_of(response.body, "note")
    return f"{text_of(response.body, 'state')} in {response.ref}" + (f": {note}" if note else "")


def _responses(known: Mapping[str, Entry]) -> dict[tuple[str, str], list[Entry]]:
    """What each party said to each entry, in the order placed: acknowledgements and answers in order."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in sorted(known.values(), key=lambda entry: (entry.placed, entry.origin, entry.index)):
        if entry.kind in NOT_ANSWERS - {"ack"} or not in_order(entry):
            continue
        for target in dict.fromkeys(entry.re):
            if target in known and known[target].party != entry.party:
                found.setdefault((target, entry.party), []).append(entry)
    return found


def _withdrawn(entries: Iterable[Entry]) -> set[str]:
    listed = list(entries)
    authors = {entry.id: entry.party for entry in listed}
    taken_back = (entry for entry in listed if entry.kind == "withdrawal")
    return {target for entry in taken_back for target in entry.re if authors.get(target) == entry.party}
