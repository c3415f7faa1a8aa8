# SPDX-License-Identifier: Apache-2.0
"""A page in, a SOURCE with findings out (CONTRACT, section *Findings*)."""

from __future__ import annotations

import re
from typing import Any

from detente.errors import MalformedError
from detente.press.aims import find_purposes, find_topics
from detente.press.appeals import find_appeals
from detente.press.contacts import Contact, find_contacts, hinted, participant
from detente.press.dates import Date, Stated, find_dates
from detente.press.exercises import find_exercises
from detente.press.formats import Page, pages_of
from detente.press.furniture import Line, paragraphs, tells_publication
from detente.press.measures import find_measures
from detente.press.names import PersonMention
from detente.press.outlets import of_title, outlet
from detente.press.pieces import Piece, find_pieces
from detente.press.reading import Reading, finding, read
from detente.press.readouts import find_readouts
from detente.press.relations import find_relations
from detente.press.source import LANGUAGES, Span
from detente.press.statements import find_statements
from detente.press.views import respan

#: What parts the head of a site from an article.
_HEAD = frozenset(("menu", "most_read", "related", "support"))
#: After the place and day of an agency's report: its name, and a dash.
_OPENING = re.compile(r"[.,]?\s*(?:[(/][^()/\n]{1,40}[)/]\.?\s*[—-]?|(?:[\w.]{2,20}\s){0,2}[—-])\s")


def read_page(
    raw: bytes,
    *,
    name: str,
    url: str | None = None,
    published: str | None = None,
    captured: str | None = None,
    lang: str | None = None,
) -> dict[str, Any]:
    """The SOURCE of a file that holds one page. Spans are code points of the input as read.

    ``published`` and ``captured`` are what the caller knows; a year from them only ever suggests.
    Raises MalformedError for a page that is empty, too long, or not text, and for a file of several pages.
    """
    pages = pages_of(raw, name)
    page = next(pages)
    if next(pages, None) is not None:
        raise MalformedError("file holds several pages: read_pages() gives them one by one")
    return source_of(page, name=name, url=url, published=published, captured=captured, lang=lang)


def source_of(
    page: Page,
    *,
    name: str,
    url: str | None = None,
    published: str | None = None,
    captured: str | None = None,
    lang: str | None = None,
    names: Any = None,
    models: Any = None,
) -> dict[str, Any]:
    """The SOURCE of a page, its spans in the input."""
    text, folded, lines, known = page.view.text, page.folded, page.lines, page.facts
    spoken = lang or page.lang or known.lang
    speech = spoken if spoken in LANGUAGES else "ru"
    body = paragraphs(text, folded, lines)
    told = _published(folded, speech, lines)
    stated = _stated(known.published, told, published)
    r = read(
        text, folded, speech, body, names=names, models=models(speech) if models else None, stated=stated
    )
    shown = {"edtf": stated.edtf, "span": list(stated.span) if stated.span else None} if stated else None
    named = outlet(text, folded, lines, r.words.page.team, r.names)
    found = {
        "body": [list(span) for span in body],
        "furniture": [
            {"kind": line.kind, "span": [line.start, line.end]} for line in lines if line.kind != "body"
        ],
        "outlet": {"name": named[0], "span": named[1] and list(named[1])} if named else None,
        "published": shown,
        **_findings(r, stated),
        "dates": [
            {"edtf": date.edtf, "span": [date.start, date.end], "why": date.why}
            for date in r.dates
            if date.edtf
        ],
    }
    if page.kind != "text":
        found = respan(found, page.view.source)
        if page.kind.endswith("json"):  # what stands between the pieces of a text is no text
            found["body"] = [list(piece) for span in body for piece in page.view.pieces(*span)]
    if known.published:
        found["published"] = {"edtf": known.published[0], "span": list(known.published[1])}
    titled = of_title(*known.title, text) if known.title and not known.outlet else None
    if titled:
        found["outlet"] = {"name": titled[0], "span": list(titled[1]) if titled[1] else None}
    if known.outlet:
        found["outlet"] = {"name": known.outlet[0], "span": list(known.outlet[1])}
    return {
        "file": name if page.key is None else f"{name}#{page.key}",
        "sha256": page.sha256,
        "url": url or (known.url[0] if known.url else None),
        "title": known.title[0] if known.title else None,
        "format": page.kind,
        "encoding": page.encoding,
        "notes": list(page.notes),
        "lang": spoken,
        "captured": captured,
        **found,
    }


def _stated(known: tuple[str, Span] | None, told: dict[str, Any] | None, given: str | None) -> Stated | None:
    """The day of writing: by the page's own data, by its dateline, or by the caller."""
    if known:
        return Stated(*known)
    if told:
        return Stated(told["edtf"], (told["span"][0], told["span"][1]))
    return Stated(given, None) if given else None


def _findings(r: Reading, stated: Stated | None) -> dict[str, Any]:
    pieces = find_pieces(r)
    exercises = find_exercises(r)
    contacts = find_contacts(r, pieces)
    statements = find_statements(r, pieces, contacts)
    made = _contacts(r, pieces, contacts, exercises, stated)
    measures = _followed(find_measures(r, pieces), made)
    return {
        "contacts": made or _statement_contact(r, pieces, statements),
        "statements": statements,
        "exercises": exercises,
        "measures": measures,
        "appeals": find_appeals(r, pieces),
        "relations": find_relations(r, pieces),
    }


def _contacts(
    r: Reading,
    pieces: list[Piece],
    contacts: list[Contact],
    exercises: list[dict[str, Any]],
    stated: Stated | None,
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
                date=hinted(contact.date, exercises, stated),
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


def _published(folded: str, lang: str, lines: list[Line]) -> dict[str, Any] | None:
    """The page's own dateline: the one nearest above the text, since a site's head may show another day.

    Else the place and day with which an agency opens its first paragraph; else a dateline under the text.
    """
    body = [number for number, line in enumerate(lines) if line.kind == "body"]
    first = next((number for number in body if lines[number].end - lines[number].start >= 60), 0)
    apart = False
    for number in [*range(first - 1, -1, -1), *range(first, len(lines))]:
        line = lines[number]
        opening = number == first and line.kind == "body"
        apart = number < first and (apart or line.kind in _HEAD)
        if line.kind != "dateline" and not opening:
            continue
        end = min(line.end, line.start + 80) if opening else line.end
        dates = [date for date in find_dates(folded, line.start, end, lang) if date.day and date.edtf]
        if not dates or (opening and not _opens(folded, line, dates[0])):
            continue
        # In the head of a site, or further down, a full date without "published" may be of something else.
        told = tells_publication(folded, line)
        elsewhere = apart or (number > first and not (body and number == body[-1] + 1))
        if opening or told or not elsewhere or (apart and str(dates[0].edtf).startswith("XXXX")):
            return {"edtf": dates[0].edtf, "span": [dates[0].start, dates[0].end]}
    return None


def _opens(folded: str, line: Line, date: Date) -> bool:
    """Whether a paragraph opens with a place, set apart, and the day, as an agency's report does."""
    place = folded[line.start : date.start].rstrip()
    apart = place.endswith((",", ".")) and len(place.split()) <= 3
    return apart and _OPENING.match(folded, date.end, line.end) is not None
