# SPDX-License-Identifier: Apache-2.0
"""Every kind of entry: its group, its model, who may sign it, and whether it stays open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from detente.errors import MalformedError
from detente.words.bodies import exercises, keeping, register, risk, talking, undertakings, verification
from detente.words.entry import DATA_KINDS

Signer = Literal["any", "node", "watch", "root-credential"]


class Kind(msgspec.Struct, frozen=True):
    """One kind of entry.

    ``acked``: may be acknowledged. ``floor_default``: open under any standing unless a charter says otherwise
    (of phrases, only the life-saving ones). ``keeping``: allowed before a charter is in force.
    """

    name: str
    group: str
    model: type[msgspec.Struct]
    office: Signer
    in_data: bool
    acked: bool
    floor_default: bool
    keeping: bool


_MODELS: dict[str, dict[str, type[msgspec.Struct]]] = {
    "keeping the line": {
        "genesis": keeping.Genesis,
        "credential": keeping.Credential,
        "epoch.grant": keeping.EpochGrant,
        "charter": keeping.Charter,
        "charter.amendment": keeping.CharterAmendment,
        "assent": keeping.Assent,
        "decline": keeping.Decline,
        "test": keeping.Test,
        "ack": keeping.Ack,
        "refusal": keeping.Refusal,
        "correction": keeping.Correction,
        "withdrawal": keeping.Withdrawal,
        "succession": keeping.Succession,
        "standing": keeping.Standing,
        "resumption.proposal": keeping.ResumptionProposal,
    },
    "talking": {
        "message": talking.Message,
        "phrase": talking.Phrase,
        "translation": talking.Translation,
        "contact.proposal": talking.ContactProposal,
        "contact.record": talking.ContactRecord,
        "point": talking.Point,
        "text": talking.JointText,
        "readout": talking.Readout,
        "demand": talking.Demand,
        "protest": talking.Protest,
        "procedure": talking.Procedure,
    },
    "undertakings": {
        "assurance": undertakings.Assurance,
        "commitment": undertakings.Commitment,
        "undertaking.claim": undertakings.UndertakingClaim,
        "undertaking.view": undertakings.UndertakingView,
    },
    "exercises": {
        "exercise.notification": exercises.ExerciseNotification,
        "exercise.change": exercises.ExerciseChange,
        "exercise.report": exercises.ExerciseReport,
        "exercise.end": exercises.ExerciseEnd,
        "invitation": exercises.Invitation,
        "invitation.reply": exercises.InvitationReply,
        "visit.arrangements": exercises.VisitArrangements,
        "observation.report": exercises.ObservationReport,
    },
    "risk": {
        "explanation.request": risk.ExplanationRequest,
        "explanation.reply": risk.ExplanationReply,
        "adequacy": risk.Adequacy,
        "meeting.request": risk.MeetingRequest,
        "meeting.convened": risk.MeetingConvened,
        "incident.report": risk.IncidentReport,
        "incident.clarification": risk.IncidentClarification,
    },
    "verification": {
        "inspection.request": verification.InspectionRequest,
        "inspection.reply": verification.InspectionReply,
        "inspection.report": verification.InspectionReport,
        "evaluation.request": verification.EvaluationRequest,
        "evaluation.reply": verification.EvaluationReply,
        "evaluation.report": verification.EvaluationReport,
        "annual.exchange": verification.AnnualExchange,
        "annual.calendar": verification.AnnualCalendar,
    },
    "register": {"note": register.Note},
}

_MACHINE = frozenset({"genesis", "credential", "epoch.grant", "succession", "test", "refusal"})
_NEVER_ACKED = _MACHINE | {"ack"}
_KEEPING = _MACHINE | {
    "ack",
    "charter",
    "charter.amendment",
    "assent",
    "decline",
    "correction",
    "withdrawal",
}
# The charter itself is not listed: it opens a channel and is never sent while a standing holds.
_FLOOR = _MACHINE | {
    "ack",
    "standing",
    "resumption.proposal",
    "incident.report",
    "incident.clarification",
    "explanation.request",
    "explanation.reply",
    "adequacy",
    "correction",
    "withdrawal",
    "assent",
    "decline",
    "charter.amendment",
    "phrase",
}

GROUPS: dict[str, tuple[str, ...]] = {group: tuple(models) for group, models in _MODELS.items()}
KINDS: dict[str, Kind] = {
    name: Kind(
        name,
        group,
        model,
        "node" if name in _MACHINE else "any",
        name in DATA_KINDS,
        name not in _NEVER_ACKED,
        name in _FLOOR,
        name in _KEEPING,
    )
    for group, models in _MODELS.items()
    for name, model in models.items()
}


def check_body(kind: str, body: Mapping[str, Any]) -> None:
    """Check a body (or data) against its kind's model. An unknown kind is not checked.

    Raises MalformedError, which names the field.
    """
    known = KINDS.get(kind)
    if known is None:
        return
    try:
        msgspec.convert(body, known.model)
    except (msgspec.ValidationError, OverflowError, RecursionError) as error:
        raise MalformedError(f"{kind}: {str(error).replace('$.', '')}") from None


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a kind's body. Raises KeyError for an unknown kind."""
    _, parts = msgspec.json.schema_components([KINDS[kind].model], ref_template="#/$defs/{name}")
    model = KINDS[kind].model.__name__
    own = dict(parts.pop(model))
    head: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:detente:kind:{kind}:1",
    }
    return head | own | {"title": kind} | ({"$defs": parts} if parts else {})


def closed_kinds(standing: Mapping[str, Any], floor: Iterable[str]) -> frozenset[str]:
    """The kinds that a ``standing`` body closes. What keeps the line, and the floor, are never among them.

    Life-saving phrases stay open even where a charter takes ``phrase`` off its floor; the caller knows which
    those are.
    """
    named, state = standing.get("closes"), standing.get("state")
    if isinstance(named, list):
        closed = {k for n in named if isinstance(n, str) for k in GROUPS.get(n, (n,))}
    elif state in ("suspended", "ended") and standing.get("scope") in ("channel", None):
        closed = set(KINDS)
    else:
        closed = set()
    return frozenset(closed - set(floor) - _KEEPING - {"standing", "resumption.proposal"})
