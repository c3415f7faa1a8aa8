# SPDX-License-Identifier: Apache-2.0
"""Two parties served by the real program; a real browser at one of them, the command line at the other."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "console.png"
OFFICE = "office words"
ACCESS = (Path(__file__).parent / "access.js").read_text(encoding="utf-8").partition("wrong.\n")[2]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium: apt-get install chromium"),
]
playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: make test sets it up"
)


@dataclass
class Two:
    """Homes, addresses and processes of BY and UA."""

    place: Path
    env: dict[str, str]
    channel: str = ""
    consoles: dict[str, str] = field(default_factory=dict)
    nodes: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *words: str, text: str | None = None) -> Any:
        """One command with ``--json``; its document."""
        command = [sys.executable, "-m", "detente", *words, "--json"]
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            env=self.env,
            cwd=self.place,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return json.loads(done.stdout)

    def serve(self, home: str) -> None:
        command = [sys.executable, "-m", "detente", "serve", home, "--console", "localhost:0", "--json"]
        log = (self.place / f"{home}.log").open("w")
        node = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=self.env, cwd=self.place
        )
        log.close()
        self.nodes.append(node)
        assert node.stdout is not None
        line = node.stdout.readline()
        assert line, (self.place / f"{home}.log").read_text()
        self.consoles[home] = json.loads(line)["console"]

    def say(self, home: str, kind: str, body: dict[str, Any], *options: str) -> Any:
        words = ("say", home, self.channel, kind, "-", "--wait", "delivered", "--timeout", "40", *options)
        return self.run(*words, text=json.dumps(body))

    def entry(self, home: str, entry_id: str) -> dict[str, Any]:
        return next(e for e in self.run("log", home, self.channel)["entries"] if e["id"] == entry_id)

    def until(self, home: str, entry_id: str, state: str) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.entry(home, entry_id)["state"] == state:
                return
        raise AssertionError(f"{entry_id} is {self.entry(home, entry_id)['state']}, not {state}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    place = tmp_path_factory.mktemp("two")
    own = {
        "DETENTE_STATE_DIR": str(place / "state"),
        "DETENTE_PASSPHRASE": "service words",
        "DETENTE_OFFICE_PASSPHRASE": OFFICE,
    }
    found = Two(place, {**os.environ, **own, "TZ": "Europe/Minsk"})
    for home in ("by", "ua"):
        endpoint = f"https://127.0.0.1:{_free_port()}"
        found.run(
            "init", home, "--party", home.upper(), "--name", "Ministry of Defence", "--endpoint", endpoint
        )
        (place / f"{home}.card").write_text(json.dumps(found.run("card", home)))
    found.run("meet", "by", "ua.card", "--yes")
    found.run("meet", "ua", "by.card", "--yes")
    try:
        found.serve("by")
        found.serve("ua")
        found.channel = found.run("channel", "propose", "by", "--with", "UA")["channel"]
        found.run("channel", "assent", "ua", found.channel)
        yield found
    finally:
        for node in found.nodes:
            node.terminate()
        for node in found.nodes:
            node.wait(20)
            assert node.stdout is not None
            node.stdout.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as one:
        browser = one.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@dataclass
class Seen:
    """What went wrong or elsewhere in a page."""

    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def open_page(chromium: Any, **options: Any) -> tuple[Any, Seen]:
    context = chromium.new_context(viewport={"width": 1200, "height": 800}, **options)
    context.set_default_timeout(20_000)
    page, seen = context.new_page(), Seen()
    page.on(
        "console", lambda message: seen.problems.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: seen.problems.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    return page, seen


def log_in(page: Any, url: str) -> None:
    page.goto(url)
    page.get_by_label("Passphrase of the office").fill(OFFICE)
    page.keyboard.press("Enter")
    page.locator("[data-part=line]").wait_for()


def story(two: Two) -> None:
    """What the two have said before, so that the page has something to show."""
    asked = two.say(
        "ua",
        "message",
        {"text": "We ask for a call between the ministers tomorrow at 11:00 UTC.", "lang": "en"},
        "--precedence",
        "priority",
    )
    two.say(
        "by",
        "message",
        {"text": "Agreed: 11:00 UTC. The code words go by the phrase book.", "lang": "en"},
        "--re",
        asked["id"],
    )
    exercise = {
        "name": "Union Resolve",
        "nature": "land",
        "starts": "2026-12-10",
        "ends": "2026-12-20",
        "troops": 9000,
    }
    notified = two.say("by", "exercise.notification", exercise, "--precedence", "priority")
    two.run(
        "ack",
        "ua",
        two.channel,
        notified["id"],
        "--state",
        "understood",
        "--note",
        "9,000 from 10 to 20 December",
    )
    concern = {
        "concern": "Heavy equipment has moved towards the border beyond what was notified.",
        "area": "Brest region",
        "host": "BY",
    }
    two.say("ua", "explanation.request", concern, "--re", notified["id"])


def test_an_alarm_a_person_and_the_answer(two: Two, chromium: Any) -> None:
    story(two)
    page, seen = open_page(chromium, timezone_id="Europe/Minsk")
    log_in(page, two.consoles["by"])
    line = page.locator("[data-part=line]")
    assert "Line up" in line.inner_text()
    assert "Nothing urgent waits" in page.locator("[data-part=now]").inner_text()
    page.get_by_text("in time").first.wait_for(timeout=40_000)

    # The other side sends a flash; the page that is open rings by itself.
    place = {"place": "51°31′ N 23°36′ E", "time": "09:12 UTC"}
    flash = two.say("ua", "phrase", {"code": "1", "parameters": place}, "--precedence", "flash")
    alarm = page.locator("[data-alarm]")
    alarm.wait_for()
    words = alarm.inner_text()
    assert "Our own forces are under your fire. Place: 51°31′ N 23°36′ E." in words
    assert re.search(r"(1 min|\d+ s) left, due \d\d:\d\d UTC", words)
    assert page.title().startswith("● FLASH UA-")
    assert page.locator("body.ringing").count() == 1
    assert "Act now: FLASH UA-" in page.locator("#alarm").inner_text()
    two.until("ua", flash["id"], "displayed")
    picture(page)
    check_access(page)

    # By keyboard alone.
    button = page.get_by_role("button", name="Acknowledge: read")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_text(": read.").wait_for()
    assert page.locator("[data-alarm]").count() == 0
    assert page.locator("body.ringing").count() == 0
    two.until("ua", flash["id"], "read")

    # Write, see it as they will, release.
    page.get_by_role("link", name="BY ⇄ UA").first.click()
    check_access(page)
    page.get_by_role("link", name="Write a message").click()
    page.get_by_label("Message").fill("Cease-fire ordered.\n<b>Not bold.</b>")
    page.get_by_label("Refers to").fill(flash["ref"])
    page.get_by_label("Precedence").select_option("immediate")
    check_access(page)
    page.get_by_role("button", name="Preview").click()
    assert "<b>Not bold.</b>" in page.locator("article.paper").inner_text()
    assert "signed by duty, alone" in page.locator(".consequences").inner_text()
    check_access(page)
    page.get_by_role("button", name="Release to UA").click()
    page.get_by_text("Released as BY-").wait_for()
    check_access(page)
    told = two.run("log", "ua", two.channel)["entries"][-1]
    sent = next(
        e
        for e in two.run("log", "ua", two.channel)["entries"]
        if e["kind"] == "message" and flash["id"] in e["re"]
    )
    assert sent["body"]["text"] == "Cease-fire ordered.\n<b>Not bold.</b>"
    assert told["party"] in ("BY", "UA")
    page.get_by_role("link", name="Verify now").click()
    page.get_by_text("under a head signed by the log's key").wait_for()
    assert page.get_by_text("does not hold").count() == 0
    own = two.consoles["by"]
    assert not seen.problems
    assert all(request.startswith(own) for request in seen.requests)
    page.context.close()


def test_news_does_not_shift_what_is_being_read(two: Two, chromium: Any) -> None:
    page, seen = open_page(chromium)
    log_in(page, two.consoles["by"])
    page.goto(f"{two.consoles['by']}/c/{two.channel}")
    page.wait_for_load_state("load")
    before = page.locator(".timeline .row").count()
    place = (
        page.locator(".timeline .row").last.bounding_box()["y"]
        - page.locator(".timeline").bounding_box()["y"]
    )
    two.say("ua", "message", {"text": "One more.", "lang": "en"})
    news = page.get_by_text("1 new entry.")
    news.wait_for()
    assert page.locator(".timeline .row").count() == before
    after = (
        page.locator(".timeline .row").last.bounding_box()["y"]
        - page.locator(".timeline").bounding_box()["y"]
    )
    assert after == pytest.approx(place, abs=1)
    page.get_by_role("link", name="Show", exact=True).click()
    page.get_by_text("One more.").wait_for()
    assert not seen.problems
    page.context.close()


def test_reading_and_acknowledging_without_scripts_in_the_dark(two: Two, chromium: Any) -> None:
    flash = two.say(
        "ua",
        "message",
        {"text": "Without scripts.", "lang": "en"},
        "--precedence",
        "flash",
        "--mark",
        "drill",
    )
    page, _ = open_page(chromium, java_script_enabled=False, color_scheme="dark")
    log_in(page, two.consoles["by"])
    alarm = page.locator("[data-alarm]").filter(has_text="Without scripts.")
    assert "DRILL" in alarm.inner_text()
    alarm.get_by_role("button", name="Acknowledge: read").click()
    page.get_by_text(": read.").wait_for()
    two.until("ua", flash["id"], "read")
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Passphrase of the office").wait_for()
    page.context.close()


def test_the_dark_pages_can_be_read_too(two: Two, chromium: Any) -> None:
    two.say("ua", "message", {"text": "In the dark.", "lang": "en"}, "--precedence", "immediate")
    page, _ = open_page(chromium, color_scheme="dark")
    log_in(page, two.consoles["by"])
    page.locator("[data-alarm]").wait_for()
    for address in (
        "/",
        f"/c/{two.channel}",
        f"/c/{two.channel}/e/UA-4?verify=1",
        f"/c/{two.channel}/write",
        "/drafts",
        "/nope",
    ):
        page.goto(two.consoles["by"] + address)
        check_access(page)
    page.set_viewport_size({"width": 400, "height": 800})
    for address in ("/", f"/c/{two.channel}", f"/c/{two.channel}/e/UA-4?verify=1"):
        page.goto(two.consoles["by"] + address)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 400, f"{address} is {wide} px wide on a small screen"
    page.context.close()


def picture(page: Any) -> None:
    """The picture in the README: made where there is none, and anew on request."""
    if os.environ.get("DETENTE_PICTURES") or not PICTURE.exists():
        page.set_viewport_size({"width": 1200, "height": 1120})
        page.wait_for_timeout(300)
        page.evaluate("document.body.classList.remove('ringing')")
        page.screenshot(path=str(PICTURE))
        page.set_viewport_size({"width": 1200, "height": 800})


def check_access(page: Any) -> None:
    page.wait_for_load_state("load")
    assert page.evaluate(ACCESS) == []
    assert page.evaluate("document.documentElement.lang") == "en"
