# SPDX-License-Identifier: Apache-2.0
"""What a person decided about a finding, kept beside what the program proposed, and applied to it anew.

A decision names its finding by page, list and span and holds a copy of what was proposed. Reading the page
again, with other rules, keeps it: the finding is found again by its span, or stays as it was decided.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from detente.errors import MalformedError, UsageError

LISTS = ("contacts", "statements", "exercises", "measures", "appeals", "relations")
#: ``proposed`` takes an earlier decision back.
VERDICTS = ("confirmed", "corrected", "rejected", "proposed")
#: Share of two spans that must be common to both for them to be one finding told anew.
SAME_SPAN = 0.5
LONGEST = 2_000
_EDTF = re.compile(
    r"(?:\d{4}|XXXX)(?:-(?:0[1-9]|1[0-2]))?(?:-(?:0[1-9]|[12]\d|3[01]))?[~?%]?"
    r"(?:/(?:\d{4}|XXXX)(?:-(?:0[1-9]|1[0-2]))?(?:-(?:0[1-9]|[12]\d|3[01]))?[~?%]?)?"
)
_WHEN = re.compile(
    r"[0-9X]{4}(-(0[1-9]|1[0-2]|XX)(-(0[1-9]|[12][0-9]|3[01]|XX))?)?([?~%]|T[0-9:.]+(Z|[+-][0-9:]+))?"
)
_SIDE = re.compile(r"[A-Z]{2}|NATO|EU|OSCE|UN")


def _one_of(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words))


_TEXT = re.compile(r"[^\x00-\x08\x0b-\x1f]+")
#: What a person may correct: the path in the finding (``N`` is a place in a list), and what it may hold.
FIELDS: dict[str, dict[str, re.Pattern[str]]] = {
    "contacts": {
        "kind": _one_of("phone_call", "video_call", "meeting", "visit", "hotline", "message", "statement"),
        "status": _one_of("held", "planned", "attempted", "denied"),
        "initiator": _SIDE,
        "date.edtf": _EDTF,
        "participants.N.name": _TEXT,
        "participants.N.office": _TEXT,
        "participants.N.rank": _TEXT,
        "participants.N.side": _SIDE,
        "readouts.N.side": _SIDE,
        "readouts.N.publisher": _TEXT,
    },
    "statements": {
        "type": _one_of("assurance", "demand", "commitment", "description", "denial"),
        "mode": _one_of("direct", "indirect"),
        "speaker": _TEXT,
        "office": _TEXT,
        "side": _SIDE,
        "addressee": _SIDE,
        "reported_by": _SIDE,
        "outlet": _TEXT,
    },
    "exercises": {"name": _TEXT},
    "measures": {
        "what": _TEXT,
        "status": _one_of("agreed", "proposed", "announced", "carried_out"),
        "reported_by": _SIDE,
    },
    "appeals": {"org": _TEXT, "addressee": _TEXT, "date": _EDTF},
    "relations": {
        "state": _one_of("normal", "reduced", "suspended", "ended", "minimal_contacts"),
        "ended_by": _SIDE,
        "claimed_by": _SIDE,
        "since": _EDTF,
    },
}


@dataclass(frozen=True)
class Decision:
    """One decision: ``at`` RFC 3339 UTC, ``by`` who; ``fields`` path to new value, None for "unknown"."""

    at: str
    by: str
    page: str
    list: str
    span: tuple[int, int]
    verdict: str
    fields: Mapping[str, str | None] = field(default_factory=dict)
    proposed: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As it is written down."""
        return {
            "at": self.at,
            "by": self.by,
            "page": self.page,
            "list": self.list,
            "span": list(self.span),
            "verdict": self.verdict,
            "fields": dict(self.fields),
            "proposed": dict(self.proposed),
            "note": self.note,
        }


