# SPDX-License-Identifier: Apache-2.0
"""The pages at work, between two real nodes."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from detente.node.author import unlock_author
from detente.node.keystore import add_office, change_mandate
from detente.node.vaults import unlock_root
from detente.seal.statement import decode_leaf
from detente.web.writing import FIELDS
from tests.web import kit

FORM = {"text": "", "lang": "en", "precedence": "routine", "mark": "real", "re": "", "phrase": ""}


async def arrived(side: kit.Side, entry_id: str) -> None:
    await kit.until(lambda: side.here.operations.records.entry(entry_id) is not None)


def said(side: kit.Side, channel: str, kind: str) -> list[str]:
    return [e.id for e in side.here.operations.records.entries(channel) if e.kind == kind]


async def test_the_line_is_up_and_nothing_waits(client: httpx.AsyncClient, pair: kit.Pair) -> None:
    page = (await client.get("/")).text
    assert "Line up" in page
    assert "BY ⇄ UA" in page
    assert "Nothing urgent waits" in page


async def test_an_urgent_entry_fills_the_page_and_is_displayed_then_read(
    client: httpx.AsyncClient, pair: kit.Pair
) -> None:
    words = "Own forces under <b>your</b> fire \u202e at 51°31′N"
    sent = await pair.ua.say(pair.channel, "message", {"text": words, "lang": "en"}, precedence="flash")
    await arrived(pair.by, sent)
    page = (await client.get("/")).text
    assert "Own forces under &lt;b&gt;your&lt;/b&gt; fire" in page
    assert '<span class="hidden-char">U+202E</span>' in page
    assert "\u202e" not in page
    assert re.search(r"data-left>1 min left</strong>, due \d\d:\d\d UTC", page)
    assert "Cease-fire ordered on our side" in page
    done = await pair.ua.here.operations.call(
        "wait", {"channel": pair.channel, "id": sent, "for": "displayed"}
    )
    assert done["state"] == "displayed"
    data = {"csrf": kit.hidden(page, "csrf"), "once": kit.hidden(page, "once"), "state": "read", "next": "/"}
    for _ in range(2):
        answer = await client.post(f"/c/{pair.channel}/e/{sent}/ack", data=data)
        assert answer.headers["location"] == "/"
    done = await pair.ua.here.operations.call("wait", {"channel": pair.channel, "id": sent, "for": "read"})
    assert done["state"] == "read"
    after = (await client.get("/")).text
    assert "Nothing urgent waits" in after
    assert re.search(r"UA-\d+: read", after)
    reads = [
        e
        for e in pair.by.here.operations.records.entries(pair.channel)
        if e.kind == "ack" and e.office == "duty"
    ]
    assert len(reads) == 1


async def test_a_page_in_the_background_displays_nothing(client: httpx.AsyncClient, pair: kit.Pair) -> None:
    sent = await pair.ua.say(pair.channel, "message", {"text": "x", "lang": "en"}, precedence="flash")
    await arrived(pair.by, sent)
    await client.get("/", headers={"x-detente-live": "hidden"})
    assert "displayed" not in pair.by.here.operations.records.entry(sent).marks["BY"]
    await client.get("/", headers={"x-detente-live": "visible"})
    assert "displayed" in pair.by.here.operations.records.entry(sent).marks["BY"]


async def test_writing_goes_by_a_preview_and_nothing_leaves_before_the_release(
    client: httpx.AsyncClient, pair: kit.Pair
) -> None:
    address = f"/c/{pair.channel}/write"
    form = (await client.get(address)).text
    assert "from <b>BY</b> Ministry BY" in form
    data = {
        **FORM,
        "csrf": kit.hidden(form, "csrf"),
        "text": "Two lines\r\nof <i>text</i>",
        "step": "preview",
    }
    preview = (await client.post(address, data=data)).text
    assert "As they will see it" in preview
    assert "of &lt;i&gt;text&lt;/i&gt;" in preview
    assert not said(pair.by, pair.channel, "message")
    data |= {"step": "edit"}
    assert "Two lines\nof &lt;i&gt;text&lt;/i&gt;</textarea>" in (await client.post(address, data=data)).text
    data |= {"step": "release", "once": kit.hidden(preview, "once")}
    for _ in range(2):
        answer = await client.post(address, data=data)
        assert answer.status_code == 303
    (message,) = said(pair.by, pair.channel, "message")
    assert answer.headers["location"].endswith(message)
    await arrived(pair.ua, message)
    assert pair.ua.here.operations.records.entry(message).body["text"] == "Two lines\nof <i>text</i>"


async def test_what_is_wrong_is_told_with_the_text_kept(client: httpx.AsyncClient, pair: kit.Pair) -> None:
    address = f"/c/{pair.channel}/write"
    csrf = kit.hidden((await client.get(address)).text, "csrf")
    data = {**FORM, "csrf": csrf, "text": "Kept", "re": "UA-999", "lang": "not a tag", "step": "preview"}
    answer = await client.post(address, data=data)
    assert answer.status_code == 400
    assert "There is no entry UA-999" in answer.text
    assert 'href="#lang"' in answer.text
    assert ">Kept</textarea>" in answer.text


async def test_a_session_that_is_over_does_not_take_the_text_away(
    client: httpx.AsyncClient, pair: kit.Pair
) -> None:
    address = f"/c/{pair.channel}/write"
    csrf = kit.hidden((await client.get(address)).text, "csrf")
    console = pair.by.app.state.console
    console.sessions.end(client.cookies[console.cookie])
    answer = await client.post(
        address,
        data={**FORM, "csrf": csrf, "text": 'Long "work"', "precedence": "priority", "step": "preview"},
    )
    assert answer.status_code == 401
    kept = {name: kit.hidden(answer.text, name).replace("&#34;", '"') for name in FIELDS}
    data = {
        "token": kit.hidden(answer.text, "token"),
        "office": "duty",
        "passphrase": kit.OFFICE_PASS,
        "next": address,
        **kept,
    }
    form = await client.post("/login", data=data)
    assert form.status_code == 200
    assert "Long &#34;work&#34;</textarea>" in form.text
    assert '<option value="priority" selected>' in form.text


async def test_a_key_that_was_put_away_is_asked_for_again(client: httpx.AsyncClient, pair: kit.Pair) -> None:
    address = f"/c/{pair.channel}/write"
    csrf = kit.hidden((await client.get(address)).text, "csrf")
    for session in pair.by.app.state.console.sessions._held.values():
        session.author = None
    data = {**FORM, "csrf": csrf, "text": "Later", "step": "release", "once": "1"}
    answer = await client.post(address, data=data)
    assert "its key was put away" in answer.text
    assert 'name="passphrase"' in answer.text
    assert (await client.post(address, data={**data, "passphrase": "wrong"})).status_code == 400
    assert (await client.post(address, data={**data, "passphrase": kit.OFFICE_PASS})).status_code == 303
    assert len(said(pair.by, pair.channel, "message")) == 1


async def test_a_phrase_is_read_by_each_side_in_its_own_language(
    client: httpx.AsyncClient, pair: kit.Pair
) -> None:
    address = f"/c/{pair.channel}/write"
    form = (await client.get(address + "?phrase=1&precedence=flash")).text
    assert "Our own forces are under your fire." in form
    data = {
        **FORM,
        "csrf": kit.hidden(form, "csrf"),
        "phrase": "1",
        "precedence": "flash",
        "p-place": "51°31′N 23°36′E",
        "step": "preview",
    }
    assert "parameter &#39;time&#39; is missing" in (await client.post(address, data=data)).text
    preview = (await client.post(address, data={**data, "p-time": "09:12 UTC"})).text
    assert "Нашы сілы знаходзяцца пад вашым агнём" in preview
    data |= {"p-time": "09:12 UTC", "step": "release", "once": kit.hidden(preview, "once")}
    assert (await client.post(address, data=data)).status_code == 303
    (phrase,) = said(pair.by, pair.channel, "phrase")
    assert pair.by.here.operations.records.entry(phrase).precedence == "flash"


async def test_an_entry_with_its_proof_checked_and_downloaded(
    client: httpx.AsyncClient, pair: kit.Pair
) -> None:
    sent = await pair.by.say(pair.channel, "message", {"text": "Proven", "lang": "en"})
    await pair.by.here.operations.call(
        "wait", {"channel": pair.channel, "id": sent, "for": "delivered", "timeout": 20}
    )
    address = f"/c/{pair.channel}/e/{sent}"
    page = (await client.get(address + "?verify=1")).text
    assert sent in page
    assert "does not hold" not in page
    assert page.count(" holds</td>") == 6
    assert "The receipt of UA holds" in page
    assert "not after" in page
    leaf = (await client.get(address + "/leaf")).content
    assert decode_leaf(leaf).id == sent
    proof = await client.get(address + "/tlog-proof")
    assert proof.text.startswith("c2sp.org/tlog-proof@v1\n")
    assert "attachment" in proof.headers["content-disposition"]


async def test_a_swapped_body_does_not_verify(client: httpx.AsyncClient, pair: kit.Pair) -> None:
    sent = await pair.by.say(pair.channel, "message", {"text": "True", "lang": "en"})
    store = pair.by.here.node.store
    seed, _ = store.body(sent)
    pair.by.here.node.store.body = lambda entry: (seed, b'{"lang":"en","text":"False"}')  # type: ignore[method-assign]
    page = (await client.get(f"/c/{pair.channel}/e/{sent}?verify=1")).text
    assert "✕ does not hold" in page
    assert "another commitment" in page


async def test_acknowledgements_say_what_they_need(client: httpx.AsyncClient, pair: kit.Pair) -> None:
    sent = await pair.ua.say(pair.channel, "message", {"text": "Please answer", "lang": "en"})
    await arrived(pair.by, sent)
    address = f"/c/{pair.channel}/e/{sent}"
    csrf = kit.hidden((await client.get(address)).text, "csrf")
    blank = {"csrf": csrf, "note": "", "by": "", "until": ""}
    for state, needs in (
        ("declined", "needs a reason"),
        ("referred", "which post"),
        ("will-answer", "by when"),
        ("displayed", "Choose"),
    ):
        answer = await client.post(address + "/ack", data={**blank, "state": state, "once": state})
        assert answer.status_code == 400
        assert needs in answer.text
    data = {**blank, "state": "will-answer", "until": "2030-02-14 09:30", "once": "w"}
    assert (await client.post(address + "/ack", data=data)).status_code == 303
    entry = pair.by.here.operations.records.entry(sent)
    assert entry.state == "will-answer"
    ours = await pair.by.say(pair.channel, "message", {"text": "ours", "lang": "en"})
    answer = await client.post(
        f"/c/{pair.channel}/e/{ours}/ack", data={**blank, "state": "read", "once": "o"}
    )
    assert "not acknowledged" in answer.text


async def test_the_timeline_puts_ours_left_and_theirs_right_and_hides_tests(
    client: httpx.AsyncClient, pair: kit.Pair
) -> None:
    first = await pair.by.say(pair.channel, "message", {"text": "Ours", "lang": "en"})
    await arrived(pair.ua, first)
    second = await pair.ua.say(
        pair.channel, "message", {"text": "Theirs", "lang": "en"}, re=[first], mark="exercise"
    )
    await arrived(pair.by, second)
    page = (await client.get(f"/c/{pair.channel}")).text
    assert page.index('class="row ours"') < page.index('class="row theirs unreal"')
    assert "EXERCISE" in page
    assert "Log opened" not in page.partition("<ol")[2]
    assert "Log opened" in (await client.get(f"/c/{pair.channel}?all=1")).text.partition("<ol")[2]
    only = (await client.get(f"/c/{pair.channel}?kind=message&page=7")).text.partition("<ol")[2]
    assert "Theirs" in only
    assert "Charter" not in only
    entries = (await client.get(f"/api/channels/{pair.channel}/entries?limit=2")).json()
    assert len(entries["entries"]) == 2
    assert (await client.get("/api/status")).json()["party"] == "BY"
    assert (await client.get("/api/channels/00/entries")).status_code == 404
    assert (await client.get("/api/channels/" + pair.channel + "/entries?from=-1")).status_code == 400


async def test_a_hostile_entry_does_no_harm_on_any_page(
    client: httpx.AsyncClient, pair: kit.Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Their node prevents nothing.
    monkeypatch.setattr("detente.line.line.PREVENTED", frozenset())
    nasty = '"><script>alert(1)</script>\u202e\x00'
    body = {"text": nasty * 50, "lang": "en", "subject": nasty, "extra": {nasty: [nasty] * 5}}
    sent = await pair.ua.say(pair.channel, "message", body, precedence="immediate")
    await arrived(pair.by, sent)
    odd = await pair.ua.say(pair.channel, "no.such.kind", {"text": nasty})
    await arrived(pair.by, odd)
    for page in (
        "/",
        f"/c/{pair.channel}",
        f"/c/{pair.channel}/e/{sent}",
        f"/c/{pair.channel}/e/{odd}",
        f"/c/{pair.channel}/write?re={sent}",
    ):
        answer = await client.get(page)
        assert answer.status_code == 200, page
        assert "<script>alert" not in answer.text
        assert "\u202e" not in answer.text
        assert "\x00" not in answer.text


async def test_four_eyes_by_two_offices(tmp_path: Path) -> None:
    async with kit.pair(tmp_path) as made:
        by = made.by
        root, now = unlock_root(by.home, kit.PASS), by.here.node.clock()
        fields = {"k": 2, "of": ["duty", "head"]}
        made_office = add_office(
            by.home, root, "head", office_pass="head words", now=now, title="Head", **fields
        )
        changed = change_mandate(by.home, root, "duty", now=now, title="Duty officer", **fields)
        for credential in (made_office, changed):
            await by.here.operations.call("add_credential", {"credential": credential})
        async with by.browser() as duty, by.browser() as head:
            await kit.log_in(duty)
            await kit.log_in(head, "head words", office="head")
            address = f"/c/{made.channel}/write"
            csrf = kit.hidden((await duty.get(address)).text, "csrf")
            preview = (
                await duty.post(address, data={**FORM, "csrf": csrf, "text": "Four eyes", "step": "preview"})
            ).text
            assert "asks for 2 of duty, head" in preview
            data = {**FORM, "csrf": csrf, "text": "Four eyes", "step": "release", "once": "1"}
            answer = await duty.post(address, data=data)
            assert answer.headers["location"].startswith("/drafts/")
            draft = answer.headers["location"]
            assert "awaiting release" in (await duty.get(draft)).text
            assert "another office has to" in (await duty.get(draft)).text
            assert "1 awaiting release" in (await head.get("/")).text
            assert "by duty" in (await head.get("/drafts")).text
            token = kit.hidden((await head.get(draft)).text, "csrf")
            no_remark = await head.post(draft, data={"csrf": token, "step": "return", "remark": " "})
            assert "say what is to be changed" in no_remark.text
            await head.post(draft, data={"csrf": token, "step": "return", "remark": "Shorter, please."})
            assert "Shorter, please." in (await duty.get(draft)).text
            released = await head.post(draft, data={"csrf": token, "step": "release"})
            assert released.headers["location"].startswith(f"/c/{made.channel}/e/")
            (entry,) = [e for e in by.here.operations.records.entries(made.channel) if e.kind == "message"]
            assert set(entry.signers) == {"duty", "head"}
            assert entry.labels == ()
            assert unlock_author(by.home, "head", "head words").office == "head"


async def test_what_is_not_there_is_told(client: httpx.AsyncClient, pair: kit.Pair) -> None:
    for page in ("/nope", "/c/00", f"/c/{pair.channel}/e/UA-999", "/drafts/00", "/static/../app.py"):
        assert (await client.get(page)).status_code == 404, page
    assert (await client.get(f"/c/{pair.channel}/e/BY-3")).status_code == 200


async def test_two_read_outs_stand_side_by_side(client: httpx.AsyncClient, pair: kit.Pair) -> None:
    record = await pair.by.say(pair.channel, "contact.record", {"kind": "phone_call", "status": "held"})
    await arrived(pair.ua, record)
    ours = {
        "text": "The ministers held a telephone call on 14 February 2022. They discussed exercises.",
        "lang": "en",
    }
    theirs = {
        "text": "On 14 February 2022 the ministers spoke by telephone. Security in the region was discussed.",
        "lang": "en",
    }
    first = await pair.by.say(pair.channel, "readout", {**ours, "contact": record}, re=[record])
    missing = await client.get(f"/c/{pair.channel}/compare/{first}")
    assert missing.status_code == 400
    assert "no read-out of UA" in missing.text
    second = await pair.ua.say(pair.channel, "readout", {**theirs, "contact": record}, re=[record])
    await arrived(pair.by, second)
    page = await client.get(f"/c/{pair.channel}/compare/{record}")
    assert page.status_code == 200
    assert "Both say" in page.text
    assert "Only UA says" in page.text
    assert "Compare the read-outs" in (await client.get(f"/c/{pair.channel}/e/{first}")).text
