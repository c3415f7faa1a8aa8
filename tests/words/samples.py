# SPDX-License-Identifier: Apache-2.0
"""One ordinary body, and one broken one, for every kind."""

from __future__ import annotations

from typing import Any

ID = "ab" * 32
DOC = {"doc": {"type": "mandate", "office": "duty", "title": "Duty officer"}, "sig": "AA=="}
AREA = {"type": "Polygon", "coordinates": [[[23.5, 51.5], [24.0, 51.5], [24.0, 52.0], [23.5, 51.5]]]}

GOOD: dict[str, dict[str, Any]] = {
    "genesis": {"card": DOC, "log": DOC, "suite": "detente/1"},
    "credential": {"credential": DOC},
    "epoch.grant": {"epoch": 1, "blobs": {ID: ID}},
    "charter": {"members": [{"fingerprint": ID, "id": "UA", "name": "Ministry"}], "floor": ["test"]},
    "charter.amendment": {"charter": ID, "changes": {"test_every": 600}, "reason": "too rare"},
    "assent": {"note": "agreed"},
    "decline": {"reason": "under study"},
    "test": {"text": "Line test 1", "n": 1, "lang": "en"},
    "ack": {"state": "will-answer", "by": "duty", "until": 1_644_850_000_000, "note": "tonight"},
    "refusal": {"log": "detente.log/00", "range": [3, 5], "entries": [ID], "reason": "unopened"},
    "correction": {"text": "Read 12 for 21.", "changes": {"troops": 12}},
    "withdrawal": {"reason": "sent to the wrong side"},
    "succession": {"succession": DOC},
    "standing": {"state": "reduced", "since": "2021-11~", "by": "UA", "reason": "…", "fields": ["military"]},
    "resumption.proposal": {"text": "Let the attachés meet.", "lang": "en", "steps": ["one", "two"]},
    "message": {"text": "Добрий день.", "lang": "uk"},
    "phrase": {"code": "1", "parameters": {"place": "51N 23E", "time": "09:12"}},
    "translation": {"text": "Good day.", "lang": "en", "standing": "sight", "method": "person"},
    "contact.proposal": {
        "kind": "phone_call",
        "when": "2022-02-14T09:00:00Z",
        "points": ["exercises"],
        "code_commitments": {"BY": ID},
    },
    "contact.record": {
        "kind": "phone_call",
        "status": "held",
        "started": "2022-02-14T09:00:00Z",
        "ended": "XXXX-02-14",
        "initiator": "UA",
        "purpose": ["security"],
        "agreed": ["visits"],
        "participants": [{"office": "minister", "side": "UA"}, "minister of BY"],
    },
    "point": {"text": "Transit of troops", "state": "open"},
    "text": {"text": "The sides agree…", "title": "Joint text", "versions": {"uk": "Сторони…"}},
    "readout": {
        "text": "They spoke.",
        "lang": "en",
        "contact": "UA-51",
        "publish_at": "2022-02-14T12:00:00Z",
    },
    "demand": {"text": "Withdraw.", "until": "2022-02-20"},
    "protest": {"text": "We protest.", "concerning": "overflight"},
    "procedure": {
        "name": "further steps",
        "status": "announced",
        "steps": ["first", {"what": "visit", "owes": "BY", "within": 86_400}],
    },
    "assurance": {"text": "No threat.", "lang": "en", "scope": "exercises", "until": "2022-02-20"},
    "commitment": {"text": "We will invite.", "lang": "en", "scope": ["attachés"], "until": "2022-02-16"},
    "undertaking.claim": {
        "maker": "BY",
        "text": "They assured us.",
        "source": {"file": "a.txt"},
        "said_at": "2022-02-14?",
    },
    "undertaking.view": {"view": "broken", "grounds": "24 February"},
    "exercise.notification": {
        "name": "Union Resolve",
        "nature": "land",
        "starts": "2022-02-10",
        "ends": "2022-02-20",
        "host": "BY",
        "troops": 9_000,
        "area": AREA,
        "participants": ["BY", "RU"],
        "single_command": True,
    },
    "exercise.change": {"exercise": ID, "ends": "2022-02-25", "reason": "prolonged"},
    "exercise.report": {"exercise": ID, "troops": 8_000, "phase": "active"},
    "exercise.end": {"exercise": ID, "ended": "2022-02-20", "returned": "2022-02-27"},
    "invitation": {
        "exercise": "Union Resolve",
        "to": ["UA"],
        "places": ["range 1"],
        "dates": ["2022-02-15"],
        "reply_by": "2022-02-12",
        "basis": "voluntary",
    },
    "invitation.reply": {"accepted": True, "observers": [{"office": "attaché", "side": "UA"}]},
    "visit.arrangements": {
        "observers": ["attaché"],
        "arrives": "2022-02-15T07:00:00Z",
        "contact": "duty post",
    },
    "observation.report": {"exercise": ID, "places": AREA, "troops": 7_000, "text": "Seen."},
    "explanation.request": {
        "concern": "Troops at the border",
        "area": AREA,
        "host": "BY",
        "activity": "land",
    },
    "explanation.reply": {"text": "An exercise.", "answers": ["9,000"], "ends": "2022-02-20"},
    "adequacy": {"adequate": False, "grounds": ["no dates"], "missing": ["units"]},
    "meeting.request": {"to": "all", "basis": "16.3", "purpose": "assess"},
    "meeting.convened": {"when": "2022-02-18", "chair": "FSC", "absent": ["RU"]},
    "incident.report": {
        "what": "A drone crossed.",
        "when": "2022-02-14T01:00:00Z",
        "where": AREA,
        "involved": ["drone"],
    },
    "incident.clarification": {"text": "Whose was it?", "case": "7"},
    "inspection.request": {"area": [AREA, "range 2"], "point_of_entry": "Brest", "team": ["one", "two"]},
    "inspection.reply": {"accepted": True, "arrives": "2022-02-15"},
    "inspection.report": {"area": AREA, "findings": "nothing notifiable"},
    "evaluation.request": {"unit": {"designation": "1st brigade", "personnel": 3_000}},
    "evaluation.reply": {"accepted": False, "reason": "quota used"},
    "evaluation.report": {"unit": "1st brigade", "findings": ["as declared"]},
    "annual.exchange": {"year": 2022, "nil": False, "units": 61, "evaluation_quota": 2},
    "annual.calendar": {"year": 2022, "activities": [{"name": "Winter", "troops": 100}]},
    "note": {"text": "They rang.", "means": "telephone", "by": "duty", "other_side": "We are ready."},
}

