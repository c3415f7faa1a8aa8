# SPDX-License-Identifier: Apache-2.0
"""How well the comparison pairs two read-outs, against pairs whose points were matched by hand.

``python -m tests.press.compare_score [--misses] [FILE…]`` prints the figures.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detente.press.compare import compare, from_body

HERE = Path(__file__).parent / "compare"
#: Sorts of points that the expectations are about; date, kind and people have tests of their own.
WORDED = ("purpose", "topic", "measure", "statement", "clause")
Span = tuple[int, int]


@dataclass
class Count:
    """What was expected, what was given, and how much of either was right."""

    expected: int = 0
    given: int = 0
    found: int = 0
    right: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """The share of what was expected that was found."""
        return self.found / self.expected if self.expected else 1.0

    @property
    def precision(self) -> float:
        """The share of what was given that is right."""
        return self.right / self.given if self.given else 1.0


def pairs(paths: Iterable[Path] = ()) -> dict[str, dict[str, Any]]:
    """The pairs by name."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in paths or sorted(HERE.glob("*.json"))}


def run(pair: Mapping[str, Any]) -> dict[str, Any]:
    """The comparison of a pair's read-outs, as bodies of entries."""
    return compare(*(from_body(pair[side], name=side, side=pair[side]["side"]) for side in "ab"))


def score(pair: Mapping[str, Any]) -> dict[str, Count]:
    """``matched``: which points belong together; ``group``: and how; ``alone``: what only one says."""
    result, expect = run(pair), pair["expect"]
    counts = {"matched": Count(), "group": Count(), "alone": Count()}
    rows = [
        (group, row)
        for group in ("both", "both_differently")
        for row in result[group]
        if row["point"] in WORDED and not _tells_of_contact(pair, row)
    ]
    wanted = [(group, one) for group in ("both", "both_differently") for one in expect[group]]
    hit = {
        number: [
            at
            for at, (_, row) in enumerate(rows)
            if all(_in(pair[s]["text"], one[n], row[s]) for n, s in enumerate("ab"))
        ]
        for number, (_, one) in enumerate(wanted)
    }
    used = {at for listed in hit.values() for at in listed}
    matched, group = counts["matched"], counts["group"]
    matched.expected = group.expected = len(wanted)
    matched.given = group.given = len(rows)
    matched.right = len(used)
    for number, (kind, one) in enumerate(wanted):
        matched.found += bool(hit[number])
        good = [at for at in hit[number] if rows[at][0] == kind]
        group.found += bool(good)
        if not hit[number]:
            matched.misses.append(f"not matched: {one}")
        elif not good:
            group.misses.append(f"not {kind}: {one}: {rows[hit[number][0]][1]['why']}")
    group.right = len(
        {at for number, (kind, _) in enumerate(wanted) for at in hit[number] if rows[at][0] == kind}
    )
    matched.misses += [f"matched: {_shown(row)}" for at, (_, row) in enumerate(rows) if at not in used]
    _alone(counts["alone"], pair, result)
    return counts


def _tells_of_contact(pair: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Both first sentences, which say that the contact took place: neither demanded nor wrong."""
    first = {side: pair[side]["text"].index(". ") for side in "ab"}
    return all(row[side]["spans"][0][1] <= first[side] + 1 for side in "ab")


def _alone(count: Count, pair: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    """Only what the expectations name can be missed; only what they say both have can be wrong."""
    expect = pair["expect"]
    for number, side in enumerate("ab"):
        text = pair[side]["text"]
        rows = [row for row in result[f"only_{side}"] if row["point"] in WORDED]
        both = [one[number] for group in ("both", "both_differently") for one in expect[group]]
        for quote in expect[f"only_{side}"]:
            count.expected += 1
            found = any(_in(text, quote, row[side]) for row in rows)
            count.found += found
            if not found:
                count.misses.append(f"not only {side}: {quote}")
        for row in rows:
            count.given += 1
            wrong = any(_in(text, quote, row[side]) for quote in both)
            count.right += not wrong
            if wrong:
                count.misses.append(f"only {side}: {_shown(row)}")


def _in(text: str, quote: str, half: Mapping[str, Any] | None) -> bool:
    """Whether a half has the most of a quote's words, or the quote the most of its words."""
    if half is None:
        return False
    start = text.index(quote)
    return any(_overlap((start, start + len(quote)), (low, high)) >= 0.5 for low, high in half["spans"])


def _overlap(one: Span, other: Span) -> float:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared / min(one[1] - one[0], other[1] - other[0]) if shared > 0 else 0.0


def _shown(row: Mapping[str, Any]) -> str:
    halves = " | ".join(row[side]["text"] if row[side] else "-" for side in "ab")
    return f"{row['point']}: {halves} ({row['why']})"


def total(counts: Iterable[Mapping[str, Count]]) -> dict[str, Count]:
    """The sum of many scores."""
    found = {"matched": Count(), "group": Count(), "alone": Count()}
    for one in counts:
        for name, count in one.items():
            for key in ("expected", "given", "found", "right"):
                setattr(found[name], key, getattr(found[name], key) + getattr(count, key))
    return found


def main(arguments: Sequence[str]) -> None:
    """Print the figures, pair by pair and in all."""
    paths = [Path(one) for one in arguments if not one.startswith("-")]
    scores = {name: score(pair) for name, pair in pairs(paths).items()}
    for name, counts in scores.items():
        print(
            f"{name:18}"
            + "".join(f" {key} P {one.precision:.2f} R {one.recall:.2f}" for key, one in counts.items())
        )
        if "--misses" in arguments:
            for count in counts.values():
                print("".join(f"    {miss}\n" for miss in count.misses), end="")
    print(
        f"{'all':18}"
        + "".join(
            f" {key} P {one.precision:.2f} R {one.recall:.2f}" for key, one in total(scores.values()).items()
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
