# SPDX-License-Identifier: Apache-2.0
"""Logging in as an office, by its own passphrase, and out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from detente.errors import DetenteError, RefusedError, UsageError
from detente.web.console import DRAFT_FIELDS, Console, back, field, of, own_path, signed_in
from detente.web.sessions import ABSOLUTE, Session, same
from detente.web.writing import TEXT_LIMIT, form_page


def login_page(
    console: Console,
    request: Request,
    *,
    target: str = "/",
    problem: str = "",
    office: str = "",
    kept: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The login. ``target``: where to go after it; ``kept``: the fields of a text that was being written."""
    nonce = request.cookies.get(console.cookie + "-login") or secrets.token_urlsafe(16)
    answer = console.page(
        request,
        None,
        "login.html",
        status=status,
        offices=console.node.home.offices(),
        office=office,
        target=own_path(target),
        problem=problem,
        kept=dict(kept or {}),
        token=console.sessions.stranger_token(nonce),
    )
    _set(answer, request, console.cookie + "-login", nonce, 3600)
    return answer


async def get_login(request: Request) -> Response:
    """The page to log in on."""
    return login_page(of(request), request, target=request.query_params.get("next", "/"))


async def post_login(request: Request) -> Response:
    """Office and passphrase; then to where the person wanted to go, with the text that was being written."""
    console = of(request)
    form = await request.form()
    nonce = request.cookies.get(console.cookie + "-login", "")
    target, office = own_path(field(form, "next")), field(form, "office", 40)
    kept = {name: field(form, name, TEXT_LIMIT) for name in DRAFT_FIELDS if name in form}
    given = form.get("token")
    expected = console.sessions.stranger_token(nonce)
    if not nonce or not same(given if isinstance(given, str) else None, expected):
        problem = "The login page was too old, or this browser keeps no cookies. Try again."
        return login_page(
            console, request, target=target, problem=problem, office=office, kept=kept, status=403
        )
    try:
        author = await console.unlock(office, field(form, "passphrase"))
    except UsageError as error:
        return login_page(console, request, target=target, problem=str(error), kept=kept, status=400)
    except RefusedError as error:
        problem = str(error) if "too many" in str(error) else "That is not the passphrase of this office."
        return login_page(
            console, request, target=target, problem=problem, office=office, kept=kept, status=403
        )
    console.sessions.end(request.cookies.get(console.cookie))
    token, session = console.sessions.begin(author)
    answer = _onward(console, request, session, target, kept)
    _set(answer, request, console.cookie, token, int(ABSOLUTE))
    return answer


def _onward(
    console: Console, request: Request, session: Session, target: str, kept: Mapping[str, str]
) -> Response:
    parts = target.split("/")
    if kept and len(parts) == 4 and parts[1] == "c" and parts[3] == "write":
        try:
            return form_page(console, request, session, parts[2], dict(kept))
        except DetenteError as error:
            return console.refuse(request, session, error)
    return back("/" if target == "/login" else target)


@signed_in
async def post_logout(console: Console, request: Request, session: Session) -> Response:
    """Forget the key and the session."""
    console.sessions.end(request.cookies.get(console.cookie))
    answer = back("/login")
    answer.delete_cookie(console.cookie, path="/", httponly=True, samesite="strict")
    return answer


def _set(answer: Response, request: Request, name: str, value: str, seconds: int) -> None:
    secure = request.url.scheme == "https"
    answer.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=secure)
