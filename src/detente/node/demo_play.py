# SPDX-License-Identifier: Apache-2.0
"""The demo's two halves of work: pages are read, and the parties go through the script made from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

from detente.errors import MalformedError, RefusedError, UsageError
from detente.node.casefile import Case
from detente.node.demo_after import after
from detente.node.demo_ground import Ground
from detente.node.demo_outside import outside
from detente.node.demo_plan import Page, Plan, side_name
from detente.node.demo_script import before, contact
from detente.node.demo_words import CLAIM_ANSWER, attaches, words
from detente.node.replay import Done, Exchange, Step
from detente.press.importer import read_page
from detente.press.source import decode
from detente.seal import callcode

REGIME = "vienna-2011"


def read(name: str, raw: bytes) -> Page:
    """A page with its text and findings. Raises MalformedError that names it."""
    try:
        return Page(decode(raw)[0], read_page(raw, name=name))
    except MalformedError as error:
        raise MalformedError(f"{name}: {error}") from None


def given_pages(files: Sequence[Path]) -> list[Page]:
    """The pages in these files. UsageError if one cannot be read."""
    try:
        return [read(path.name, path.read_bytes()) for path in files]
    except OSError as error:
        raise UsageError(f"cannot read {error.filename}: {error.strerror}") from None


def own_pages() -> list[Page]:
    """The pages that come with the program, which retell the facts in its own words."""
    folder = resources.files("detente.press") / "pages"
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".txt"))
    if not names:
        raise RefusedError("this installation has no pages of its own; give some with --pages")
    return [read(name, (folder / name).read_bytes()) for name in names]


async def play(
    exchange: Exchange,
    plan: Plan,
    case: Case | None,
    done: Callable[[str, Done], None],
    timed: Callable[[Step], Step] = lambda step: step,
) -> None:
    """The whole exchange; ``done`` hears of every step with its chapter, ``timed`` may set its time."""
    first = plan.initiator or plan.sides[0]
    await exchange.open(
        plan.other(first),
        regimes=[REGIME],
        languages=["en"],
        purpose=f"A line between {side_name(plan.sides[0])} and {side_name(plan.sides[1])}, for a replay.",
        answer_due={"explanation.request": 48 * 3600, "undertaking.claim": CLAIM_ANSWER},
    )
    for one in exchange.done:
        done("The line is opened", one)
    ground = Ground(plan, case, exchange.channel)
    chapters = (
        ("Before", before(ground)),
        ("The contact", contact(ground)),
        ("Each side's words", words(ground)),
        ("What was agreed", attaches(ground)),
        ("Afterwards", after(ground)),
    )
    for title, steps in chapters:
        for step in steps:
            done(title, await exchange.play(timed(step)))
    for (keeper, about), notes in outside(ground).items():
        await exchange.open_register(
            keeper, about, f"Our notes of contacts with {side_name(about)}, for a replay."
        )
        title = f"In {keeper}'s register about {about}, which has no node here"
        for step in notes:
            done(title, await exchange.play(timed(step)))
    await exchange.settle()


def codes(exchange: Exchange, sides: Sequence[str]) -> dict[str, str]:
    """What each side reads out before the call, computed from what stands on the line; {} without codes."""
    committed: dict[str, str] = {}
    revealed: dict[str, str] = {}
    for entry in exchange.entries(sides[0]):
        committed |= dict((entry.body or {}).get("code_commitments") or {})
        revealed |= dict((entry.body or {}).get("code_reveals") or {})
    if set(revealed) != set(sides):
        return {}
    secrets = {
        side: callcode.check(revealed[side], committed[side], exchange.channel, side) for side in sides
    }
    return {side: callcode.code(secrets, exchange.channel, exchange.ids["proposal"], side) for side in sides}
