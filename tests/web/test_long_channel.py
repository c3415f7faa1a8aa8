# SPDX-License-Identifier: Apache-2.0
"""Of a long channel the pages read the newest entries, say so, and still lead to the older ones."""

from __future__ import annotations

import re

import httpx

from detente.node.records import Records, Window
from tests.web import kit


async def test_pages_of_a_long_channel_say_what_they_leave_out(
    client: httpx.AsyncClient, pair: kit.Pair
) -> None:
    node = pair.by.here.node
    body = {"scope": "channel", "state": "reduced", "by": "ministry"}
    await pair.by.say(pair.channel, "standing", body)
    old = await pair.by.say(pair.channel, "message", {"text": "the old one", "lang": "en"})
    for number in range(6):
        await pair.by.say(pair.channel, "message", {"text": f"new {number}", "lang": "en"})
    before = (await client.get(f"/c/{pair.channel}")).text
    assert "the old one" in before
    assert "Long record" not in before
    # Every page asks the console's records.
    app_console = pair.by.app.state.console
    app_console.records = Records(node.store, Window(most=5, newest=4), node.known)
    for path in (f"/c/{pair.channel}", "/"):
        page = (await client.get(path)).text
        assert re.search(r"Long record: this page reads the newest \d+ entries and the standings", page)
        assert "the old one" not in page
    assert "Relations: <strong>reduced</strong>" in page
    assert "new 5" in (await client.get(f"/c/{pair.channel}")).text
    shown = (await client.get(f"/c/{pair.channel}/e/{old}")).text
    assert "the old one" in shown
    proof = await client.get(f"/c/{pair.channel}/e/{old}/tlog-proof")
    assert proof.status_code == 200
    assert proof.text.startswith("c2sp.org/tlog-proof")
