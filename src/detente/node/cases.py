# SPDX-License-Identifier: Apache-2.0
"""Replaying the historical cases: real nodes, with a clock that is set to the days of the case."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from detente.node import casefile
from detente.node.case_call import replay_call
from detente.node.case_notice import replay_notice
from detente.node.case_steps import replay_steps
from detente.node.case_watch import replay_watch
from detente.node.casefile import Case

# How each kind of case is replayed; the files say which kind they are.
KINDS: dict[str, Callable[[Case, Path], Coroutine[Any, Any, dict[str, Any]]]] = {
    "call": replay_call,
    "notice": replay_notice,
    "steps": replay_steps,
    "watch": replay_watch,
}


def list_cases() -> list[dict[str, Any]]:
    """Every case: name, title, what it is about, how many facts and sources it has."""
    cases = [casefile.load(name) for name in casefile.names()]
    return [
        {
            "name": case.name,
            "title": case.title,
            "what": case.what,
            "facts": len(case.facts),
            "sources": len(case.sources),
        }
        for case in cases
    ]


def run_case(name: str, place: Path) -> dict[str, Any]:
    """Replay one case with homes in ``place``: what was seen and when, and its measures.

    ``ok`` says whether the replay came out as it should. UsageError if there is no such case.
    """
    case = casefile.load(name)
    told = asyncio.run(KINDS[case.kind](case, place))
    facts: list[dict[str, Any]] = [
        {
            "id": fact.id,
            "date": fact.date,
            "text": fact.text,
            "sources": list(fact.sources),
            "status": fact.status,
        }
        for fact in case.facts.values()
    ]
    return {"title": case.title, "what": case.what, "facts": facts, "sources": dict(case.sources)} | told
