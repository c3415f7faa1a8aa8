# SPDX-License-Identifier: Apache-2.0
"""What all pages share: the node, the sessions, the templates, the watch posts that are open."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from detente.errors import DetenteError, RefusedError, UsageError
from detente.node.author import Author, unlock_author
from detente.node.ops import Operations
from detente.node.runtime import Node
from detente.record import duration
from detente.record.entry import rfc3339
from detente.record.states import strongest
from detente.web import text
from detente.web.sessions import Backoff, Session, Sessions, same
from detente.words.render import label

LOG = logging.getLogger("detente.web")
# A watch page without scripts is taken to be open for so long after it was last loaded (s).
PAGE_OPEN = 120.0
LIVE = "x-detente-live"
Handler = Callable[["Console", Request, Session], Awaitable[Response]]


class Console:
    """One party's console."""

    def __init__(self, node: Node, operations: Operations) -> None:
        self.node = node
        self.operations = operations
        self.records = operations.records
        self.info = node.home.info
        loop = asyncio.get_running_loop()
        self.sessions = Sessions(loop.time)
        self.backoff = Backoff(loop.time)
        self.names = {"localhost"}
        # Cookies do not know ports: two consoles on one machine must not take each other's.
        self.cookie = f"detente-{self.info.home_id[:8]}"
        self.closing = asyncio.Event()
        self._posts: dict[str, int] = {}
        # One at a time: a passphrase takes 64 MiB and the better part of a second to try.
        self._unlocking = asyncio.Semaphore(1)
        self.templates = templates()

    def now(self) -> int:
        """The node's clock, ms."""
        return self.node.clock()

    async def call(self, name: str, **arguments: Any) -> Any:
        """One operation of the node. Raises DetenteError."""
        return await self.operations.call(name, arguments)

    def close(self) -> None:
        """End what stays open by itself: the streams of events."""
        self.closing.set()

    # Keys ----------------------------------------------------------------------------------------------

    async def unlock(self, office: str, passphrase: str) -> Author:
        """An office's author. Raises RefusedError for a wrong passphrase, or while the login is closed."""
        if office not in self.node.home.offices():
            raise UsageError("choose an office whose key is on this machine")
        async with self._unlocking:
            self.backoff.check(office)
            try:
                author = await asyncio.to_thread(unlock_author, self.node.home, office, passphrase)
            except RefusedError:
                self.backoff.failed(office)
                LOG.warning("a wrong passphrase for the office %s", office)
                raise
        self.backoff.succeeded(office)
        return author

    async def author(self, session: Session, form: FormData) -> Author:
        """The session's author; where its key was put away, by the passphrase in the form. RefusedError."""
        if session.author is None:
            passphrase = field(form, "passphrase")
            if not passphrase:
                raise RefusedError(
                    f"give the passphrase of {session.office}: its key was put away after an hour without use"
                )
            session.author = await self.unlock(session.office, passphrase)
        return session.author

    # Watch posts ---------------------------------------------------------------------------------------

    async def watch(self, session: Session) -> None:
        """A watch page of this session is open; ``unwatch`` when it is closed."""
        session.watching += 1
        self._posts[session.office] = self._posts.get(session.office, 0) + 1
        await self.call("watch_on", post=session.office)

    async def unwatch(self, session: Session) -> None:
        """It was closed; the post is off with the last page."""
        session.watching -= 1
        left = self._posts[session.office] = self._posts[session.office] - 1
        if left <= 0:
            del self._posts[session.office]
            await self.call("watch_off", post=session.office)

    async def watch_for_a_while(self, session: Session) -> None:
        """A watch page was loaded; if it has no scripts, this is all that is heard of it."""
        await self.watch(session)
        asyncio.get_running_loop().call_later(PAGE_OPEN, self._left, session)

    def _left(self, session: Session) -> None:
        if not self.closing.is_set():
            task = asyncio.get_running_loop().create_task(self.unwatch(session))
            task.add_done_callback(lambda done: done.exception())

    # Pages ---------------------------------------------------------------------------------------------

    def page(
        self, request: Request, session: Session | None, template: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page from a template, with what every page has around it."""
        common = {
            "party": self.info,
            "session": session,
            "csrf": "" if session is None else session.csrf,
            "locked": session is not None and session.author is None,
            # A page's own script looks for changes only: what is told once is for the person's next page.
            "notices": [] if session is None or live(request) else session.take_notices(),
            "channels": [] if session is None else self.channels(),
            "here": request.url.path,
            "now": self.now(),
            "once": secrets.token_urlsafe(12),
        }
        html = self.templates.get_template(template).render(common | values)
        return HTMLResponse(html, status)

    def channels(self) -> list[dict[str, str]]:
        """Channels and registers by id, with what people call them."""
        return [
            {"id": row["channel"], "title": self.title(row), "kind": row["kind"]}
            for row in self.node.store.channels()
        ]

    def title(self, row: dict[str, Any]) -> str:
        """``BY ⇄ UA`` for a channel, ``register: XX`` for our own notes."""
        about = text.clip(str(row["about"]), 60)
        return f"{self.info.party} ⇄ {about}" if row["kind"] == "channel" else f"Register: {about}"

    def channel(self, request: Request) -> dict[str, Any]:
        """The channel row that the path names. Raises RefusedError for an unknown one."""
        row = self.node.store.channel(request.path_params["channel"])
        if row is None:
            raise NotHere("There is no such channel here.")
        return row

    def refuse(
        self, request: Request, session: Session | None, error: DetenteError, status: int = 400
    ) -> Response:
        """A page that says what happened and what to do next."""
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": str(error)}, status)
        return self.page(request, session, "problem.html", status=status, problem=str(error))


class NotHere(RefusedError):
    """The address leads to nothing."""


def of(request: Request) -> Console:
    """The console that a request is for."""
    return cast("Console", request.app.state.console)


def field(form: FormData, name: str, limit: int = 2_000) -> str:
    """A field of a form as one text with plain line ends. Raises UsageError above ``limit`` characters."""
    value = form.get(name, "")
    if not isinstance(value, str):
        raise UsageError(f"{name} is no text")
    value = value.replace("\r\n", "\n")
    if len(value) > limit:
        raise UsageError(f"{name} is longer than {limit:,} characters")
    return value


def live(request: Request) -> bool:
    """Whether a page's own script asks, not a person."""
    return LIVE in request.headers


def signed_in(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A page for people who are logged in; others get the login, and come back here after it.

    A POST must carry its session's token. What the page cannot do is told on a page.
    """

    @wraps(handler)
    async def guarded(request: Request) -> Response:
        console = of(request)
        token = request.cookies.get(console.cookie)
        session = console.sessions.find(token, person=not live(request))
        if session is None:
            return await _stranger(console, request)
        if request.method == "POST":
            form = await request.form()
            given = form.get("csrf")
            if not same(given if isinstance(given, str) else None, session.csrf):
                return console.refuse(
                    request,
                    session,
                    RefusedError("This form is not of this session; go back and try again."),
                    403,
                )
        try:
            return await handler(console, request, session)
        except NotHere as error:
            return console.refuse(request, session, error, 404)
        except DetenteError as error:
            return console.refuse(request, session, error)

    return guarded


async def _stranger(console: Console, request: Request) -> Response:
    from detente.web.login import login_page

    if request.url.path.startswith(("/api/", "/events")) or live(request):
        return JSONResponse({"error": "not logged in"}, 401)
    kept = {}
    if request.method == "POST" and request.url.path.endswith("/write"):
        form = await request.form()
        kept = {
            name: value for name, value in form.items() if isinstance(value, str) and name in DRAFT_FIELDS
        }
    return login_page(console, request, target=request.url.path, kept=kept, status=401 if kept else 200)


DRAFT_FIELDS = ("text", "lang", "precedence", "mark", "re", "phrase")


def back(path: str) -> RedirectResponse:
    """After a form was taken: look at the result."""
    return RedirectResponse(path, 303)


def own_path(path: str) -> str:
    """A path on this console, or its first page: nothing may lead elsewhere."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain and len(path) < 500 else "/"


def templates() -> Environment:
    """The environment of all pages: strict, escaping, with the filters for text and times."""
    env = Environment(
        loader=PackageLoader("detente.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        visible=text.visible,
        clip=text.clip,
        at=text.at,
        exact=text.exact,
        ago=text.ago,
        due=text.due,
        left=duration.left,
        rtt=text.rtt,
        dated=duration.dated,
        soon=lambda due, now: due - now < text.SOON,
        day=duration.day,
        clock=duration.clock,
        day_clock=lambda ms: rfc3339(ms)[:16].replace("T", " "),
        rfc3339=rfc3339,
        kind=lambda name: label("kinds", str(name)),
        length_words=duration.length,
    )
    env.globals.update(strongest=strongest)
    return env
