# SPDX-License-Identifier: Apache-2.0
"""Write docs/state-machines.md from the tables that the program steps through; `--check` only compares."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from detente.line import states as line
from detente.node.desk import DRAFT
from detente.record.contacts import CONTACT
from detente.record.silence import SILENCE
from detente.record.standing import STANDING
from detente.record.states import ENTRY, RECEIVED
from detente.words.machine import Machine

PAGE = Path(__file__).resolve().parents[1] / "docs" / "state-machines.md"
# In the order of one entry's way, then what is around it.
MACHINES = (
    DRAFT,
    line.OURS,
    line.THEIRS,
    line.BODY,
    ENTRY,
    RECEIVED,
    line.LINE,
    line.LOG,
    line.EPOCH,
    line.PEER,
    line.MANDATE,
    STANDING,
    SILENCE,
    CONTACT,
)
# A drawing with more arrows than this cannot be read.
MANY = 20
HEAD = """# State machines

Made from the tables in the code by `make format`; `make lint` holds the two together.

- The program steps through the tables of the line and the contact, asks that of the draft what may be done
  with one, decides by that of the silence, and takes the words of an entry and of a standing from theirs.
- An entry on its way (ours, theirs), a body, a log, a sending key and a peer are kept as maps. There the
  event is the write that changes them (`line/writes.py`); every test of the line, and the simulation, watches
  that no write does anything that is not in the table.
- A mandate is judged by the log before an entry and the time of its placement.

`§n` is a section of [the protocol](protocol.md); *guide* is [the guide](guide.md), *kinds* are
[the kinds](kinds.md). A drawing of more than {many} arrows leaves out those that a way through other states
makes up; the table below it has them all.
"""


def drawn(machine: Machine) -> list[tuple[str, str, list[str]]]:
    """(before, after, events) of each arrow; those that others make up are left out."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for move in machine.moves:
        arrows.setdefault((move.before, move.after), []).append(move.event)
    few = len(arrows) <= MANY
    return [(a, c, events) for (a, c), events in arrows.items() if few or not _made_up(a, c, set(arrows))]


def _made_up(a: str, c: str, arrows: set[tuple[str, str]]) -> bool:
    between = {b for _, b in arrows} - {a, c}
    return any({(a, b), (b, c)} <= arrows and not {(b, a), (c, b)} & arrows for b in between)


def _name(state: str) -> str:
    return re.sub(r"\W+", "_", state)


def section(machine: Machine) -> list[str]:
    """One machine: what it is, its drawing, its table."""
    lines = [f"## {machine.name[:1].upper()}{machine.name[1:]}", "", machine.what, "", "```mermaid"]
    lines += ["stateDiagram-v2", *(f'    state "{s}" as {_name(s)}' for s in machine.states)]
    lines.append(f"    [*] --> {_name(machine.start)}")
    lines += [f"    {_name(a)} --> {_name(b)}: {' / '.join(events)}" for a, b, events in drawn(machine)]
    lines += ["```", "", "| from | event | to | by whom | source |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {m.before} | {m.event} | {m.after} | {m.by} | {m.source} |" for m in machine.moves]
    return [*lines, ""]


def page() -> str:
    """The whole of docs/state-machines.md."""
    lines = [HEAD.format(many=MANY)]
    for machine in MACHINES:
        lines += section(machine)
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """0, or 1 where `--check` finds the page out of date."""
    if "--check" not in arguments:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page()
    print(f"not up to date: {PAGE}" if stale else "up to date")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
