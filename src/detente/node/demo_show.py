# SPDX-License-Identifier: Apache-2.0
"""The demo on a terminal: calm, in columns, at most 96 wide, no colour needed to read it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from detente.node.demo_links import Comparison
from detente.node.demo_plan import Found, Plan, side_name
from detente.node.replay import Done, Party
from detente.record import duration
from detente.record.entry import Entry, parse_rfc3339
from detente.seal.keys import fingerprint_words

WIDTH = 96
_REST = {"page": "●", "facts": "◐", "replay": "○"}
_MARKS = {"kept": "○ kept", "delivered": "◔ delivered", "read": "◕ read", "refused": "✕ refused"}
_TITLES = {"both": "both", "both_differently": "differently"}


class Show:
    """Writes each part when it is known. ``tell`` takes one line or several."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._chapter = ""
        self._sides: tuple[str, str] = ("", "")

    def _head(self, text: str) -> None:
        self._tell(f"\n{text}\n{'─' * WIDTH}")

    # The pages ----------------------------------------------------------------------------------------

    def pages(self, plan: Plan) -> None:
        """What was read, in short."""
        self._sides = plan.sides
        self._head("THE PAGES, as the program reads them")
        for number, page in enumerate(plan.pages, 1):
            source = page.source
            outlet = (source.get("outlet") or {}).get("name") or "outlet not known"
            counts = ", ".join(
                _count(len(source[name]), name)
                for name in ("statements", "exercises", "measures", "appeals", "relations")
                if source[name]
            )
            self._tell(f" {number}  {source['file']}  ({outlet}, {source['lang'] or 'language not known'})")
            for one in plan.of("contacts", page=number):
                self._tell(f"    {_contact(one)}")
            for one in plan.of("relations", page=number):
                self._tell(f"    {_relation(one)}")
            self._tell(_wrap(counts or "nothing found", 4))

    def making(self) -> None:
        """The keys are being made, which takes a moment."""
        self._head("TWO PARTIES on this machine, each with its own keys, store and log")
        self._tell(" making their keys; each passphrase costs a moment, on purpose …")

    def parties(self, found: Mapping[str, Party]) -> None:
        """Who the parties are."""
        for side, party in found.items():
            words = " ".join(fingerprint_words(party.home.info.fingerprint).split()[:6])
            self._tell(f" {side:<5}{party.home.info.name}")
            self._tell(f"      {party.home.info.endpoint}   {words} …")
        self._tell(
            _wrap(
                "The line between them is TLS 1.3 over loopback. The desk's entries are released by a second "
                "office (four eyes). "
                "All of it is marked exercise or drill: no ministry said any of this.",
                1,
            )
        )

    # The exchange -------------------------------------------------------------------------------------

    def done(self, chapter: str, one: Done) -> None:
        """One step, when it has come as far as it is meant to."""
        if not self._chapter:
            self._head("THE TIMELINE, as it is made")
            self._tell(" resting on:  ● a page   ◐ facts with sources   ○ the replay itself")
        if chapter != self._chapter:
            self._chapter = chapter
            self._tell(f"\n {chapter}")
        arrow = "→" if one.step.by == self._sides[0] else "←"
        lead = f" {_REST[one.step.basis]} {one.ref or one.step.by:<7}{arrow} "
        state = f"{_MARKS.get(one.state, one.state)} {one.ms:.0f} ms"
        lines = textwrap.wrap(one.step.says, WIDTH - len(lead) - 20) or [""]
        self._tell(f"{lead}{lines[0]:<{WIDTH - len(lead) - 19}}{state}")
        for line in lines[1:]:
            self._tell(" " * len(lead) + line)
        if one.displayed is not None:
            self._tell(f"{' ' * len(lead)}on the watch post after {one.displayed:.0f} ms; acknowledged")
        if one.refused is not None:
            self._tell(
                textwrap.fill(
                    f"{one.step.by}'s own node refuses it ({one.refused}); nothing was sent",
                    WIDTH,
                    initial_indent=" " * len(lead),
                    subsequent_indent=" " * len(lead),
                )
            )

    def codes(self, spoken: Mapping[str, str]) -> None:
        """The codes that were read out before the call."""
        if spoken:
            told = ", ".join(f"{side} reads out {code}" for side, code in spoken.items())
            self._tell("\n" + _wrap(f"Call codes, computed by both from what stands on the line: {told}", 1))

    # What came of it ----------------------------------------------------------------------------------

    def comparison(self, plan: Plan, found: Comparison, alone: Sequence[Mapping[str, Any]]) -> None:
        """Point by point, then what stands only on the line."""
        a, b = plan.sides
        self._head(f"WHAT EACH SIDE SAYS of the {plan.kind().replace('_', ' ')}, point by point")
        self._tell(
            f" {a}'s read-out: {found.a['ref'] or 'none'}    {b}'s read-out: {found.b['ref'] or 'none'}"
            "    in brackets: characters of the page\n"
        )
        titles = _TITLES | {"only_a": f"only {a} says", "only_b": f"only {b} says"}
        for group, title in titles.items():
            for row in found.groups[group]:
                lead = title if row is found.groups[group][0] else ""
                for line in _row(row, lead, a, b):
                    self._tell(line)
        if not any(found.groups.values()):
            self._tell(" neither side's read-out stands on these pages")
        self._tell("")
        for number, one in enumerate(alone):
            lead = "" if number else "only on the line"
            self._tell(_columns(lead, str(one["ref"]), f"{one['kind']}: {one['text']}"))

    def findings(self, found: Sequence[Mapping[str, Any]]) -> None:
        """How many findings have an entry, and those that have none."""
        with_entry = [one for one in found if one["entry"] is not None]
        self._head(f"FINDINGS AND ENTRIES: {len(with_entry)} of {len(found)} findings belong to an entry")
        for kind in dict.fromkeys(one["type"] for one in with_entry):
            pairs = [f"{one['id']}→{one['ref']}" for one in with_entry if one["type"] == kind]
            self._tell(
                textwrap.fill(
                    "  ".join(pairs), WIDTH, initial_indent=f" {kind:<14}", subsequent_indent=" " * 15
                )
            )
        for one in found:
            if one["entry"] is None:
                self._tell(f" {one['id']:<14} – {one['why']}")

    def owed(self, owed: Sequence[Mapping[str, Any]], entries: Mapping[str, Entry], now: int) -> None:
        """What the charter still asks of somebody."""
        still = [one for one in owed if one["state"] in ("open", "overdue")]
        self._head(f"WHAT WAITS under the charter: {len(still)} open, {len(owed) - len(still)} done")
        for one in still[:6]:
            entry = entries[one["entry"]]
            due = duration.due(parse_rfc3339(one["due"]), now)
            self._tell(_columns("", one["owes"], f"to {one['what']} {entry.ref} ({entry.kind}): {due}"))
        if not still:
            self._tell(" nothing")
        if len(still) > 6:
            self._tell(_columns("", "", f"and {len(still) - 6} more: see `due` in --json"))

    def verified(self, verification: Mapping[str, Any]) -> None:
        """What the verification of each bundle showed."""
        self._head("VERIFIED, from the bundles as an auditor would get them")
        for one in verification["bundles"]:
            verdict = "valid" if one["valid"] else "NOT VALID"
            logs = ", ".join(
                f"log {log['log']} {log['size']} entries, {log['receipts']} receipts" for log in one["logs"]
            )
            told = f"{verdict}; {logs}; identities {one['identities']}"
            lead = f" {one['bundle']:<12}"
            self._tell(textwrap.fill(told, WIDTH, initial_indent=lead, subsequent_indent=" " * 13))
            self._tell(
                f"             {one['signed']} of {one['entries']} signed by their office, "
                f"{one['mandate_valid']} under a valid mandate, "
                f"{one['receipted']} receipted"
            )
            for problem in one["problems"][:3]:
                self._tell(f"             {problem}")

    def end(self, seconds: float, files: Mapping[str, str], look: Sequence[str]) -> None:
        """Where everything is, and how to look further."""
        self._head(f"DONE in {seconds:.1f} s")
        for name, path in files.items():
            self._tell(f" {name:<12}{path}")
        for command in look:
            self._tell(f" {'':<12}{command}")


