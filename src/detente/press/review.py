# SPDX-License-Identifier: Apache-2.0
"""A page's findings as a person goes through them: numbered, in the page's order, each in a few words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente.press.decisions import FIELDS, LISTS, state_key
from detente.press.source import Span

TITLES = {
    "contacts": "contact",
    "statements": "statement",
    "exercises": "exercise",
    "measures": "measure",
    "appeals": "appeal",
    "relations": "relations",
}
_PLAIN = re.compile(r"[a-z_]+(?:\|[a-z_]+)+")


@dataclass(frozen=True)
class Field:
    """What can be corrected: its path in the finding, its value ("" if unknown), the words to choose from."""

    path: str
    value: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """One finding under review. ``key`` is ``list:start-end``; ``marks`` are all the spans it rests on."""

    number: int
    list: str
    key: str
    span: Span
    summary: str
    state: str
    rule: str
    confidence: float | None
    marks: tuple[Span, ...]
    fields: tuple[Field, ...]
    decided: Mapping[str, Any] | None
    #: What a decided finding reads as by now, where that differs; "" where it is found no more.
    now_read: str | None


def items(source: Mapping[str, Any]) -> list[Item]:
    """The findings of a SOURCE with decisions applied, by place on the page, numbered from 1."""
    found = [(finding, name) for name in LISTS for finding in source.get(name) or []]
    found.sort(key=lambda one: (one[0]["span"][0], LISTS.index(one[1]), one[0]["span"][1]))
    return [_item(number, name, finding) for number, (finding, name) in enumerate(found, 1)]


def _item(number: int, name: str, finding: Mapping[str, Any]) -> Item:
    start, end = finding["span"]
    reads = finding.get("now_read", finding)
    return Item(
        number,
        name,
        f"{name}:{start}-{end}",
        (start, end),
        summary(name, finding),
        finding.get(state_key(name), "proposed"),
        finding.get("rule", ""),
        finding.get("confidence"),
        tuple(sorted({(span[0], span[1]) for span in _spans(finding)})),
        tuple(_fields(name, finding)),
        finding.get("decided"),
        None if reads is finding else ("" if reads is None else summary(name, reads)),
    )


def parse_key(key: str) -> tuple[str, Span]:
    """``statements:12-40`` taken apart. Raises ValueError."""
    match = re.fullmatch(r"(\w+):(\d{1,9})-(\d{1,9})", key)
    if match is None or match[1] not in LISTS:
        raise ValueError(key)
    return match[1], (int(match[2]), int(match[3]))


def summary(name: str, one: Mapping[str, Any]) -> str:
    """A finding in one line, in plain words; what is unknown is said to be."""
    if name == "contacts":
        who = "; ".join(_person(person) for person in one["participants"])
        date = (one.get("date") or {}).get("edtf") or "date unknown"
        began = f", on the initiative of {one['initiator']}" if one.get("initiator") else ""
        kind = _words(one.get("kind") or "contact of unknown kind")
        return f"{kind}, {one['status']}, {date}{began}: {who or 'nobody named'}"
    if name == "statements":
        speaker = ", ".join(filter(None, (one.get("speaker"), one.get("side")))) or "speaker unknown"
        to = f" to {one['addressee']}" if one.get("addressee") else ""
        by = f", as {one['reported_by']} reports" if one.get("reported_by") else ""
        return f"{one['type']} by {speaker}{to}{by} ({one['mode']})"
    if name == "exercises":
        return str(one["name"])
    if name == "measures":
        by = f", as {one['reported_by']} reports" if one.get("reported_by") else ""
        return f"{_words(one['status'])}{by}: {one['what']}"
    if name == "appeals":
        to, date = one.get("addressee") or "addressee unknown", one.get("date") or "date unknown"
        return f"to {to} by {one.get('org') or 'unknown'}, {date}"
    sides = " and ".join(one.get("parties") or ()) or "sides unknown"
    since = f" since {one['since']}" if one.get("since") else ""
    ended = f", ended by {one['ended_by']}" if one.get("ended_by") else ""
    claimed = f", says {one['claimed_by']}" if one.get("claimed_by") else ""
    return f"{sides}: {_words(one['state'])}{since}{ended}{claimed}"


def _person(person: Mapping[str, Any]) -> str:
    name = person.get("name") or person.get("name_written") or "unnamed"
    return ", ".join(filter(None, (name, person.get("office"), person.get("side"))))


def _words(value: str) -> str:
    return value.replace("_", " ")


def _spans(value: Any) -> Iterator[Sequence[int]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in ("now_read", "decided") or item is None:
                continue
            if key.endswith("span"):
                yield item
            elif key == "spans":
                yield from item
            else:
                yield from _spans(item)
    elif isinstance(value, list):
        for item in value:
            yield from _spans(item)


def _fields(name: str, finding: Mapping[str, Any]) -> Iterator[Field]:
    for path, pattern in FIELDS[name].items():
        choices = tuple(pattern.pattern.split("|")) if _PLAIN.fullmatch(pattern.pattern) else ()
        parts = path.split(".")
        if len(parts) == 3:
            for number, one in enumerate(finding.get(parts[0]) or []):
                yield Field(f"{parts[0]}.{number}.{parts[2]}", _value(one.get(parts[2])), choices)
        elif len(parts) == 2:
            yield Field(path, _value((finding.get(parts[0]) or {}).get(parts[1])), choices)
        else:
            yield Field(path, _value(finding.get(path)), choices)


def _value(value: Any) -> str:
    return "" if value is None else str(value)
