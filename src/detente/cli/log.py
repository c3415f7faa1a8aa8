# SPDX-License-Identifier: Apache-2.0
"""``detente log``, ``show``, ``search``: read the record. No passphrase, no node."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from detente.cli import common
from detente.cli.common import HomeCommand, channel_argument, home_argument, json_option
from detente.cli.times import Time, Times
from detente.errors import RefusedError

if TYPE_CHECKING:
    from detente.node.store import SqliteStore
    from detente.record.entry import Entry
    from detente.record.interval import Lead
    from detente.words.charter import Charter


@click.command(cls=HomeCommand)
@home_argument
@channel_argument
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind. Repeatable.")
@click.option("--since", type=Time(), metavar="TIME", help="Only what was placed then or later.")
@click.option("--tests", is_flag=True, help="Show line tests, set-up and acknowledgements too.")
@click.option(
    "--lang", metavar="L", default="en", show_default=True, help="The language of the words around it."
)
@json_option
def log(
    home: str,
    channel: str,
    kinds: tuple[str, ...],
    since: int | None,
    tests: bool,
    lang: str,
    as_json: bool,
) -> None:
    """Show the timeline of all parties in causal order, with states."""
    from detente.record.text import timeline
    from detente.record.timeline import causal_order, to_json

    party = common.open_home(home)
    identifier = common.channel_of(party, channel)
    records = common.open_records(party)
    entries = causal_order(records.entries(identifier))
    chosen = [e for e in entries if (not kinds or e.kind in kinds) and (since is None or e.placed >= since)]
    if as_json:
        common.emit({"channel": identifier, "entries": [to_json(entry) for entry in chosen]})
        return
    charter = records.charter(identifier)
    width = shutil.get_terminal_size((100, 24)).columns
    text = timeline(chosen, lang=lang, charter=charter, width=width, keeping=tests or bool(kinds))
    common.tell(text.rstrip("\n"))


@click.command(cls=HomeCommand)
@home_argument
@click.argument("entry", metavar="ID")
@click.option(
    "--lang", metavar="L", default="en", show_default=True, help="The language of the words around it."
)
@click.option(
    "--before",
    type=Times(),
    metavar="TIME[/TIME]",
    help="Also how long before this event each other side held it, as far as that is proven.",
)
@click.option(
    "--clock", metavar="PARTY", help="By whose clock the event is timed; by default each side's own."
)
@json_option
def show(
    home: str, entry: str, lang: str, before: tuple[int, int] | None, clock: str | None, as_json: bool
) -> None:
    """Show one entry with its proof: ID is an entry id, the beginning of one, or a ref such as UA-57."""
    from detente.record import interval
    from detente.record.timeline import to_json

    party = common.open_home(home)
    store = common.open_store(party)
    records = common.open_records(party)
    entries = [e for row in store.channels() for e in records.entries(row["channel"])]
    found = common.find_entry(entries, entry, home)
    proof = _proof(store, found, {party.info.fingerprint: party.info.party})
    if as_json:
        proven = interval.leads_json(_leads(entries, found, before, clock))
        common.emit({"channel": found.channel, "entry": to_json(found), "proof": proof, "before": proven})
        return
    common.tell(in_words(found, {e.id: e.ref for e in entries}, lang, records.charter(found.channel)))
    common.tell(
        f"id       {found.id}\nchannel  {found.channel}\nlog      {found.origin}, place {found.index}"
    )
    for receipt in proof["receipts"]:
        common.tell(f"receipt  {receipt['by']}, {receipt['kind']}, {receipt['time']}")
    leads = _leads(entries, found, before, clock)
    for lead in leads:
        common.tell(f"before   {interval.in_words(lead)}")
    if before is not None and not leads:
        common.tell("before   no other side has signed for it yet")
    common.tell(proof["tlog_proof"] or "no signed head covers it yet")


@click.command(cls=HomeCommand)
@home_argument
@click.argument("words", metavar="WORDS")
@click.option("--channel", metavar="CHANNEL", help="Only this channel.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind. Repeatable.")
@json_option
def search(home: str, words: str, channel: str | None, kinds: tuple[str, ...], as_json: bool) -> int:
    """Search the texts of the entries; 1 if nothing is found."""
    from detente.record.search import search as find
    from detente.record.timeline import to_json

    party = common.open_home(home)
    store = common.open_store(party)
    chosen = [common.channel_of(party, channel)] if channel else [row["channel"] for row in store.channels()]
    records = common.open_records(party)
    entries = [e for one in chosen for e in records.entries(one) if not kinds or e.kind in kinds]
    hits = find(entries, words)
    if as_json:
        common.emit({"entries": [to_json(hit.entry) | {"channel": hit.entry.channel} for hit in hits]})
    charters = {one: records.charter(one) for one in chosen}
    for hit in [] if as_json else hits:
        refs = {e.id: e.ref for e in entries}
        common.tell(in_words(hit.entry, refs, "en", charters[hit.entry.channel]))
    if not hits:
        raise RefusedError(f"nothing in {home} matches {words!r}")
    return 0


def _leads(
    entries: Sequence[Entry], entry: Entry, before: tuple[int, int] | None, clock: str | None
) -> list[Lead]:
    from detente.record.interval import Span, leads

    if before is None:
        return []
    here = [one for one in entries if one.channel == entry.channel]
    members = {one.party for one in here} | entry.witnessed.keys()
    if clock is not None and clock not in members:
        raise RefusedError(f"no party {clock} in this channel; there are {', '.join(sorted(members))}")
    return leads(here, entry, Span(*before), clock)


def in_words(entry: Entry, refs: dict[str, str], lang: str, charter: Charter | None) -> str:
    """One entry for people: a head line, then its content indented; a phrase as the charter's sentence."""
    from detente.record.entry import rfc3339
    from detente.words.render import plain

    head = [entry.ref, rfc3339(entry.placed), f"{entry.party}/{entry.office}", entry.kind]
    if entry.precedence != "routine":
        head.append(entry.precedence.upper())
    if entry.mark != "real":
        head.append(f"[{entry.mark}]")
    if entry.re:
        head.append("re " + ", ".join(refs.get(target, target[:12]) for target in entry.re))
    head.append(f"({entry.state})")
    head += [f"<{label}>" for label in entry.labels]
    content = "withheld" if entry.body is None else plain(entry.kind, dict(entry.body), lang, charter=charter)
    return "\n    ".join(["  ".join(head), *content.splitlines()])


