# SPDX-License-Identifier: Apache-2.0
"""Which blocks of a page of HTML are the article: trafilatura's choice, mended by what blocks are.

Trafilatura gives text, not places; each block carries a mark of its own through it.
"""

from __future__ import annotations

import logging
from collections import Counter
from functools import lru_cache
from types import ModuleType

from detente.press.markup import Block, Markup, marks_in

#: Code points of a marked page, and blocks, up to which trafilatura is asked; its passes are not all linear.
MAX_MARKED = 1 << 20
MAX_BLOCKS = 10_000
#: Of what is chosen, the part from which a zone is the article's own frame, whatever it is called.
_FRAME = 0.3
#: What it raises on odd pages is not documented; such a page is read without it.
_ODD = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_PARAGRAPHS = frozenset(("p", "blockquote", "li", "h2", "h3", "h4", "q", "dd", "dt"))


@lru_cache(maxsize=1)
def _trafilatura() -> ModuleType:
    """Imported when a page of HTML comes: it takes a third of a second. Its log is its own affair."""
    import trafilatura

    log = logging.getLogger("trafilatura")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    return trafilatura


def article(markup: Markup) -> set[int]:
    """The numbers of the blocks that are the article's headline and text."""
    chosen = _chosen(markup)
    text = markup.view.text
    weights = {number: markup.blocks[number].end - markup.blocks[number].start for number in chosen}
    frames = _frames(markup.blocks, weights)
    inside = {number for number in chosen if _free(markup.blocks[number], frames)} or chosen
    if not inside:
        return inside
    first, last = min(inside), max(inside)
    parents = {markup.blocks[number].parent for number in inside}
    for number in range(first, last):
        block = markup.blocks[number]
        if number not in inside and block.parent in parents and _free(block, frames) and _prose(text, block):
            inside.add(number)
    return inside | _headline(markup.blocks, first)


def _chosen(markup: Markup) -> set[int]:
    """Trafilatura's choice; where it makes none, every block outside the zones."""
    found: set[int] = set()
    if len(markup.marked) <= MAX_MARKED and len(markup.blocks) <= MAX_BLOCKS:
        found = _asked(markup.marked)
    found = {number for number in found if number < len(markup.blocks)}
    text = markup.view.text
    if any(_prose(text, markup.blocks[number]) for number in found):
        return found
    return {number for number, block in enumerate(markup.blocks) if _free(block, set())}


def _asked(marked: str) -> set[int]:
    from lxml.etree import LxmlError  # type: ignore[import-untyped]

    try:
        text = _trafilatura().extract(
            f"<html><body>{marked}</body></html>", include_comments=False, include_tables=True
        )
    # What it raises on odd pages is not documented; then the page is read without it.
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        LxmlError,
        RuntimeError,
        TypeError,
        ValueError,
    ):
        return set()
    return marks_in(text or "")


def _frames(blocks: list[Block], weights: dict[int, int]) -> set[int]:
    """The zones that hold so much of the text that they are no furniture."""
    total = sum(weights.values())
    held: Counter[int] = Counter()
    for number, weight in weights.items():
        if blocks[number].root > 0:
            held[blocks[number].root] += weight
    return {root for root, weight in held.items() if weight > _FRAME * total}


def _free(block: Block, frames: set[int]) -> bool:
    return block.zone is None or (block.root in frames and block.zone != "hidden")


def _prose(text: str, block: Block) -> bool:
    """A paragraph by its element, with more than links in it."""
    wide = block.end - block.start
    return (
        block.tag in _PARAGRAPHS and block.linked * 2 < wide and (wide > 40 or text[block.end - 1] in ".!?:")
    )


def _headline(blocks: list[Block], first: int) -> set[int]:
    """The main heading nearest above the text."""
    above = [
        number for number in range(first) if blocks[number].tag == "h1" and blocks[number].zone != "hidden"
    ]
    return set(above[-1:])
