# SPDX-License-Identifier: Apache-2.0
"""An urgent notice while the usual contact is away: it goes to the post, and to whoever is on watch there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detente.node.casefile import Case, Fact
from detente.node.demo_plan import side_name
from detente.node.replay import DUTY, Clock, Exchange, Party, Step, parties, persona
from detente.record import duration
from detente.record.entry import Entry, rfc3339
from detente.words.charter import Charter
from detente.words.phrases import find, render_phrase

REAL = ("signing, sealing, TLS on loopback, storing, receipts, acknowledgements",)
FLASH_DUE = 120
"""Seconds in which a flash is to be acknowledged, by the default of a charter."""


async def replay_watch(case: Case, place: Path) -> dict[str, Any]:
    """The notice on a line between two parties. The liaison never signs anything: only the watch is there."""
    given = case.data["simulated"]
    caller, answerer = str(given["caller"]), str(given["answerer"])
    clock = Clock(case.begins)
    who = [persona(side, f"Command post of {side_name(side)}") for side in (caller, answerer)]
    async with parties(place, who, clock) as found:
        exchange = Exchange(found, clock)
        await exchange.open(
            caller, purpose="A deconfliction line, for a replay.", ack_due={"flash": FLASH_DUE}
        )
        told = await _call(exchange, case, found[answerer], given)
    read_ms = told["read"] - told["released"]
    return {
        "channel": exchange.channel,
        "seen": told["seen"],
        "card": told["card"],
        "measures": _measures(case.facts, told, given),
        "simulated": _simulated(given),
        "real": list(REAL),
        "ok": told["displayed"] is not None and read_ms <= FLASH_DUE * 1000,
        "why": f"the notice was not read within {FLASH_DUE} s",
    }


async def _call(exchange: Exchange, case: Case, post: Party, given: Mapping[str, Any]) -> dict[str, Any]:
    """The flash: released, delivered, displayed on the post that is on, read, answered."""
    caller, clock = str(given["caller"]), exchange.clock
    await post.call("watch_on", post=given["deputies"][0])
    body = {"code": given["phrase"], "parameters": {"place": given["place"], "time": given["since"]}}
    released = clock()
    notice = Step(
        "notice",
        caller,
        "phrase",
        "own forces under your fire",
        body,
        office=DUTY,
        precedence="flash",
        read=False,
    )
    clock.pass_(round(1000 * given["one_way"]))
    done = await exchange.play(notice)
    arrived = clock()
    clock.pass_(round(1000 * given["look"]))
    await post.call("displayed", channel=exchange.channel, id=done.id, post=given["deputies"][0])
    displayed = clock()
    clock.pass_(round(1000 * given["read"]))
    await exchange.acknowledge(post, str(done.id))
    read = clock()
    charter = post.here.operations.records.charter(exchange.channel)
    entry = post.here.operations.records.entry(str(done.id))
    assert charter is not None
    assert entry is not None
    answer = {"code": "2", "parameters": {"place": given["place"], "time": "at once"}}
    clock.pass_(round(1000 * given["answer"]))
    answered = clock()
    await exchange.play(
        Step(
            "answer",
            post.side,
            "phrase",
            "cease-fire ordered",
            answer,
            re=("notice",),
            office=DUTY,
            precedence="flash",
        )
    )
    seen = [
        (
            released,
            f"{caller}: the duty officer releases phrase {given['phrase']}, flash, with one signature",
        ),
        (
            arrived,
            f"{post.side}: the node holds it and has given its receipt ({done.ms:.0f} ms of machine time)",
        ),
        (
            displayed,
            f"{post.side}: post {given['deputies'][0]} shows it; the {given['contact']} is away",
        ),
        (read, f"{post.side}: whoever is on watch has read the card and acknowledges"),
        (answered, f"{post.side}: answers with phrase 2, cease-fire ordered"),
    ]
    return {
        "released": released,
        "arrived": arrived,
        "displayed": displayed,
        "read": read,
        "answered": answered,
        "machine_ms": done.ms,
        "card": card(entry, charter, given["deputies"], displayed),
        "seen": [{"time": rfc3339(at), "what": what} for at, what in seen],
    }


def card(entry: Entry, charter: Charter, deputies: list[str], now: int) -> list[str]:
    """What a post shows with an urgent entry: its words and clock, who may act, what may be said at once."""
    body = entry.body or {}
    text = render_phrase(charter, body.get("code", ""), body.get("parameters", {}), "en")
    due = entry.placed + 1000 * charter.ack_due.get("flash", FLASH_DUE)
    at_once = [f"{code}. {find(charter, code).text['en']}" for code in ("2", "3", "18", "20")]
    return [
        f"{entry.precedence.upper()}  {entry.ref}  {text}",
        f"acknowledge: {duration.due(due, now)}",
        f"whoever is on watch may answer: {', '.join(deputies)}",
        "may be said at once, with one signature:",
        *at_once,
        "refer to: the operations chief; nobody has to be waited for",
    ]


def _measures(
    facts: Mapping[str, Fact], told: Mapping[str, Any], given: Mapping[str, Any]
) -> list[dict[str, Any]]:
    minutes, strikes = facts["minutes"], facts["strikes"]
    until = {name: (told[name] - told["released"]) / 1000 for name in ("displayed", "read", "answered")}
    share = until["read"] / 60 / minutes.more["minutes"] * strikes.more["strikes"]
    assumed = f"{given['one_way']} s on the line and {given['look']} s at the post are assumed"
    return [
        {
            "name": "in history, until the message was passed on",
            "value": f"{minutes.more['minutes']} min",
            "how": minutes.cite(),
        },
        {
            "name": "strikes in that time",
            "value": f"{strikes.more['strikes']} of {strikes.more['of']}",
            "how": strikes.cite(),
        },
        {
            "name": "on the line, until displayed",
            "value": f"{until['displayed']:.1f} s",
            "how": f"simulated clock; {assumed}",
        },
        {
            "name": "of it machine time, kept to receipted",
            "value": f"{told['machine_ms']:.0f} ms",
            "how": "measured in this replay, both nodes on this machine",
        },
        {
            "name": "on the line, until read",
            "value": f"{until['read']:.1f} s",
            "how": f"as before, and {given['read']} s to read the card, which are assumed",
        },
        {
            "name": "on the line, until answered",
            "value": f"{until['answered']:.1f} s",
            "how": f"as before, and {given['answer']} s to choose the phrase, which are assumed",
        },
        {
            "name": "strikes in the time until read, at history's rate",
            "value": f"{share:.1f}",
            "how": f"{strikes.more['strikes']} in {minutes.more['minutes']} min, taken as even",
        },
    ]


def _simulated(given: Mapping[str, Any]) -> list[str]:
    return [
        "the clock of both parties",
        f"the line's {given['one_way']} s, the post's {given['look']} s, the reader's {given['read']} s",
        "that both sides have a node; the words, which are the phrase book's",
    ]
