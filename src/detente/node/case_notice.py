# SPDX-License-Identifier: Apache-2.0
"""How long before was the warning? Both accounts are replayed; what was signed bounds the time in each.

Nobody can tell from the sources which account is true. So both are played, on clocks that are wrong by some
seconds; the case shows what interval the record proves in each, beside what each side says.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detente.node.casefile import Case
from detente.node.demo_plan import side_name
from detente.node.replay import DUTY, Clock, Exchange, Step, parties, persona
from detente.record import interval
from detente.record.entry import Entry, parse_rfc3339, rfc3339
from detente.record.interval import Span

REAL = ("signing, sealing, TLS on loopback, storing, receipts, acknowledgements, the intervals",)


async def replay_notice(case: Case, place: Path) -> dict[str, Any]:
    """Both accounts, one after the other, each with two parties of its own."""
    seen: list[dict[str, Any]] = []
    measures: list[dict[str, Any]] = []
    spans: list[Span] = []
    channel, wrong = "", []
    for account in case.data["accounts"]:
        told = await _played(case, account, place / account["side"])
        channel = told["channel"]
        seen += told["seen"]
        measures += _measures(case, account, told)
        strike = told["leads"][case.data["events"][0]["what"]]
        spans.append(strike)
        if (
            told["true"] not in strike
            or told["theirs"] != told["leads"]
            or told["ahead"] not in told["offset"]
        ):
            wrong.append(f"the account of {account['side']} does not lie in the interval")
    if not _apart(*spans):
        wrong.append("the record would not tell the two accounts apart")
    return {
        "channel": channel,
        "seen": seen,
        "measures": measures,
        "simulated": list(case.data["simulated"]),
        "real": list(REAL),
        "ok": not wrong,
        "why": "; ".join(wrong),
    }


def _apart(one: Span, other: Span) -> bool:
    """Whether no length fits both."""
    return one.both(other).contradictory


async def _played(case: Case, account: Mapping[str, Any], place: Path) -> dict[str, Any]:
    """One account: tests up to the notice, the notice, the events, each side's claim; seen by both nodes."""
    given = case.data["replay"]
    warner, warned = given["sides"]
    ahead = given["clocks_ahead_ms"]
    clock = Clock(case.begins)
    who = [persona(side, f"Command post of {side_name(side)}", ahead[side]) for side in (warner, warned)]
    at = parse_rfc3339(account["notice"])
    async with parties(place, who, clock) as found:
        exchange = Exchange(found, clock)
        # A mandate begins by the maker's clock, and a node's own may be behind it.
        clock.pass_(60_000)
        await exchange.open(warner, purpose="A deconfliction line, for a replay.")
        tested = at - 1000 * given["tests_for"]
        while tested < at:
            clock.set(tested)
            for side in (warned, warner):
                await exchange.play(Step(f"test-{side}", side, "test", "tests the line"))
            tested += 1000 * given["tests_every"]
        clock.set(at)
        body = {"text": given["text"], "lang": "en"}
        step = Step("notice", warner, "message", "", body, office=DUTY, precedence="flash", read=False)
        done = await exchange.play(step)
        clock.pass_(1000 * given["read"])
        await exchange.acknowledge(found[warned], str(done.id))
        whose = f"[account of {account['side']}] "
        seen = [_row(at, warner, f"{whose}{warner}: the notice is placed", case, account["facts"])]
        for row in case.data["events"]:
            clock.set(parse_rfc3339(row["earliest"]))
            seen.append(_row(clock(), "", whose + row["what"], case, row["facts"]))
        for row in case.data["claims"]:
            clock.set(parse_rfc3339(row["at"]))
            claim = {"text": row["text"], "lang": "en"}
            key = f"claim-{row['side']}"
            said = Step(key, row["side"], "incident.clarification", "", claim, re=("notice",), read=False)
            await exchange.play(said)
            seen.append(
                _row(clock(), row["side"], f"{whose}{row['side']} says: {row['text']}", case, row["facts"])
            )
        await exchange.settle()
        held = {side: exchange.entries(side) for side in (warner, warned)}
        channel = exchange.channel
    leads = {side: _leads(case, entries, str(done.id), warned) for side, entries in held.items()}
    strike = parse_rfc3339(case.data["events"][0]["earliest"])
    return {
        "channel": channel,
        "seen": seen,
        "entry": _of(held[warner], str(done.id)),
        "leads": leads[warner],
        "theirs": leads[warned],
        "offset": interval.offset(held[warner], warner, warned),
        "ahead": ahead[warner] - ahead[warned],
        # The event's time is read off the clock of the side that was warned.
        "true": strike - (at + ahead[warned]),
    }


def _of(entries: list[Entry], entry_id: str) -> Entry:
    return next(entry for entry in entries if entry.id == entry_id)


def _leads(case: Case, entries: list[Entry], entry_id: str, warned: str) -> dict[str, Span]:
    entry = _of(entries, entry_id)
    spans = {row["what"]: (row["earliest"], row["latest"]) for row in case.data["events"]}
    return {
        what: interval.lead(entry, warned, Span(parse_rfc3339(first), parse_rfc3339(last)))
        for what, (first, last) in spans.items()
    }


def _measures(case: Case, account: Mapping[str, Any], told: Mapping[str, Any]) -> list[dict[str, Any]]:
    warner, warned = case.data["replay"]["sides"]
    entry = told["entry"]
    there = interval.on_clock(entry, warned)
    name = f"if it was as {account['side']} says"
    found = [
        {
            "name": f"{name}: the notice came",
            "value": f"not before {_at(there.earliest)}, not after {_at(there.latest)}",
            "how": f"by {warned}'s own clock: the last that {warner} had seen of it, and its receipt",
        }
    ]
    for what, span in told["leads"].items():
        words = interval.in_words(interval.Lead(warned, warned, Span(), span))
        how = f"both nodes compute the same; the time of the event is {warned}'s account, by its clock"
        found.append({"name": f"{name}, before: {what}", "value": words, "how": how})
    offset = told["offset"]
    found.append(
        {
            "name": f"{name}: {warner}'s clock is ahead of {warned}'s by",
            "value": f"{_seconds(offset.earliest)} to {_seconds(offset.latest)}",
            "how": f"from what each had signed when the other did; the replay has {told['ahead'] / 1000} s",
        }
    )
    return found


def _at(ms: int | None) -> str:
    return "any time" if ms is None else rfc3339(ms)


def _seconds(ms: int | None) -> str:
    return "any" if ms is None else f"{ms / 1000:.1f} s"


def _row(at: int, by: str, what: str, case: Case, facts: list[str]) -> dict[str, Any]:
    source = "; ".join(case.facts[name].cite() for name in facts)
    basis = "facts" if facts else "replay"
    return {"time": rfc3339(at), "party": by, "what": what, "basis": basis, "source": source}
