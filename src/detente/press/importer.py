# SPDX-License-Identifier: Apache-2.0
"""A page in, a SOURCE with findings out (CONTRACT, section *Findings*)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from detente.press import gazetteer
from detente.press.aims import find_purposes, find_topics
from detente.press.appeals import find_appeals
from detente.press.contacts import Contact, find_contacts, hinted, participant
from detente.press.dates import find_dates
from detente.press.exercises import find_exercises
from detente.press.furniture import Line, lines_of, paragraphs
from detente.press.measures import find_measures
from detente.press.names import PersonMention
from detente.press.pieces import Piece, find_pieces
from detente.press.reading import Reading, finding, read
from detente.press.readouts import find_readouts
from detente.press.relations import find_relations
from detente.press.source import decode, fold, language
from detente.press.statements import find_statements

_TEAM = re.compile(r"(?:команду|редакцию|издание|работу|проект|журналистов|сайт|нас,)\s+«?")
_IMPRINT = re.compile(
    r"(?:©|\(c\))\s*(?:(?:19|20)\d\d(?:\s?[—-]\s?(?:19|20)\d\d)?,?\s*)?«?(?P<name>[^\d\W][^\n.,«»|]{1,40})"
)


def read_page(
    raw: bytes,
    *,
    name: str,
    url: str | None = None,
    published: str | None = None,
    captured: str | None = None,
    lang: str | None = None,
) -> dict[str, Any]:
    """The SOURCE of one page. Spans are code points of the page as read.

    ``published`` and ``captured`` are what the caller knows; a year from them only ever suggests.
    Raises MalformedError for a page that is empty, too long, or not text.
    """
    text, encoding = decode(raw)
    folded = fold(text)
    spoken = lang or language(folded)
    lines = lines_of(text, folded, spoken or "ru")
    body = paragraphs(text, folded, lines)
    r = read(text, folded, spoken or "ru", body)
    shown = _published(r, lines, published)
    return {
        "file": name,
        "sha256": hashlib.sha256(raw).hexdigest(),
        "url": url,
        "encoding": encoding,
        "lang": spoken,
        "body": [list(span) for span in body],
        "furniture": [
            {"kind": line.kind, "span": [line.start, line.end]} for line in lines if line.kind != "body"
        ],
        "outlet": _outlet(text, folded, lines),
        "published": shown,
        "captured": captured,
        **_findings(r, _year(shown)),
        "dates": [
            {"edtf": date.edtf, "span": [date.start, date.end], "why": date.why}
            for date in r.dates
            if date.edtf
        ],
    }


def _findings(r: Reading, published: tuple[str, str] | None) -> dict[str, Any]:
    pieces = find_pieces(r)
    exercises = find_exercises(r)
    contacts = find_contacts(r, pieces)
    statements = find_statements(r, pieces, contacts)
    made = _contacts(r, pieces, contacts, exercises, published)
    measures = _followed(find_measures(r, pieces), made)
    return {
        "contacts": made or _statement_contact(r, pieces, statements),
        "statements": statements,
        "exercises": exercises,
        "measures": measures,
        "appeals": find_appeals(r),
        "relations": find_relations(r, pieces),
    }


def _contacts(
    r: Reading,
    pieces: list[Piece],
    contacts: list[Contact],
    exercises: list[dict[str, Any]],
    published: tuple[str, str] | None,
) -> list[dict[str, Any]]:
    spans = [span for contact in contacts for span in contact.spans]
    purposes = find_purposes(r, pieces, spans) if contacts else []
    topics = find_topics(r, pieces, spans, statement=False) if contacts else []
    made = []
    for number, contact in enumerate(contacts):
        low = contact.sentence[0] if number else 0
        until = contacts[number + 1].sentence[0] if number + 1 < len(contacts) else len(r.text)
        readouts = find_readouts(r, pieces, contact, until)
        made.append(
            finding(
                f"contact-{contact.kind}-{contact.status}",
                0.9 if len(contact.people) >= 2 else 0.7,
                kind=None if contact.kind == "talk" else contact.kind,
                status=contact.status,
                initiator=contact.initiator,
                initiator_span=list(contact.initiator_span) if contact.initiator_span else None,
                date=hinted(contact.date, exercises, published),
                span=list(contact.sentence),
                sides=list(contact.sides),
                denied_by=contact.denied_by,
                purpose=[one for one in purposes if low <= one["span"][0] < until],
                topics=_followed(
                    [one for one in topics if low <= one["span"][0] < until], [{"readouts": readouts}]
                ),
                participants=[participant(r, one) for one in contact.people],
                readouts=readouts,
            )
        )
    return made


def _followed(found: list[dict[str, Any]], contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """``follows``: the side in whose read-out's run an unattributed finding stands, by its place alone."""
    runs = [
        (one["side"], span) for contact in contacts for one in contact["readouts"] for span in one["follows"]
    ]
    return [
        {**one, "follows": next((side for side, span in runs if span[0] <= one["span"][0] < span[1]), None)}
        for one in found
    ]


