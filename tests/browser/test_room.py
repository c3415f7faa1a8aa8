# SPDX-License-Identifier: Apache-2.0
"""A journalist's evening: the real program, a real browser, the keyboard alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "reading-room.png"
ACCESS = (Path(__file__).parent / "access.js").read_text(encoding="utf-8").partition("wrong.\n")[2]
CALL = """Главная  Новости  Контакты
Поделиться: ВКонтакте Facebook

Министры обороны поговорили по телефону

14 февраля 2022 года состоялся телефонный разговор министра обороны Беларуси с министром обороны Украины.
Разговор прошёл по инициативе украинской стороны, сообщает Минобороны Беларуси.
Стороны обсудили меры доверия и безопасности, заявили в Минобороны Беларуси.
Минобороны Украины заверило, что войска страны не угрожают соседям.

Самое читаемое
1. Погода на завтра
2. Курс рубля
© 2022 Пример
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium: apt-get install chromium"),
]
playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: make test sets it up"
)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    place = tmp_path_factory.mktemp("room")
    command = [sys.executable, "-m", "detente", "press", "open", "room", "--by", "anna", "--json"]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=place, env=dict(os.environ))
    try:
        assert program.stdout is not None
        yield place / "room", json.loads(program.stdout.readline())["url"]
    finally:
        program.terminate()
        assert program.wait(20) == 0
        program.stdout.close() if program.stdout else None


@pytest.fixture(scope="module")
def page(room: tuple[Path, str]) -> Iterator[Any]:
    with playwright.sync_playwright() as one:
        browser = one.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(20_000)
        found = context.new_page()
        found.problems, found.asked = [], []
        found.on("console", lambda m: found.problems.append(m.text) if m.type == "error" else None)
        found.on("pageerror", lambda error: found.problems.append(str(error)))
        found.on("request", lambda request: found.asked.append(request.url))
        found.goto(room[1])
        yield found
        browser.close()


def _sound(page: Any) -> None:
    assert page.evaluate(ACCESS) == []
    assert page.problems == []
    own = page.url.split("/")[2]
    assert {url.split("/")[2] for url in page.asked} == {own}


def test_the_first_page_says_what_to_do(page: Any) -> None:
    _sound(page)
    page.get_by_role("link", name="Add the first page").click()
    page.get_by_label("Or a text, pasted").fill(CALL)
    page.get_by_label("Where it stood").fill("https://example.org/call")
    _sound(page)
    page.get_by_role("button", name="Add").click()
    page.get_by_role("heading", level=1, name="Министры обороны поговорили").wait_for()


def test_the_text_is_marked_and_its_furniture_grey(page: Any) -> None:
    words = page.locator(".page-words")
    assert words.locator("mark").count() >= 2
    grey = " ".join(words.locator(".furniture").all_inner_texts())
    assert "Самое читаемое" in grey
    assert "телефонный" not in grey
    _sound(page)


def test_findings_are_decided_by_the_keyboard_alone(page: Any, room: tuple[Path, str]) -> None:
    count = page.locator("article.finding").count()
    assert count >= 2
    first = page.locator("article.finding.on")
    assert first.get_attribute("data-number") == "1"
    assert page.locator("mark.on").count() >= 1
    page.keyboard.press("y")
    page.locator("#f-1.confirmed").wait_for()
    assert page.locator("article.finding.on").get_attribute("data-number") == "2"
    page.keyboard.press("n")
    page.locator("#f-2.rejected").wait_for()
    page.keyboard.press("k")
    page.keyboard.press("k")
    page.locator("#f-1.on").wait_for()
    page.keyboard.press("u")
    page.locator("#f-1.proposed").wait_for()
    decided = [json.loads(line) for line in (room[0] / "decisions.jsonl").read_text().splitlines()]
    assert [one["verdict"] for one in decided] == ["confirmed", "rejected", "proposed"]
    assert {one["by"] for one in decided} == {"anna"}


def test_a_finding_is_corrected(page: Any, room: tuple[Path, str]) -> None:
    page.locator("article.finding", has_text="contact").first.click()
    number = page.locator("article.finding", has_text="contact").first.get_attribute("data-number")
    while page.locator("article.finding.on").get_attribute("data-number") != number:
        page.keyboard.press("k")
    page.keyboard.press("e")
    page.locator(f"#f-{number}").get_by_label("kind").select_option("video_call")
    page.locator(f"#f-{number}").get_by_role("button", name="Keep the correction").click()
    page.locator(f"#f-{number}.corrected").wait_for()
    assert "video call" in page.locator(f"#f-{number} .what").inner_text()
    _sound(page)
    if os.environ.get("DETENTE_PICTURES") or not PICTURE.exists():
        PICTURE.parent.mkdir(exist_ok=True)
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=str(PICTURE))


def test_the_list_finds_it_and_reads_without_scripts(page: Any) -> None:
    page.get_by_role("link", name="Sources", exact=True).first.click()
    page.get_by_label("Words of title").fill("телефону")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=*")
    assert page.locator("table.sources tbody tr").count() == 1
    _sound(page)
    plain = page.context.browser.new_context(java_script_enabled=False)
    plain.add_cookies(page.context.cookies())
    quiet = plain.new_page()
    quiet.goto(page.url)
    quiet.get_by_role("link", name="Министры обороны поговорили").first.click()
    quiet.locator("article.finding.proposed").first.get_by_role("button", name="Confirm").click()
    quiet.locator("article.finding.confirmed").first.wait_for()
    plain.close()


def test_it_works_on_a_narrow_and_a_dark_screen(page: Any) -> None:
    page.get_by_role("link", name="Министры обороны поговорили").first.click()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.emulate_media(color_scheme="dark")
    _sound(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})