def from_dict(value: Any) -> Decision:
    """A decision as it was written down. Raises MalformedError."""
    try:
        start, end = value["span"]
        if value["list"] not in LISTS or value["verdict"] not in VERDICTS:
            raise MalformedError(f"no such list or verdict: {value['list']!r}, {value['verdict']!r}")
        return Decision(
            str(value["at"]),
            str(value["by"]),
            str(value["page"]),
            value["list"],
            (int(start), int(end)),
            value["verdict"],
            dict(value.get("fields", {})),
            dict(value.get("proposed", {})),
            str(value.get("note", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedError(f"a decision that cannot be read: {error!r}") from None


def check_fields(name: str, proposed: Mapping[str, Any], fields: Mapping[str, str | None]) -> None:
    """Raise UsageError for a correction that the list ``name`` does not take, or whose place is not there."""
    for path, value in fields.items():
        pattern = FIELDS[name].get(re.sub(r"\.\d+\.", ".N.", path))
        if pattern is None:
            allowed = ", ".join(FIELDS[name])
            raise UsageError(f"{path!r} of {name} cannot be corrected; what can be: {allowed}")
        if value is not None and (len(value) > LONGEST or not pattern.fullmatch(value)):
            raise UsageError(f"{value[:60]!r} is nothing that {path!r} may hold")
        parts = path.split(".")
        if len(parts) == 3 and int(parts[1]) >= len(proposed.get(parts[0]) or []):
            raise UsageError(f"there is no {path!r}: the finding has fewer {parts[0]}")


def check_date(value: str | None) -> None:
    """Raise UsageError for what is no date in EDTF or RFC 3339; None is no date given."""
    if value is not None and not _WHEN.fullmatch(value):
        raise UsageError(f"{value!r} is no date; write it as 2022-02-14, XXXX-02-14 or 2021-11~")


def corrected(finding: Mapping[str, Any], fields: Mapping[str, str | None]) -> dict[str, Any]:
    """The finding with the corrected fields in it; spans stay those of the page."""
    changed: dict[str, Any] = copy.deepcopy(dict(finding))
    for path, value in fields.items():
        parts = path.split(".")
        if len(parts) == 3:
            changed[parts[0]][int(parts[1])][parts[2]] = value
        elif len(parts) == 2:
            inner = changed.get(parts[0]) or {"span": None, "why": None}
            inner[parts[1]] = value
            inner["why"] = "corrected by a person"
            changed[parts[0]] = inner if value is not None else None
        else:
            changed[path] = value
    return changed


def decide(source: Mapping[str, Any], page: str, decisions: Sequence[Decision]) -> dict[str, Any]:
    """The SOURCE with each finding in the state that people gave it; the last decision on one counts.

    A decided finding has ``decided`` ``{at, by, note}``. Where the program reads it otherwise by now, it
    stays as decided, with ``now_read`` as the program reads it; None where it finds it no more.
    """
    last: dict[tuple[str, tuple[int, int]], Decision] = {}
    for one in decisions:
        if one.page == page:
            last[one.list, one.span] = one
    made = dict(source)
    for name in LISTS:
        open_ = [one for (where, _), one in last.items() if where == name and one.verdict != "proposed"]
        made[name] = _decided(list(source.get(name) or []), open_)
    return made


def _decided(found: list[dict[str, Any]], decisions: list[Decision]) -> list[dict[str, Any]]:
    pairs = sorted(
        (
            (_common(one.span, finding.get("span")), number, at)
            for at, one in enumerate(decisions)
            for number, finding in enumerate(found)
        ),
        reverse=True,
    )
    by_finding: dict[int, int] = {}
    for share, number, at in pairs:
        if share >= SAME_SPAN and number not in by_finding and at not in by_finding.values():
            by_finding[number] = at
    made = [
        _shown(decisions[by_finding[number]], finding) if number in by_finding else finding
        for number, finding in enumerate(found)
    ]
    gone = [one for at, one in enumerate(decisions) if at not in by_finding.values()]
    made += [_shown(one, None) for one in gone]
    return sorted(made, key=lambda one: one["span"][0]) if gone else made


def _shown(decision: Decision, finding: dict[str, Any] | None) -> dict[str, Any]:
    proposed = dict(decision.proposed)
    shown = corrected(proposed, decision.fields if decision.verdict == "corrected" else {})
    shown[state_key(decision.list)] = decision.verdict
    shown["decided"] = {"at": decision.at, "by": decision.by, "note": decision.note}
    if finding is None or _meaning(decision.list, finding) != _meaning(decision.list, proposed):
        shown["now_read"] = finding
    return shown


def state_key(name: str) -> str:
    """Where a finding of the list has its own state: of ``relations`` ``state`` is what the page claims."""
    return "review" if name == "relations" else "state"


def _meaning(name: str, finding: Mapping[str, Any]) -> Any:
    """A finding without what only the program says of its own reading."""
    unsaid = {"rule", "confidence", "why", state_key(name)}

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: plain(item) for key, item in value.items() if key not in unsaid}
        return [plain(item) for item in value] if isinstance(value, list | tuple) else value

    return plain(finding)


def _common(one: tuple[int, int], other: Any) -> float:
    if not other:
        return 0.0
    common = min(one[1], other[1]) - max(one[0], other[0])
    whole = max(one[1], other[1]) - min(one[0], other[0])
    return max(0, common) / whole if whole else float(tuple(other) == one)


def taught(decision: Decision) -> list[dict[str, str]]:
    """What a correction teaches the reader's own gazetteer: ``[{table, written, name, side}]`` or nothing."""
    if decision.verdict != "corrected":
        return []
    shown = corrected(decision.proposed, decision.fields)
    lessons = []
    numbers = {
        int(path.split(".")[1])
        for path in decision.fields
        if re.fullmatch(r"participants\.\d+\.(?:name|side)", path)
    }
    for number in sorted(numbers):
        person = shown["participants"][number]
        if person.get("name") and person.get("name_written"):
            lesson = {"table": "person", "written": person["name_written"], "name": person["name"]}
            lessons.append({**lesson, "side": person.get("side") or ""})
    if decision.list == "exercises" and decision.fields.get("name"):
        written = str(decision.proposed.get("name_written") or decision.proposed.get("name") or "")
        lessons.append({"table": "exercise", "written": written, "name": str(shown["name"]), "side": ""})
    return lessons
