# SPDX-License-Identifier: Apache-2.0
"""What the steps of a replay stand on: the plan from the pages, and the facts of a case that fits them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from detente.node.casefile import Case
from detente.node.demo_plan import Exercise, Found, Plan, side_name
from detente.node.replay import Basis
from detente.press.exercises import exercise_key
from detente.seal import callcode


class Ground:
    """``case``: facts to add if the pages are about it. ``first`` began the contact, ``second`` did not."""

    def __init__(self, plan: Plan, case: Case | None, channel: str = "") -> None:
        self.plan, self.channel = plan, channel
        self.facts = case if case is not None and about(plan, case) else None
        self.first = plan.initiator or plan.sides[0]
        self.second = plan.other(self.first)
        self.secrets = {side: secrets.token_bytes(callcode.SECRET) for side in plan.sides}

    def cite(self, *ids: str) -> tuple[Basis, str]:
        """Basis and source of a step that facts of the case add; the replay's own without them."""
        if self.facts is None:
            return "replay", ""
        return "facts", "; ".join(f"{name}: {self.facts.facts[name].cite()}" for name in ids)

    def known(self, exercise: Exercise) -> Mapping[str, Any]:
        """What the case knows of an exercise by that name."""
        if self.facts is None:
            return {}
        key = exercise_key(exercise.name)
        rows: Iterable[Mapping[str, Any]] = self.facts.data.get("exercises", ())
        return next((row for row in rows if any(key.startswith(name) for name in row["names"])), {})

    def person(self, side: str) -> str:
        """Who spoke for a side: name and office as the page has them."""
        people = self.plan.people(side)
        named = [
            f"{one.get('name') or ''} ({one.get('office')})" if one.get("office") else one.get("name")
            for one in people
        ]
        return "; ".join(str(name).strip() for name in named if name) or side_name(side)

    def held(self) -> bool:
        """Whether the contact took place."""
        return self.plan.contact.value.get("status") == "held"

    def measures(self) -> list[Found]:
        """What was agreed, proposed or announced on the page of the contact."""
        return self.plan.of("measures", page=self.plan.contact.page)


def about(plan: Plan, case: Case) -> bool:
    """Whether the pages are about this case: the same sides, and a date that does not speak against it."""
    match = case.data.get("match")
    if match is None or set(match["sides"]) != set(plan.sides) or plan.date is None:
        return False
    bare = plan.date.rstrip("?~%")
    return bare[4:] == f"-{match['month_day']}" and bare[:4] in (match["year"], "XXXX")
