# SPDX-License-Identifier: Apache-2.0
"""Findings of the public record beside the line's entries: which entry each finding belongs to, if any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from detente.press.compare import word_overlap
from detente.press.dates import compatible
from detente.press.exercises import exercise_key

Entry = Mapping[str, Any]

#: Finding's list -> the kinds of entries it can belong to, the likeliest first.
_KINDS = {
    "contacts": ("contact.record", "contact.proposal", "note"),
    "readouts": ("readout",),
    "statements": ("assurance", "commitment", "undertaking.claim", "demand", "protest", "message", "readout"),
    "exercises": ("exercise.notification", "exercise.change", "exercise.report", "invitation"),
    "measures": (
        "procedure",
        "text",
        "invitation",
        "invitation.reply",
        "visit.arrangements",
        "contact.record",
    ),
    "appeals": ("demand", "message", "protest"),
    "relations": ("standing",),
}
_STATEMENT_KINDS = {
    "assurance": ("assurance", "undertaking.claim"),
    "commitment": ("commitment", "undertaking.claim"),
    "demand": ("demand", "protest"),
    "denial": ("message", "explanation.reply", "undertaking.view"),
    "description": ("message", "readout", "explanation.reply"),
}
#: The words of a finding and an entry that must agree for a match by words alone (0 to 1).
_ENOUGH = 0.4


def link(sources: Sequence[Mapping[str, Any]], entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """``[{finding, entry, why}]``: each finding as ``{file, list, index, span}``, its entry's id or None.

    ``entries`` are mappings as ``log --json`` prints them: id, ref, party, kind, time, body.
    """
    found: list[dict[str, Any]] = []
    for source in sources:
        days = [one["date"]["edtf"] for one in source["contacts"] if one["date"] and one["date"]["edtf"]]
        for name, index, one in _findings(source):
            entry, why = _best(name, one, entries, days)
            place = {"file": source["file"], "list": name, "index": index, "span": one.get("span")}
            found.append({"finding": place, "entry": entry["id"] if entry else None, "why": why})
    return found


def _findings(source: Mapping[str, Any]) -> list[tuple[str, list[int], Mapping[str, Any]]]:
    found: list[tuple[str, list[int], Mapping[str, Any]]] = []
    for number, contact in enumerate(source["contacts"]):
        found.append(("contacts", [number], contact))
        for at, readout in enumerate(contact["readouts"]):
            found.append(
                ("readouts", [number, at], {**readout, "span": readout["spans"][0], "date": contact["date"]})
            )
    for name in ("statements", "exercises", "measures", "appeals", "relations"):
        found += [(name, [number], one) for number, one in enumerate(source[name])]
    return found


def _best(
    name: str, one: Mapping[str, Any], entries: Sequence[Entry], days: list[str]
) -> tuple[Entry | None, str]:
    kinds = _STATEMENT_KINDS[one["type"]] if name == "statements" else _KINDS[name]
    best: tuple[float, Entry, str] | None = None
    for entry in entries:
        if entry.get("kind") not in kinds:
            continue
        score, why = _score(name, one, entry, days)
        if score > 0 and (best is None or score > best[0]):
            best = score, entry, why
    if best is None:
        return None, "no entry of a fitting kind, side and date"
    return best[1], best[2]


def _score(name: str, one: Mapping[str, Any], entry: Entry, days: list[str]) -> tuple[float, str]:
    """How well an entry fits a finding; 0 where something stands against it."""
    body = entry.get("body") or {}
    if name == "exercises":
        names = [exercise_key(text) for text in _strings(body)]
        key = exercise_key(one["name"])
        return (
            (1.0, "the exercise's name") if any(key == text or key in text for text in names) else (0.0, "")
        )
    maker, claimed = _maker(name, one)
    if entry.get("kind") == "undertaking.claim":
        if body.get("maker") != maker or (claimed and entry.get("party") != claimed):
            return 0.0, ""
    elif maker is not None and entry.get("party") != maker and name != "contacts":
        return 0.0, ""
    if name in ("contacts", "readouts") and not _date_fits(one, entry, body):
        return 0.0, ""
    if name == "contacts":
        return _contact(one, entry, body)
    if name == "readouts":
        return 0.9, f"read-out of {maker} and the dates agree"
    if name == "relations":
        return _standing(one, body)
    overlap = max((word_overlap(str(text), _text_of(one)) for text in _strings(body)), default=0.0)
    if overlap < _ENOUGH and not _only_kind(name, one, entry):
        return 0.0, ""
    return (
        0.5 + overlap / 2,
        f"{entry.get('kind')} of {entry.get('party')}; {round(overlap * 100)} % of the words agree",
    )


def _maker(name: str, one: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(whose words, who reports them)."""
    if name == "appeals":
        return one["org"], None
    if name == "measures":
        return one["reported_by"], None
    if name == "relations":
        return one["claimed_by"], None
    return one.get("side"), one.get("reported_by")


def _text_of(one: Mapping[str, Any]) -> str:
    return str(one.get("what") or one.get("text") or "")


def _only_kind(name: str, one: Mapping[str, Any], entry: Entry) -> bool:
    """A reported assurance and a claim of that maker's assurance are one thing, whatever the language."""
    return (
        name == "statements"
        and one["type"] in ("assurance", "commitment")
        and entry.get("kind")
        in (
            one["type"],
            "undertaking.claim",
        )
    )


def _date_fits(one: Mapping[str, Any], entry: Entry, body: Mapping[str, Any]) -> bool:
    date = one.get("date")
    if not date or not date.get("edtf"):
        return True
    told = [str(body[key])[:10] for key in ("date", "held", "at", "starts", "when") if body.get(key)]
    days = told or [str(entry.get("time") or "")[:10]]
    return any(compatible(date["edtf"], day) for day in days if day)


def _contact(one: Mapping[str, Any], entry: Entry, body: Mapping[str, Any]) -> tuple[float, str]:
    if one["kind"] == "statement":
        return 0.0, ""
    kind = body.get("contact") or body.get("means") or body.get("type")
    if (
        isinstance(kind, str)
        and kind in ("phone_call", "video_call", "meeting", "visit", "hotline")
        and kind != one["kind"]
    ):
        return 0.0, ""
    if entry.get("party") not in one["sides"]:
        return 0.0, ""
    planned = (one["status"] == "planned") == (entry.get("kind") == "contact.proposal")
    return 0.9 if planned else 0.6, f"{entry.get('kind')} of {entry.get('party')}; sides and dates agree"


def _standing(one: Mapping[str, Any], body: Mapping[str, Any]) -> tuple[float, str]:
    state = body.get("state") or body.get("standing")
    if state == one["state"]:
        return 0.9, f"declared standing {state} by the same side"
    return 0.0, ""


def _strings(value: Any, depth: int = 0) -> list[str]:
    """The texts of a body, nested ones too."""
    if isinstance(value, str):
        return [value]
    if depth > 4 or not isinstance(value, (Mapping, list, tuple)):
        return []
    items = value.values() if isinstance(value, Mapping) else value
    return [text for item in items for text in _strings(item, depth + 1)]