def _statement_contact(
    r: Reading, pieces: list[Piece], statements: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """One contact of kind ``statement`` where no sides met or spoke, but somebody said something."""
    if not statements:
        return []
    people: dict[str, PersonMention] = {}
    spoken = {piece.voice.span for piece in pieces}
    names = {one["speaker"] for one in statements if one["speaker"]}
    for one in r.people:
        if (one.name in names and (one.start, one.end) in spoken) or (one.name in names and one.office_span):
            people.setdefault(str(one.last), one)
    first = min(statements, key=lambda one: one["span"][0])
    said = [list(piece.voice.span) for piece in pieces if piece.voice.speaker == first["speaker"]]
    spans = [tuple(one["span"]) for one in statements]
    return [
        finding(
            "statement-without-contact",
            0.8,
            kind="statement",
            status="held",
            initiator=None,
            initiator_span=None,
            date=None,
            span=said[0] if said else first["span"],
            sides=list(dict.fromkeys(one["side"] for one in statements if one["side"])),
            denied_by=None,
            outlet=next((one["outlet"] for one in statements if one["outlet"]), None),
            purpose=find_purposes(r, pieces, [(start, end) for start, end in spans]),
            topics=[{**one, "follows": None} for one in find_topics(r, pieces, [], statement=True)],
            participants=[participant(r, one) for one in people.values()],
            readouts=[],
        )
    ]


def _published(r: Reading, lines: list[Line], given: str | None) -> dict[str, Any] | None:
    """The page's own dateline; else what the caller gave, without a span."""
    for line in lines:
        if line.kind != "dateline":
            continue
        dates = [
            date for date in find_dates(r.folded, line.start, line.end, r.lang) if date.day and date.edtf
        ]
        if dates:
            return {"edtf": dates[0].edtf, "span": [dates[0].start, dates[0].end]}
    return {"edtf": given, "span": None} if given else None


def _year(published: dict[str, Any] | None) -> tuple[str, str] | None:
    edtf = published["edtf"] if published else None
    if published is None or not edtf or not re.match(r"(?:19|20)\d\d", edtf):
        return None
    return edtf[:4], "the date of publication" + ("" if published["span"] else " that the reader gave")


def _outlet(text: str, folded: str, lines: list[Line]) -> dict[str, Any] | None:
    """The outlet, where a support line or an imprint names it."""
    for line in lines:
        match = _TEAM.search(folded, line.start, line.end) if line.kind == "support" else None
        if match:
            end = len(folded[: line.end].rstrip(" .!»"))
            written = text[match.end() : end]
            if 1 < len(written) <= 40 and written[0].isupper():
                name = gazetteer.outlet_forms().get(folded[match.end() : end], written)
                return {"name": name, "span": [match.end(), end]}
    for line in lines:
        match = _IMPRINT.match(folded, line.start, line.end) if line.kind == "copyright" else None
        if match:
            start, end = match.start("name"), match.start("name") + len(match["name"].rstrip())
            name = gazetteer.outlet_forms().get(folded[start:end], text[start:end])
            return {"name": name, "span": [start, end]}
    return None
