# SPDX-License-Identifier: Apache-2.0
"""The parties of a simulation: real keys, made once in a process, with offices of different powers."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

from detente.errors import VerificationError
from detente.line.line import OwnLog
from detente.seal import canonical
from detente.seal.credential import credential_id
from detente.seal.keys import KemKey, SigningKey
from tests.line.harness import T0, Party, seed
from tests.sim.held import Authority

DAY = 86_400_000
NAMES = ("BY", "UA", "PL", "LT", "HU", "CH", "AT")
RANKS = ("routine", "priority", "immediate", "flash")
LONG_AGO = T0 - 40 * DAY
TEMP_ENDS = T0 + DAY // 2


class Ring(KemKey):
    """A kem key and those before it: a member that has not read our new card yet seals to the old one."""

    def __init__(self, kems: list[KemKey]) -> None:
        self.kems = kems
        self.public = kems[0].public

    def open(self, blob: bytes, info: bytes) -> bytes:
        for kem in self.kems[:-1]:
            with contextlib.suppress(VerificationError):
                return kem.open(blob, info)
        return self.kems[-1].open(blob, info)


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

    def kem_of(self, serial: int) -> KemKey:
        """The kem key of the card with that serial."""
        return self.kem if serial == 1 else _kem(self.name, serial)

    def ring(self, serial: int) -> Ring:
        """The kem keys of its cards up to that serial."""
        return Ring([self.kem_of(n) for n in range(serial, 0, -1)])

    def card_of(self, serial: int) -> dict[str, Any]:
        """Its card, as often as it is renewed: each has a kem key of its own."""
        if serial == 1:
            return self.card
        doc = {k: v for k, v in self.card["doc"].items() if k not in ("party", "issued")}
        keys = doc["keys"] | {"kem": canonical.b64(self.kem_of(serial).public)}
        return self.certify(**(doc | {"serial": serial, "keys": keys}))

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
def _kem(name: str, serial: int) -> KemKey:
    return KemKey.from_seeds(seed(name, "kem", serial) + seed(name, "kem2", serial), seed(name, "x", serial))


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
