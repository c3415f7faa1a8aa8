# SPDX-License-Identifier: Apache-2.0
"""Writing a message: a form, then the text as the other side will see it, and only from there the release.

What was written travels in the forms themselves, so no error and no lost session takes it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from detente.errors import DetenteError, UsageError
from detente.node.author import Author
from detente.seal.credential import Mandate
from detente.web import views
from detente.web.console import Console, NotHere, back, field, signed_in
from detente.web.sessions import Session
from detente.web.text import Content, content_of, lang_of
from detente.words import phrases
from detente.words.charter import Charter
from detente.words.entry import MARKS, PRECEDENCES
from detente.words.kinds import check_body

TEXT_LIMIT = 500_000
FIELDS = ("text", "lang", "precedence", "mark", "re", "phrase")
# What a parameter of a phrase is called in the form.
PARAMETER = "p-"


@dataclass(frozen=True)
class Writing:
    """What is in the form. ``phrase``: the number of a phrase, or "" for free words."""

    text: str = ""
    lang: str = ""
    precedence: str = "routine"
    mark: str = "real"
    re: str = ""
    phrase: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    emergency: bool = False


def read(form: Mapping[str, Any]) -> Writing:
    """The form as it came. Raises UsageError for what is far too long."""
    limits = {"text": TEXT_LIMIT, "re": 8_000}
    fields: dict[str, Any] = {name: field(form, name, limits.get(name, 64)) for name in FIELDS}  # type: ignore[arg-type]
    given = sorted(name for name in form if name.startswith(PARAMETER))[:32]
    pairs = tuple((name.removeprefix(PARAMETER), field(form, name, 500)) for name in given)  # type: ignore[arg-type]
    return Writing(**fields, parameters=pairs, emergency=bool(form.get("emergency")))


def _from_fields(given: Mapping[str, str]) -> Writing:
    fields: dict[str, Any] = {name: given[name] for name in FIELDS if name in given}
    return Writing(**fields)


@signed_in
async def get_write(console: Console, request: Request, session: Session) -> Response:
    """The empty form; ``re``, ``phrase`` and ``precedence`` in the address fill it in."""
    query = request.query_params
    given = {name: query[name][:8_000] for name in ("re", "phrase", "precedence") if name in query}
    return form_page(console, request, session, request.path_params["channel"], given)


def form_page(
    console: Console,
    request: Request,
    session: Session,
    channel: str,
    given: Mapping[str, str] | Writing,
    problems: Mapping[str, str] | None = None,
) -> Response:
    """The form with what is in it already, and what is wrong with it."""
    row = console.node.store.channel(channel)
    if row is None:
        raise NotHere("There is no such channel here.")
    writing = given if isinstance(given, Writing) else _from_fields(given)
    charter = console.records.charter(channel)
    languages = list(charter.languages) if charter else []
    if not writing.lang:
        writing = replace(
            writing,
            lang=console.info.lang if console.info.lang in languages or not languages else languages[0],
        )
    phrase, chosen = None, dict(writing.parameters)
    if writing.phrase and charter is not None:
        phrase = phrases.find(charter, writing.phrase)
    return console.page(
        request,
        session,
        "write.html",
        status=400 if problems else 200,
        channel={"id": channel, "title": console.title(row), "kind": row["kind"]},
        parties=_parties(console, channel),
        writing=writing,
        phrase=phrase,
        parameters=[(name, chosen.get(name, "")) for name in phrases.parameters(phrase)] if phrase else [],
        book=list(charter.phrases) if charter else [],
        languages=languages,
        precedences=PRECEDENCES,
        real_or_not=MARKS,
        problems=dict(problems or {}),
        blanks=views.blanks,
        in_force=charter is not None,
        ack_due=dict(charter.ack_due) if charter else {},
    )


def _parties(console: Console, channel: str) -> list[tuple[str, str]]:
    """(short id, name) of ours, then of the others."""
    line = console.node.lines.get(channel)
    others = [card for fpr, card in line.state.members.items() if fpr != console.node.me] if line else []
    return [(console.info.party, console.info.name), *((card.id, card.name) for card in others)]


@signed_in
async def post_write(console: Console, request: Request, session: Session) -> Response:
    """Preview, back to the form, or release, by the button that was pressed."""
    row = console.channel(request)
    form = await request.form()
    writing, step = read(form), field(form, "step", 16)
    if step == "edit":
        return form_page(console, request, session, row["channel"], writing)
    problems, ready = check(console, row, writing)
    if ready is None:
        return form_page(console, request, session, row["channel"], writing, problems)
    if step != "release":
        return preview_page(console, request, session, ready)
    once = field(form, "once", 64)
    done = session.results.get(once)
    if done is None:
        try:
            author = await console.author(session, form)
            done = await release(console, author, ready)
        except DetenteError as error:
            return preview_page(console, request, session, ready, problem=str(error))
        session.remember(once, done)
        session.notices.append(told(done))
    if done["state"] == "kept":
        return back(f"/c/{row['channel']}/e/{done['id']}")
    return back(f"/drafts/{done['id']}")


def told(done: Mapping[str, Any]) -> str:
    """What became of a release, in words."""
    if done["state"] == "kept":
        return f"Released as {done['ref']}: kept here, and on its way."
    if done["state"] == "recallable":
        return "Released; it can be recalled until its recall time is over."
    return "Signed by you. It is awaiting release: a second office has to sign."


@dataclass(frozen=True)
class Ready:
    """A message that can be signed: its body and what stands around it."""

    row: dict[str, Any]
    writing: Writing
    charter: Charter | None
    kind: str
    body: dict[str, Any]
    re: tuple[tuple[str, str], ...]


def check(console: Console, row: dict[str, Any], writing: Writing) -> tuple[dict[str, str], Ready | None]:
    """(field to what is wrong with it, what can be signed if nothing is)."""
    problems: dict[str, str] = {}
    charter = console.records.charter(row["channel"])
    if writing.precedence not in PRECEDENCES:
        problems["precedence"] = "Choose a precedence."
    if writing.mark not in MARKS:
        problems["mark"] = "Say whether this is real."
    targets, unknown = _targets(console, row["channel"], writing.re)
    if unknown:
        problems["re"] = (
            f"There is no entry {unknown[0]} here; write references such as UA-57, separated by spaces."
        )
    kind, body = _content(writing, charter, problems)
    if not problems:
        try:
            check_body(kind, body)
        except DetenteError as error:
            problems["text"] = str(error)
    if problems:
        return problems, None
    return {}, Ready(row, writing, charter, kind, body, targets)


def _content(
    writing: Writing, charter: Charter | None, problems: dict[str, str]
) -> tuple[str, dict[str, Any]]:
    if writing.phrase:
        given = dict(writing.parameters)
        try:
            if charter is None:
                raise UsageError("Phrases are the charter's, and no charter is in force here.")
            phrases.render_phrase(charter, writing.phrase, given, "en")
        except DetenteError as error:
            problems["phrase"] = str(error)
        return "phrase", {
            "code": writing.phrase,
            "parameters": {name: value for name, value in given.items() if value},
        }
    if not writing.text.strip():
        problems["text"] = "Write the message first."
    if not lang_of(writing.lang):
        problems["lang"] = "Name the language by its tag, such as en, ru, be or uk."
    return "message", {"text": writing.text.strip("\n"), "lang": writing.lang}


def _targets(console: Console, channel: str, text: str) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """((id, ref) of each entry named, names that are none)."""
    entries = console.records.entries(channel)
    by_name = {name: (entry.id, entry.ref) for entry in entries for name in (entry.id, entry.ref)}
    names = list(dict.fromkeys(text.replace(",", " ").split()))[:65]
    found = [by_name.get(name, by_name.get(name.upper())) for name in names]
    return tuple(pair for pair in found if pair is not None), [
        n for n, pair in zip(names, found, strict=True) if pair is None
    ]


def preview_page(
    console: Console, request: Request, session: Session, ready: Ready, *, problem: str = ""
) -> Response:
    """The text as the other side will see it, and what will be signed by whom."""
    channel = ready.row["channel"]
    mandate = views.mandate_of(console, channel, console.node.me, session.office, console.now())
    return console.page(
        request,
        session,
        "preview.html",
        status=400 if problem else 200,
        channel={"id": channel, "title": console.title(ready.row), "kind": ready.row["kind"]},
        parties=_parties(console, channel),
        ready=ready,
        writing=ready.writing,
        content=content_of(ready.kind, ready.body, ready.charter),
        readings=readings(ready),
        mandate=mandate,
        alone=may_release_alone(mandate),
        problem=problem,
        seconds=dict(ready.charter.ack_due).get(ready.writing.precedence) if ready.charter else None,  # type: ignore[call-overload]
    )


def readings(ready: Ready) -> list[tuple[str, Content]]:
    """A phrase in every language of the channel: each side reads its own."""
    if ready.kind != "phrase" or ready.charter is None:
        return []
    found = []
    for lang in ready.charter.languages:
        text = phrases.render_phrase(ready.charter, ready.writing.phrase, ready.body["parameters"], lang)
        found.append((lang, Content("Phrase", text, lang_of(lang), ())))
    return found


def may_release_alone(mandate: Mandate | None) -> bool:
    """Whether the mandate asks for more signatures but allows one in an emergency."""
    return mandate is not None and mandate.signers.k > 1 and mandate.emergency


async def release(console: Console, author: Author, ready: Ready) -> dict[str, Any]:
    """Sign as the session's office and hand it to the node. Raises DetenteError."""
    writing = ready.writing
    optional: dict[str, Any] = {"emergency": True} if writing.emergency else {}
    signed = author.make(
        ready.row["channel"],
        ready.kind,
        ready.body,
        re=[target for target, _ in ready.re],
        precedence=writing.precedence,
        mark=writing.mark,
        now_ms=console.now(),
        **optional,
    )
    done: dict[str, Any] = await console.call("submit", channel=ready.row["channel"], signed=signed.to_json())
    return done
