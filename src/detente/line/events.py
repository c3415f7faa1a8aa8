# SPDX-License-Identifier: Apache-2.0
"""What a step tells the node, after its writes are durable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """``name`` is one of ``entry``, ``delivered``, ``labels``, ``mark``, ``epoch wanted``, ``stopped``,
    ``evidence``, ``member``."""

    name: str
    party: str
    entry_id: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
