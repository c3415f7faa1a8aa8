# SPDX-License-Identifier: Apache-2.0
"""The main job on one machine: pages are read, two parties replay what they tell of, and the two are compared."""

from __future__ import annotations

import pkgutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from detente.errors import MalformedError, RefusedError, UsageError
from detente.node import callcode, casefile
from detente.node.demo_links import Comparison, compared, linked, only_on_line
from detente.node.demo_plan import Page, Plan, authority, make_plan, side_name
from detente.node.demo_script import CLAIM_ANSWER, Script
from detente.node.demo_show import Show
from detente.node.exports import channel_files
from detente.node.files import write_private
from detente.node.home import Home
from detente.node.replay import Clock, Done, Exchange, Party, Persona, Step, parties, persona
from detente.press.importer import read_page
from detente.press.source import decode
from detente.record import html, waiting
from detente.record.bundle_zip import to_bytes
from detente.record.entry import Entry
from detente.record.standing import current
from detente.record.timeline import causal_order, to_json
from detente.record.verify import verify

CASE = "february-2022-call"
REGIME = "vienna-2011"
Progress = Callable[[str], None]


@dataclass
class DemoResult:
    """What a demo leaves behind; ``to_json`` is the contract's document."""

    place: Path
    plan: Plan
    personas: tuple[Persona, ...]
    channel: str
    document: dict[str, Any]
    seconds: float = 0.0
    files: dict[str, str] = field(default_factory=dict)

    @property
    def valid(self) -> bool:
        """Whether every log was found valid."""
        return bool(self.document["verification"]["valid"])

    def to_json(self) -> dict[str, Any]:
        """The JSON document of ``detente demo --json``."""
        return self.document


async def run(place: Path | None, files: Sequence[Path], progress: Progress) -> DemoResult:
    """Replay what the pages tell of, in ``place`` (a fresh directory if None). ``progress`` takes lines of text.

    Without ``files`` the project's own pages are read. RefusedError: no page tells of a contact, or a home is there.
    """
    began = time.perf_counter()
    show = Show(progress)
    pages = [read(name, raw) for name, raw in _raw_pages(files)]
    plan = make_plan(pages)
    show.pages(plan)
    where = place or Path(tempfile.mkdtemp(prefix="detente-demo-"))
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    who = tuple(persona(side, authority(plan.people(side), side)) for side in plan.sides)
    write_private(where / "README", _readme(where, who).encode())
    clock = Clock()
    async with parties(where, who, clock) as found:
        show.parties(found)
        exchange = Exchange(found, clock)
        await play(exchange, plan, casefile.load(CASE), show.done)
        result = await _finish(where, plan, exchange, who, show)
    result.seconds = time.perf_counter() - began
    show.end(result.seconds, result.files)
    return result


def read(name: str, raw: bytes) -> Page:
    """A page with its text and findings. Raises MalformedError that names it."""
    try:
        return Page(decode(raw)[0], read_page(raw, name=name))
    except MalformedError as error:
        raise MalformedError(f"{name}: {error}") from None


def _raw_pages(files: Sequence[Path]) -> list[tuple[str, bytes]]:
    if files:
        try:
            return [(path.name, path.read_bytes()) for path in files]
        except OSError as error:
            raise UsageError(f"cannot read {error.filename}: {error.strerror}") from None
    folder = resources.files("detente.press") / "pages"
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".txt"))
    if not names:
        raise RefusedError("this installation has no pages of its own; give some with --pages")
    return [(name, pkgutil.get_data("detente.press", f"pages/{name}") or b"") for name in names]


async def play(
    exchange: Exchange, plan: Plan, case: casefile.Case | None, done: Callable[[str, Done], None],
    timed: Callable[[Step], Step] = lambda step: step,
) -> Script:  # fmt: skip
    """The whole exchange; ``done`` hears of every step with the part it belongs to, ``timed`` may set its time."""
    first = plan.initiator or plan.sides[0]
    await exchange.open(
        plan.other(first), regimes=[REGIME], languages=["en"],
        purpose=f"A line between {side_name(plan.sides[0])} and {side_name(plan.sides[1])}, for a replay.",
        answer_due={"explanation.request": 48 * 3600, "undertaking.claim": CLAIM_ANSWER},
    )  # fmt: skip
    for one in exchange.done:
        done("The line is opened", one)
    script = Script(plan, case, exchange.channel)
    chapters = (
        ("Before", script.before()), ("The contact", script.contact()), ("Each side's words", script.words()),
        ("What was agreed", script.attaches()), ("Afterwards", script.after()),
    )  # fmt: skip
    for title, steps in chapters:
        for step in steps:
            done(title, await exchange.play(timed(step)))
    for (keeper, about), steps in script.outside().items():
        await exchange.open_register(keeper, about, f"Our notes of contacts with {side_name(about)}, for a replay.")
        for step in steps:
            done(f"In {keeper}'s register about {about}, which has no node here", await exchange.play(timed(step)))
    await exchange.settle()
    return script


def codes(exchange: Exchange, sides: Sequence[str]) -> dict[str, str]:
    """What each side reads out before the call, checked and computed from what stands on the line; {} without codes."""
    committed: dict[str, str] = {}
    revealed: dict[str, str] = {}
    for entry in exchange.entries(sides[0]):
        committed |= dict((entry.body or {}).get("code_commitments") or {})
        revealed |= dict((entry.body or {}).get("code_reveals") or {})
    if set(revealed) != set(sides):
        return {}
    secrets = {side: callcode.check(revealed[side], committed[side], exchange.channel, side) for side in sides}
    return {side: callcode.code(secrets, exchange.channel, exchange.ids["proposal"], side) for side in sides}


