# SPDX-License-Identifier: Apache-2.0
"""Three parties under one charter, and leaves as one of them would send them."""

from __future__ import annotations

import itertools

from detente.seal.packet import BodyPart, CheckpointPart, LeafPart, LogPart, Part
from detente.words.charter import charter_body
from tests.line.harness import Node, Party, connect, run
from tests.line.test_review_hostile import members


def rest(nodes: list[Node], rounds: int = 20) -> None:
    """Exchange among all until all are silent."""
    for _ in range(rounds):
        if not sum(run(one, two) for one, two in itertools.combinations(nodes, 2)):
            return
    raise AssertionError("the lines do not come to rest")


def three() -> list[Node]:
    """Three connected nodes under one charter."""
    parties = [Party(name) for name in ("BY", "UA", "PL")]
    nodes = [Node(party, [other for other in parties if other is not party]) for party in parties]
    for one, two in itertools.combinations(nodes, 2):
        connect(one, two)
    rest(nodes)
    charter = nodes[0].say("charter", charter_body(members(*nodes)))
    rest(nodes)
    for node in nodes[1:]:
        node.say("assent", {}, re=[charter])
    rest(nodes)
    return nodes


def parts_of(node: Node, start: int, stop: int) -> list[Part]:
    """Leaves of the node's log with their bodies, and the head over them."""
    origin = node.own.origin
    parts: list[Part] = [LogPart(origin)]
    for index, (raw, body) in enumerate(node.store.leaves(origin, start, stop), start):
        parts += [LeafPart(index, raw), *([BodyPart(node.store.ids[origin][index], *body)] if body else [])]
    return [*parts, CheckpointPart(node.store.head(origin, stop))]
