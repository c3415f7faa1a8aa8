# SPDX-License-Identifier: Apache-2.0
"""Figures: what one measurement came to, printed as a JSON line and kept for the report."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Figures = dict[str, dict[str, Any]]


@dataclass
class Sheet:
    """All figures of one run, by name."""

    figures: Figures = field(default_factory=dict)

    def put(self, name: str, **values: Any) -> dict[str, Any]:
        """Keep and print one figure."""
        self.figures[name] = values
        print(json.dumps({"figure": name, **values}), flush=True)
        return values

    def spread(self, name: str, seconds: Sequence[float], **more: Any) -> dict[str, Any]:
        """A figure of many times (s), given in microseconds."""
        return self.put(
            name,
            median_us=micro(statistics.median(seconds)),
            p99_us=micro(quantile(seconds, 0.99)),
            n=len(seconds),
            **more,
        )


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of them lie."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, round(share * (len(ranked) - 1)))]


def micro(seconds: float) -> float:
    """Seconds as microseconds, to a tenth."""
    return round(seconds * 1e6, 1)