def _proof(store: SqliteStore, entry: Entry, own: Mapping[str, str]) -> dict[str, Any]:
    """The C2SP tlog-proof of an entry in its log's newest head, and the receipts for it."""
    return {
        "origin": entry.origin,
        "index": entry.index,
        "tlog_proof": _tlog_proof(store, entry),
        "receipts": _receipts(store, entry, own),
    }


def _tlog_proof(store: SqliteStore, entry: Entry) -> str | None:
    from detente.log.merkle import inclusion_proof
    from detente.log.proof import Proof

    heads = [head for head in store.heads(entry.origin) if head.size > entry.index]
    if not heads:
        return None
    newest = heads[-1]
    path = inclusion_proof(store.leaf_hashes(entry.origin), entry.index, newest.size)
    return Proof(entry.index, tuple(path), newest.note).encode().decode("utf-8")


def _receipts(store: SqliteStore, entry: Entry, own: Mapping[str, str]) -> Sequence[dict[str, Any]]:
    from detente.record.entry import rfc3339

    names = {row["party"]: row["card"]["doc"]["id"] for row in store.peers()} | dict(own)
    items = [
        {"by": names.get(item.by, item.by), "kind": "item receipt", "time": rfc3339(item.arrived)}
        for item in store.items(entry.id)
    ]
    first: dict[str, Any] = {}
    for receipt in store.receipts(entry.origin):
        if receipt.size > entry.index and receipt.by not in first:
            first[receipt.by] = receipt
    return items + [
        {"by": names.get(r.by, r.by), "kind": "cosignature", "time": rfc3339(r.seconds * 1000)}
        for r in first.values()
    ]
