# SPDX-License-Identifier: Apache-2.0
"""The first page: is the line up, what must be done now, what is due, who is on watch."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from detente.errors import DetenteError
from detente.record import states
from detente.web import views
from detente.web.console import LIVE, Console, live, signed_in
from detente.web.sessions import Session

LOG = logging.getLogger("detente.web")
DUE_SHOWN = 50
# A flood must not drown the page: the most urgent are shown, the rest counted.
ALARMS_SHOWN = 10


@signed_in
async def get_watch(console: Console, request: Request, session: Session) -> Response:
    """The watch page. While it is open, this office's watch post is on."""
    if not live(request):
        await console.watch_for_a_while(session)
    status = await console.call("status")
    drafts = await console.call("drafts")
    channels = [await views.channel_view(console, row, status) for row in console.node.store.channels()]
    alarms = [(channel, item) for channel in channels for item in views.urgent(console, channel)]
    alarms.sort(key=lambda pair: (pair[1].entry.precedence != "flash", pair[1].due or pair[1].entry.placed))
    due = [(channel, item) for channel in channels for item in views.due_here(console, channel)]
    owed = [(channel, item) for channel in channels for item in views.due_there(console, channel)]
    due.sort(key=lambda pair: pair[1].due)
    owed.sort(key=lambda pair: pair[1].due)
    if request.headers.get(LIVE) != "hidden":
        shown = [item.entry.id for _, item in alarms[:ALARMS_SHOWN]] + [
            item.entry.id for _, item in due[:DUE_SHOWN]
        ]
        await displayed(
            console,
            session,
            [(e.channel, e.id) for c in channels for e in c.entries if e.id in shown and not e.mine],
        )
    return console.page(
        request,
        session,
        "watch.html",
        status_=status,
        views=views,
        all_channels=channels,
        alarms=alarms[:ALARMS_SHOWN],
        alarms_more=max(0, len(alarms) - ALARMS_SHOWN),
        due=due[:DUE_SHOWN],
        due_more=max(0, len(due) - DUE_SHOWN),
        owed=owed[:DUE_SHOWN],
        drafts=drafts,
        needed={view.id: _signatures(console, session, view.id) for view in channels},
    )


def _signatures(console: Console, session: Session, channel: str) -> int:
    """How many signatures the mandate of the office that is logged in asks for; 0 without a mandate."""
    mandate = views.mandate_of(console, channel, console.node.me, session.office, console.now())
    return 0 if mandate is None else mandate.signers.k


async def displayed(console: Console, session: Session, shown: Sequence[tuple[str, str]]) -> None:
    """Say once, by the watch key, that these entries stand on a watch post's screen."""
    me = console.info.party
    for channel, entry_id in dict.fromkeys(shown):
        entry = console.records.entry(entry_id)
        if entry is None or states.reached(entry.marks.get(me, {}), "displayed") is not None:
            continue
        if not views.acknowledgeable(entry):
            continue
        try:
            await console.call("displayed", channel=channel, id=entry_id, post=session.office)
        except DetenteError as error:
            # A node that may not sign still shows everything; the page says that it does not.
            LOG.warning("%s is shown, but that cannot be said: %s", entry.ref, error)