WRONG: dict[str, tuple[str, Any]] = {
    "assent": ("note", 5),
    "decline": ("reason", []),
    "correction": ("changes", "x"),
    "withdrawal": ("reason", 1),
    "exercise.change": ("troops", -1),
    "exercise.report": ("troops", "many"),
    "exercise.end": ("ended", "soon"),
    "invitation": ("reply_by", "tomorrow"),
    "invitation.reply": ("accepted", "yes"),
    "visit.arrangements": ("arrives", "morning"),
    "observation.report": ("troops", 1.5),
    "meeting.request": ("when", "then"),
    "meeting.convened": ("when", 5),
    "procedure": ("status", "maybe"),
    "inspection.request": ("area", {"type": "Circle"}),
    "inspection.reply": ("accepted", 1),
    "inspection.report": ("findings", 5),
    "evaluation.request": ("unit", 5),
    "evaluation.reply": ("accepted", 0),
    "evaluation.report": ("unit", []),
    "annual.exchange": ("year", "2022"),
    "annual.calendar": ("nil", "yes"),
    "message": ("lang", "not a language"),
    "standing": ("since", "November"),
    "ack": ("state", "seen"),
    "refusal": ("reason", "rude"),
}


def broken(kind: str) -> dict[str, Any]:
    """The good body with one field wrong, or (where a field is required) that field missing."""
    body = dict(GOOD[kind])
    if kind in WRONG:
        name, value = WRONG[kind]
        return body | {name: value}
    body.pop(next(iter(body)))
    return body
