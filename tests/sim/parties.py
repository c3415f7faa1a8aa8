# SPDX-License-Identifier: Apache-2.0
"""The parties of a simulation: real keys, made once in a process, with offices of different powers."""

from __future__ import annotations

import functools
from typing import Any

from detente.line.line import OwnLog
from detente.seal.credential import credential_id
from detente.seal.keys import SigningKey
from tests.line.harness import T0, Party, seed
from tests.sim.invariants import Authority

DAY = 86_400_000
NAMES = ("BY", "UA", "PL", "LT", "HU", "CH", "AT")
RANKS = ("routine", "priority", "immediate", "flash")
LONG_AGO = T0 - 40 * DAY
TEMP_ENDS = T0 + DAY // 2


class SimParty(Party):
    """``duty`` may say everything, ``desk`` with a second signature (or alone in an emergency), ``press``
    only routine messages, ``temp`` everything until noon."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.offices |= {o: SigningKey.from_seed(seed(self.name, o)) for o in ("press", "temp")}
        self.mandates = [
            self.mandate("duty", 1, ["duty"], **{"from": LONG_AGO}),
            self.mandate("desk", 2, ["duty", "desk"], emergency=True, **{"from": LONG_AGO}),
            self.press(1),
            self.mandate("temp", 1, ["temp"], to=TEMP_ENDS, **{"from": LONG_AGO}),
        ]

    def press(self, serial: int, *, kinds: tuple[str, ...] = ("message",)) -> dict[str, Any]:
        """The mandate of ``press``, as often as it is renewed."""
        more = {"kinds": list(kinds), "precedence": "routine", "serial": serial, "from": LONG_AGO}
        return self.mandate("press", 1, ["press"], **more)

    def revocation(self, mandate: dict[str, Any]) -> dict[str, Any]:
        return self.certify(
            type="revocation", revokes=credential_id(mandate["doc"]), reason="given up", **{"from": LONG_AGO}
        )


def authority() -> dict[str, Authority]:
    """What those mandates mean, said a second time."""
    return {
        "duty": Authority(("*",), 3, 1),
        "desk": Authority(("*",), 3, 2, lone=True),
        "press": Authority(("message",), 0, 1),
        "temp": Authority(("*",), 3, 1, until=TEMP_ENDS),
    }


@functools.cache
def party(name: str) -> SimParty:
    """One party, the same in every world."""
    return SimParty(name)


@functools.cache
def own_log(name: str, number: int) -> OwnLog:
    """Its prepared logs."""
    made = party(name)
    made.logs = number
    return made.own_log()
