# SPDX-License-Identifier: Apache-2.0
"""The review at the terminal: one finding at a time, its words in their place on the page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import click

from detente.cli import common
from detente.errors import UsageError
from detente.node.room import Room, Row, Shown
from detente.press.review import TITLES, Item, items

#: Code points of the page shown before and after a finding.
AROUND = 160


def run(room: Room, rows: Sequence[Row], by: str, now: Callable[[], str]) -> None:
    """Ask about every finding that waits; ends with the last, or at ``q``. What was decided stays."""
    decided = 0
    for row in rows:
        shown = room.show(row.page)
        waiting = [item for item in items(shown.source) if item.state == "proposed"]
        if not waiting:
            continue
        common.tell(f"\n{row.title or row.name}\n{row.page[:12]}  {row.lang or ''}  {row.url or row.name}")
        count, ended = _page(room, shown, waiting, by, now)
        decided += count
        if ended:
            break
    left = sum(item.state == "proposed" for row in rows for item in items(room.show(row.page).source))
    common.tell(f"\n{decided or 'nothing'} decided; {left} of these pages' findings wait")


def _page(room: Room, shown: Shown, waiting: list[Item], by: str, now: Callable[[], str]) -> tuple[int, bool]:
    """How many were decided on a page, and whether the person ended the review."""
    at = decided = 0
    while at < len(waiting):
        item = waiting[at]
        common.tell(_in_place(shown, item))
        answer = _ask()
        if answer == "q":
            return decided, True
        if answer == "b":
            at = max(0, at - 1)
            continue
        if answer in "yne" and _decide(room, shown, item, answer, by, now):
            decided += 1
        elif answer in "yne":
            continue
        at += 1
    return decided, False


def _ask() -> str:
    while True:
        common.tell("[y] confirm  [n] reject  [e] correct  [s] skip  [b] back  [q] end")
        try:
            key = (click.getchar() if sys.stdin.isatty() else sys.stdin.read(1)).lower()
        except (KeyboardInterrupt, EOFError):
            return "q"
        if key in ("", "\x04", "\x03", "\x1b"):
            return "q"
        if key in "ynesbq":
            return key


def _decide(room: Room, shown: Shown, item: Item, answer: str, by: str, now: Callable[[], str]) -> bool:
    verdict = {"y": "confirmed", "n": "rejected", "e": "corrected"}[answer]
    fields = _corrections(item) if answer == "e" else {}
    if answer == "e" and not fields:
        common.tell("nothing corrected")
        return False
    try:
        room.decide(shown.row.page, item.list, item.span, verdict, by=by, at=now(), fields=fields)
    except UsageError as error:
        common.tell(f"not kept: {error}")
        return False
    common.tell(verdict)
    return True


def _corrections(item: Item) -> dict[str, str | None]:
    """New values for the fields; an empty answer keeps the old, a minus makes it unknown."""
    changed: dict[str, str | None] = {}
    common.tell("Enter keeps a value, - makes it unknown.")
    for field in item.fields:
        hint = f" ({' | '.join(field.choices)})" if field.choices else ""
        value = click.prompt(
            common.printable(f"{field.path}{hint}"), default=field.value, show_default=bool(field.value)
        ).strip()
        if value != field.value:
            changed[field.path] = None if value == "-" else value
    return {path: value for path, value in changed.items() if value != ""}


def _in_place(shown: Shown, item: Item) -> str:
    start, end = shown.view.span(*item.span)
    text = shown.view.text
    before, words, after = text[max(0, start - AROUND) : start], text[start:end], text[end : end + AROUND]
    place = f"…{_flat(before)} ⟦{_flat(words)}⟧ {_flat(after)}…"
    return f"\n{item.number}  {TITLES[item.list]}: {item.summary}\n   {place}\n   rule {item.rule}"


def _flat(text: str) -> str:
    return " ".join(text.split())
