# SPDX-License-Identifier: Apache-2.0
"""Texts for line tests: made of plain things and numbers, so that nobody can read a meaning into them."""

from __future__ import annotations

_THINGS = (
    "bench",
    "basket",
    "bottle",
    "bucket",
    "button",
    "candle",
    "carpet",
    "chair",
    "cup",
    "drawer",
    "hammer",
    "kettle",
    "ladder",
    "lamp",
    "paper",
    "pencil",
    "plate",
    "shelf",
    "spoon",
    "table",
    "thread",
    "towel",
    "window",
)
_COLOURS = ("grey", "brown", "green", "violet", "ochre", "beige", "silver")
_COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def text(n: int) -> str:
    """The text of test number ``n`` (0 or more); the same number always gives the same text."""
    # 23, 7 and 11 are coprime: the texts repeat only after 1,771 numbers, and the number itself never does.
    thing = _THINGS[n % len(_THINGS)]
    other = _THINGS[(n * 5 + 7) % len(_THINGS)]
    colour = _COLOURS[n % len(_COLOURS)]
    count = _COUNTS[n % len(_COUNTS)]
    return f"Line test {n}: a {colour} {thing}, then {count} times the word {other}. 0123456789."