def _contact(one: Found) -> str:
    value = one.value
    sides = " and ".join(dict.fromkeys(str(side) for side in value.get("sides") or ()))
    date = (value.get("date") or {}).get("edtf") or "no date"
    began = f", on the initiative of {value['initiator']}" if value.get("initiator") else ""
    kind = str(value.get("kind") or "talk").replace("_", " ")
    return f"{kind}: {sides}, {value.get('status')}, {date}{began}"


def _relation(one: Found) -> str:
    value = one.value
    since = f" since {value['since']}" if value.get("since") else ""
    by = f", by {value['ended_by']}" if value.get("ended_by") else ""
    claimed = f" (says {value['claimed_by']})" if value.get("claimed_by") else ""
    pair = " and ".join(str(side) for side in value.get("parties") or ())
    return f"relations of {pair}: {str(value.get('state')).replace('_', ' ')}{since}{by}{claimed}"


def _count(number: int, plural: str) -> str:
    return f"{number} {plural if number != 1 else plural.removesuffix('s')}"


def _row(row: Mapping[str, Any], title: str, a: str, b: str) -> Iterator[str]:
    what = str(row["point"])
    if row.get("type"):
        what = f"{row['type']} of {side_short(row.get('speaker'))}"
    for side, name in (("a", a), ("b", b)):
        if row[side] is not None:
            spans = ", ".join(f"{start}–{end}" for start, end in row[side]["spans"][:2])
            text = " ".join(str(row[side]["text"]).split())
            text = textwrap.shorten(text, 150, placeholder=" …").replace("«", "„").replace("»", "“")
            entries = "  → " + ", ".join(row[side]["entries"]) if row[side]["entries"] else ""
            waits = ", claimed, unanswered" if row[side]["unanswered"] else ""
            yield _columns(title, name, f"{what}: «{text}» [{spans}]{entries}{waits}")
            title, what = "", "  and" if row["a"] and row["b"] else what


def side_short(side: Any) -> str:
    """A speaker's side in short, where a side is named."""
    return side_name(side) if side else "somebody not named"


def _columns(first: str, second: str, text: str) -> str:
    lead = f" {first:<17}{second:<7}"
    return textwrap.fill(text, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead))


def _wrap(text: str, indent: int) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent)
