# SPDX-License-Identifier: Apache-2.0
"""``detente standing``: each side's declared standing, the floor, and how the line is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import click

from detente.cli import common
from detente.cli.common import HomeCommand, channel_argument, home_argument, json_option
from detente.cli.times import at_option, now_ms

if TYPE_CHECKING:
    from detente.node.home import Home
    from detente.node.store import SqliteStore
    from detente.record.entry import Entry
    from detente.record.silence import PathFact
    from detente.record.standing import Scope
    from detente.record.waiting import Due
    from detente.words.charter import Charter


@click.command(cls=HomeCommand)
@home_argument
@channel_argument
@at_option
@json_option
def standing(home: str, channel: str, at: int | None, as_json: bool) -> None:
    """Show each side's declared standing, the floor, and the line's health."""
    from detente.record.entry import rfc3339

    party = common.open_home(home)
    store = common.open_store(party)
    records = common.open_records(party)
    identifier = common.channel_of(party, channel, store)
    now = now_ms() if at is None else at
    entries = [entry for entry in records.entries(identifier) if entry.placed <= now]
    charter = records.charter(identifier)
    document = {"channel": identifier, "at": rfc3339(now)}
    document |= _document(party, store, entries, charter, now, live=at is None)
    if as_json:
        common.emit(document)
    else:
        common.tell(in_words(document))


def _document(
    party: Home,
    store: SqliteStore,
    entries: Sequence[Entry],
    charter: Charter | None,
    now: int,
    *,
    live: bool,
) -> dict[str, Any]:
    from detente.record import availability as tests
    from detente.record import standing as declared
    from detente.record import waiting

    members = [member.id for member in charter.members] if charter is not None else [party.info.party]
    scopes = declared.current(entries, members, charter, at=now)
    dues = waiting.dues(entries, charter, now) if charter is not None else []
    rows = tests.availability(entries, members, now)
    peers = (
        [member for member in charter.members if member.id != party.info.party] if charter is not None else []
    )
    facts = {peer.id: _paths(party, store, peer.fingerprint) for peer in peers} if live else {}
    return declared.to_json(scopes, charter) | {
        "lines": [_line(peer, paths, dues, scopes, party.info.party) for peer, paths in facts.items()],
        "availability": [tests.to_json(row) for row in rows],
        "answer_times": _answer_times(dues),
    }


def _line(
    peer: str, paths: Sequence[PathFact], dues: Sequence[Due], scopes: Sequence[Scope], me: str
) -> dict[str, Any]:
    """How the line to one peer is, and which silence it is if it is quiet."""
    from detente.record.entry import rfc3339
    from detente.record.silence import silence
    from detente.record.waiting import unanswered

    own = next((side for side in scopes[0].sides if side.party == peer), None)
    found = silence(
        paths,
        unanswered(dues, me, peer),
        standing=own.state if own else "normal",
        standing_since=own.placed if own and own.entry else None,
        closed=own.closed if own else (),
    )
    return {
        "peer": peer,
        "silence": found.kind,
        "since": None if found.since is None else rfc3339(found.since),
        "announced": found.announced,
        "paths_up": list(found.paths_up),
        "paths_down": list(found.paths_down),
        "unanswered": [
            {"id": u.id, "ref": u.ref, "due": rfc3339(u.due), "there": u.there} for u in found.unanswered
        ],
    }


def _paths(party: Home, store: SqliteStore, peer: str) -> list[PathFact]:
    """The last note of each path to a peer. A node that does not run is our own end down."""
    from detente.record.silence import PathFact

    ours = party.serving() is not None
    last: dict[str, Mapping[str, Any]] = {}
    heard: dict[str, int] = {}
    for event in store.path_events(peer):
        last[event["path"]] = event
        if event["ok"]:
            heard[event["path"]] = event["at"]
    if not last:
        return [PathFact("direct", answers=False, ours=ours)]
    return [
        PathFact(
            path,
            answers=ours and event["ok"],
            ours=ours and event["fault"] != "ours",
            reaches={"theirs": True, "path": False}.get(event["fault"] or ""),
            last_heard=heard.get(path),
            live=path != "pouch",
        )
        for path, event in last.items()
    ]


def _answer_times(dues: Sequence[Due]) -> list[dict[str, Any]]:
    """Per party and duty: how many were done, how fast (seconds from delivery), how many are overdue."""
    rows = []
    for owes, what in sorted({(item.owes, item.what) for item in dues}):
        own = [item for item in dues if (item.owes, item.what) == (owes, what)]
        took = [(item.done - _delivered(item)) / 1000 for item in own if item.done is not None]
        rows.append(
            {
                "party": owes,
                "what": what,
                "done": len(took),
                "median_seconds": median(took) if took else None,
                "slowest_seconds": max(took, default=None),
                "late": sum(item.state == "late" for item in own),
                "overdue": sum(item.state == "overdue" for item in own),
            }
        )
    return rows


def _delivered(item: Due) -> int:
    marks = item.entry.marks.get(item.owes, {})
    return min(marks.values(), default=item.entry.placed)


def in_words(document: Mapping[str, Any]) -> str:
    """The same for people."""
    lines = []
    for scope in document["scopes"]:
        lines.append(
            f"{scope['scope']}: {scope['effective']}" + (" (the sides differ)" if scope["differ"] else "")
        )
        for side in scope["sides"]:
            since = f" since {side['since']}" if side["since"] else ""
            ref = f", {side['ref']}" if side["ref"] else ", nothing declared"
            lines.append(f"  {side['party']}: {side['state']}{since}{ref}")
    lines.append("closed: " + (", ".join(document["closed"]) or "nothing"))
    lines.append("floor: " + ", ".join(document["floor"]))
    for line in document["lines"]:
        since = f" since {line['since']}" if line["since"] else ""
        lines.append(f"line to {line['peer']}: {line['silence']}{since}")
        lines += [f"  {one['ref']}: {one['there']}, due {one['due']}" for one in line["unanswered"]]
    for row in document["availability"]:
        months = ", ".join(f"{month} {share:.2f} %" for month, share in row["months"].items())
        lines.append(f"tests {row['by']} to {row['to']}: {row['tests']}; {months or 'no outcome yet'}")
    for row in document["answer_times"]:
        took = "-" if row["median_seconds"] is None else f"{row['median_seconds']:.0f} s"
        lines.append(
            f"{row['party']} {row['what']}: {row['done']} done, median {took}, {row['overdue']} overdue"
        )
    return "\n".join(lines)
