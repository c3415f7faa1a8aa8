# SPDX-License-Identifier: Apache-2.0
"""How many commits and signatures one entry costs, counted in the processes that do the work."""

from __future__ import annotations

import sys
from pathlib import Path

import counted
from figures import Sheet
from parties import Parties
from stream import Stream, line

WHO = {"by": "the author's node", "ua": "the other node", "say": "the office"}


class _Counted(Parties):
    """Two parties whose programs count."""

    def command(self, *arguments: object) -> list[str]:
        call = [str(argument) for argument in arguments]
        name = "say" if "--stream" in call else call[1] if call[0] == "serve" else ""
        if not name:
            return super().command(*arguments)
        script = Path(__file__).with_name("counted.py")
        return [sys.executable, str(script), str(self.place / f"{name}.count"), *call]


def measure(sheet: Sheet, place: Path, quick: bool) -> None:
    """Entries one after the other, each alone under way; what all of them cost, by the entry."""
    number = 50 if quick else 500
    parties = _Counted(place)
    try:
        parties.open()
        stream = Stream(parties)
        before = {who: counted.read(place / f"{who}.count") for who in WHO}
        for at in range(1, number + 1):
            stream.input.write(line(at))
            stream.input.flush()
            stream.answer()
        after = {who: counted.read(place / f"{who}.count") for who in WHO}
        stream.end()
    finally:
        parties.close()
    costs = {
        who: {name: round((after[who][name] - before[who][name]) / number, 2) for name in counted.NAMES}
        for who in WHO
    }
    sheet.put("what one entry costs", entries=number, **costs)
