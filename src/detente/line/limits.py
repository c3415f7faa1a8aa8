# SPDX-License-Identifier: Apache-2.0
"""Every limit of the line, with its reason (protocol §8, §11)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Times in milliseconds, sizes in bytes."""

    # A batch is one commit and one packet: large enough to share a sync, small enough to open in a few ms.
    batch_leaves: int = 256
    batch_bytes: int = 2 << 20
    # Under way to one peer without a receipt: bounds memory on both sides of a slow link.
    window_leaves: int = 4096
    window_bytes: int = 8 << 20
    # A day's reading from a member with whom no charter is in force: room to agree on one, no more.
    strange_entries: int = 1_000
    strange_bytes: int = 16 << 20
    # With the disk nearly full, a member is asked to hold back what is not on the floor this long at a time.
    scarce_wait: int = 10_000
    # Statements kept ahead of their place, a peer: enough for a crisis, too few to fill a disk.
    early_per_peer: int = 256
    # Without any progress on what is under way, ask the peer where it stands.
    stall: int = 10_000
    # After a gap, answer with `have` at most this often for the same size.
    gap_answer: int = 2_000
    # A member that claims to hold more of our log than we do gets this long to show it, so often.
    claim_wait: int = 5_000
    claim_interval: int = 3_600_000
    # An epoch's key serves this long (protocol §7).
    epoch_life: int = 30 * 86_400_000
    # A ML-DSA-44 line on the head at most this often, and only when the head has moved.
    pq_interval: int = 60_000
    # Evidence of a kind kept of one log: the first proofs say all.
    evidence_per_log: int = 16
    # Leaves below the head that a proof of a fork rests on: to work one out, all of them are read and hashed.
    fork_search: int = 200_000


LIMITS = Limits()
