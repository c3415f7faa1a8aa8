# SPDX-License-Identifier: Apache-2.0
"""All planted bugs."""

from __future__ import annotations

from tests.sim.planted_judged import JUDGED
from tests.sim.planted_kept import KEPT
from tests.sim.planted_seal import OUTER
from tests.sim.planted_taken import TAKEN
from tests.sim.planting import Plant

# Patches of the running code, where a few characters of source would not do; all found by the simulation.
PATCHED = tuple(
    Plant(name, ("sim:planted:2:40",), patch=name)
    for name in (
        "receipt before durable", "a gap is accepted", "mandates are not checked",
        "revocations are forgotten", "a mark goes back", "the floor is closed",
        "an index is used again", "judged by arrival",
        "urgent waits in line", "bodies are lost", "receipts are not kept", "what was lost is not asked for",
        "an old state goes on",
        "never read again", "receipt for what was not kept",
    )
)  # fmt: skip
PLANTED: tuple[Plant, ...] = (*OUTER, *TAKEN, *JUDGED, *KEPT, *PATCHED)