# The end -------------------------------------------------------------------------------------------------


async def _finish(where: Path, plan: Plan, exchange: Exchange, who: Sequence[Persona], show: Show) -> DemoResult:
    first = plan.sides[0]
    entries = causal_order(exchange.entries(first))
    noted = [one for channel in exchange.registers for one in exchange.noted(channel)]
    spoken = codes(exchange, plan.sides)
    show.codes(spoken)
    comparison = compared(plan)
    findings = linked(plan, exchange)
    alone = only_on_line(exchange, entries)
    verified, files = _export(where, exchange)
    files["timeline"] = str(_timeline(where, exchange, first))
    records = exchange.parties[first].here.operations.records
    charter = records.charter(exchange.channel)
    assert charter is not None
    owed = waiting.obligations(entries, charter, exchange.clock())
    show.comparison(plan, comparison, alone)
    show.findings(findings)
    show.owed(owed, {one.id: one for one in entries}, exchange.clock())
    show.verified(verified)
    document = {
        "parties": [_party(exchange.parties[side]) for side in plan.sides],
        "channel": exchange.channel,
        "registers": [{"channel": channel, "keeper": keeper, "about": about} for channel, (keeper, about) in exchange.registers.items()],
        "entries": [_shown(one) for one in (*entries, *noted)],
        "refused": [{"party": one.step.by, "kind": one.step.kind, "why": one.refused} for one in exchange.done if one.refused],
        "codes": spoken,
        "pages": [dict(page.source) for page in plan.pages],
        "findings": findings,
        "comparison": _comparison_json(comparison) | {"only_on_line": alone},
        "obligations": owed,
        "verification": verified,
        "files": files,
    }
    return DemoResult(where, plan, tuple(who), exchange.channel, document, files=files)


def _shown(entry: Entry) -> dict[str, Any]:
    return to_json(entry) | {"channel": entry.channel}


def _party(party: Party) -> dict[str, Any]:
    info = party.home.info
    return {
        "party": info.party, "name": info.name, "fingerprint": info.fingerprint, "home": str(party.home.path),
        "line": info.endpoint,
    }  # fmt: skip


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    return {"a": comparison.a, "b": comparison.b} | comparison.groups


def _export(where: Path, exchange: Exchange) -> tuple[dict[str, Any], dict[str, str]]:
    """Each side's bundle of the line, written, and verified from its own bytes with both cards."""
    cards = [party.home.card() for party in exchange.parties.values()]
    logs, files, valid = [], {}, True
    for side, party in exchange.parties.items():
        store, entries = party.here.node.store, exchange.entries(side)
        bundle, _ = channel_files(party.home, store, exchange.channel, entries, ["all"], party.here.node.keys)
        raw = to_bytes(bundle)
        target = where / f"{side}.zip"
        write_private(target, raw)
        files[f"bundle-{side}"] = str(target)
        report = verify(bundle, cards)
        valid = valid and report.valid
        logs.append({
            "bundle": target.name, "valid": report.valid, "identities": report.identities, "bytes": len(raw),
            "logs": [{"log": log.log, "size": log.size, "checkpoint": log.checkpoint, "receipts": log.receipts} for log in report.logs],
            "entries": len(report.entries), "signed": sum(one.signed for one in report.entries),
            "mandate_valid": sum(one.mandate_valid for one in report.entries),
            "receipted": sum(bool(one.receipted) for one in report.entries),
            "disclosed": sum(one.body == "disclosed" for one in report.entries),
            "problems": [problem.problem for problem in report.problems],
        })  # fmt: skip
    return {"valid": valid, "bundles": logs}, files


def _timeline(where: Path, exchange: Exchange, side: str) -> Path:
    entries = exchange.entries(side)
    party = exchange.parties[side]
    charter = party.here.operations.records.charter(exchange.channel)
    names = {one.side: one.home.info.name for one in exchange.parties.values()}
    scopes = current(entries, list(names), charter)
    raw = html.timeline(
        entries, channel=exchange.channel, us=side, names=names, now=exchange.clock(), charter=charter, scopes=scopes,
        note="A replay on one machine: everything is marked exercise or drill, and none of it was said by any ministry.",
    )  # fmt: skip
    target = where / "timeline.html"
    target.write_bytes(raw)
    return target


def _readme(where: Path, who: Sequence[Persona]) -> str:
    lines = ["The parties of a replay by Detente. Everything in here was made by `detente demo` and can be thrown away.", ""]
    for one in who:
        lines += [
            f"{one.side}: {one.name}",
            f"  home       {where / one.side}",
            f"  line       {one.endpoint}",
            f"  export DETENTE_PASSPHRASE={one.passphrase} DETENTE_OFFICE_PASSPHRASE={one.office}",
            f"  detente serve {where / one.side}      (then the console; offices duty, desk and release)",
            "",
        ]
    return "\n".join(lines)


def homes(result: DemoResult) -> list[tuple[Persona, Home]]:
    """The parties' homes with who they are, to serve them after the replay."""
    return [(one, Home.open(result.place / one.side)) for one in result.personas]


