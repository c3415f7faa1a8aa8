# SPDX-License-Identifier: Apache-2.0
"""What a demo leaves behind: the comparison, findings with their entries, verified bundles, a timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detente.node.demo_links import Comparison, annotate, compared, linked, only_on_line
from detente.node.demo_plan import Plan
from detente.node.demo_play import codes
from detente.node.demo_show import Show
from detente.node.exports import ALL, bundle_files
from detente.node.files import write_private
from detente.node.replay import Exchange, Party, Persona
from detente.record import html, waiting
from detente.record.bundle_zip import to_bytes
from detente.record.entry import Entry
from detente.record.standing import current
from detente.record.timeline import causal_order, to_json
from detente.record.verify import verify


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


def finish(where: Path, plan: Plan, exchange: Exchange, who: Sequence[Persona], show: Show) -> DemoResult:
    """Compare, link, export and verify; ``show`` tells of each part."""
    first = plan.sides[0]
    entries = causal_order(exchange.entries(first))
    noted = [one for channel in exchange.registers for one in exchange.noted(channel)]
    spoken = codes(exchange, plan.sides)
    show.codes(spoken)
    comparison = compared(plan)
    findings = linked(plan, exchange, entries)
    alone = only_on_line(exchange, entries)
    verified, files = _export(where, exchange)
    files["timeline"] = str(_timeline(where, exchange, first))
    records = exchange.parties[first].here.operations.records
    charter = records.charter(exchange.channel)
    assert charter is not None
    owed = waiting.obligations(entries, charter, exchange.clock())
    annotate(comparison, plan, findings, owed)
    show.comparison(plan, comparison, alone)
    show.findings(findings)
    show.owed(owed, {one.id: one for one in entries}, exchange.clock())
    show.verified(verified)
    document = {
        "parties": [_party(exchange.parties[side]) for side in plan.sides],
        "channel": exchange.channel,
        "registers": [
            {"channel": channel, "keeper": keeper, "about": about}
            for channel, (keeper, about) in exchange.registers.items()
        ],
        "entries": [_shown(one) for one in (*entries, *noted)],
        "refused": [
            {"party": one.step.by, "kind": one.step.kind, "why": one.refused}
            for one in exchange.done
            if one.refused
        ],
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
        "party": info.party,
        "name": info.name,
        "fingerprint": info.fingerprint,
        "home": str(party.home.path),
        "line": info.endpoint,
    }


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    return {"a": comparison.a, "b": comparison.b} | comparison.groups


def _export(where: Path, exchange: Exchange) -> tuple[dict[str, Any], dict[str, str]]:
    """Each side's bundle of the line, written, and verified from its own bytes with both cards."""
    cards = [party.home.card() for party in exchange.parties.values()]
    logs, files, valid = [], {}, True
    for side, party in exchange.parties.items():
        store, entries = party.here.node.store, exchange.entries(side)
        bundle, _ = bundle_files(party.home, store, exchange.channel, entries, ALL, party.here.node.keys)
        raw = to_bytes(bundle)
        target = where / f"{side}.zip"
        write_private(target, raw)
        files[f"bundle-{side}"] = str(target)
        report = verify(bundle, cards)
        valid = valid and report.valid
        logs.append(
            {
                "bundle": target.name,
                "valid": report.valid,
                "identities": report.identities,
                "bytes": len(raw),
                "logs": [
                    {"log": log.log, "size": log.size, "checkpoint": log.checkpoint, "receipts": log.receipts}
                    for log in report.logs
                ],
                "entries": len(report.entries),
                "signed": sum(one.signed for one in report.entries),
                "mandate_valid": sum(one.mandate_valid for one in report.entries),
                "receipted": sum(bool(one.receipted) for one in report.entries),
                "disclosed": sum(one.body == "disclosed" for one in report.entries),
                "problems": [problem.problem for problem in report.problems],
            }
        )
    return {"valid": valid, "bundles": logs}, files


def _timeline(where: Path, exchange: Exchange, side: str) -> Path:
    entries = exchange.entries(side)
    party = exchange.parties[side]
    charter = party.here.operations.records.charter(exchange.channel)
    names = {one.side: one.home.info.name for one in exchange.parties.values()}
    scopes = current(entries, list(names), charter)
    raw = html.timeline(
        entries,
        channel=exchange.channel,
        us=side,
        names=names,
        now=exchange.clock(),
        charter=charter,
        scopes=scopes,
        note="A replay on one machine, marked exercise or drill: none of it was said by any ministry.",
    )
    target = where / "timeline.html"
    target.write_bytes(raw)
    return target
