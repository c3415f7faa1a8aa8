# SPDX-License-Identifier: Apache-2.0
"""The plan of a world's days, and what befalls the parties: cuts, power, noise, clocks, old states, lies."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.sim import lies
from tests.sim.disk import CUT, TROUBLES
from tests.sim.network import NOISES
from tests.sim.parties import DAY
from tests.sim.speech import SPEECH, batch

if TYPE_CHECKING:
    from tests.sim.node import SimNode
    from tests.sim.world import Act, World

MINUTE = 60_000
Fault = Callable[["World", "SimNode", random.Random], None]
SAID = (8, 11)  # acts of speech in a day, and so many batches beside them
BULK = 3
BURSTS = 5  # in a day: few, so that what is said crosses, and faults meet traffic
BEFALLS = (6, 9)  # faults in a day
# In the evening it is looked so many times whether a day had its entries and faults; if not, there are more.
EVENINGS = 4
ENTRIES, FEWEST = 51, 6


def plan(world: World) -> list[Act]:
    """What happens when, over all days: in bursts, so that faults meet traffic."""
    from tests.sim.world import Act

    chance = random.Random(f"{world.seed}/plan")
    acts: list[tuple[int, str, int]] = []
    nodes = list(world.nodes.values())
    liars = [n for n, node in enumerate(nodes) if node.lies]
    said, befalls = list(SPEECH), list(FAULTS)
    weights, likely = [w for _, w in SPEECH.values()], [w for _, w in FAULTS.values()]
    for day in range(world.days):
        bursts = [day * DAY + chance.randrange(DAY - 20 * MINUTE) for _ in range(BURSTS)]
        for _ in range(chance.randint(*SAID)):
            at = chance.choice(bursts) + int(chance.expovariate(1 / (2 * MINUTE)))
            acts.append((at, chance.choices(said, weights)[0], chance.randrange(len(nodes))))
        for _ in range(BULK):
            at = chance.choice(bursts) + chance.randrange(MINUTE)
            acts.append((at, "batch", chance.randrange(len(nodes))))
        for _ in range(chance.randint(*BEFALLS)):
            at = chance.choice(bursts) + int(chance.expovariate(1 / MINUTE)) - MINUTE // 2
            acts.append((max(0, at), chance.choices(befalls, likely)[0], chance.randrange(len(nodes))))
        looks = ((day + 1) * DAY - n * 5 * MINUTE for n in range(EVENINGS, 0, -1))
        acts += [(at, "evening", chance.randrange(len(nodes))) for at in looks]
        for liar in liars:
            for _ in range(chance.randint(3, 8)):
                at = chance.choice(bursts) + int(chance.expovariate(1 / (2 * MINUTE)))
                acts.append((at, chance.choice(list(lies.LIES)), liar))
    return [Act(at, what, who, number) for number, (at, what, who) in enumerate(sorted(acts))]


def play(world: World, act: Act) -> None:
    """One act, with a generator of its own."""
    node = list(world.nodes.values())[act.who]
    chance = random.Random(f"{world.seed}/act/{act.number}")
    world.log("act", act.what, node.name)
    if act.what == "evening":
        evening(world, node, chance, act.at // DAY + 1)
    elif act.what in SPEECH:
        SPEECH[act.what][0](world, node, chance)
    elif act.what in FAULTS:
        FAULTS[act.what][0](world, node, chance)
    else:
        world.faults[f"lie: {act.what}"] += 1
        lies.LIES[act.what](world, node, chance)


def evening(world: World, node: SimNode, chance: random.Random, days: int) -> None:
    """What the days so far lack: of a member that cannot speak another says it."""
    if world.entries < ENTRIES * days:
        speaks = [n for n in world.nodes.values() if n.up and n.line.stopped is None]
        batch(world, node if node in speaks or not speaks else chance.choice(speaks), chance)
    if sum(n for name, n in world.faults.items() if not name.startswith("packet")) < FEWEST * days:
        what = chance.choices(list(FAULTS), [w for _, w in FAULTS.values()])[0]
        FAULTS[what][0](world, node, chance)


def _peer(world: World, node: SimNode, chance: random.Random) -> SimNode:
    return chance.choice([n for n in world.nodes.values() if n is not node])


def cut(world: World, node: SimNode, chance: random.Random) -> None:
    world.faults["connection cut"] += 1
    wait = chance.choice([100, 3_000, 5 * MINUTE, 60 * MINUTE, 6 * 60 * MINUTE])
    world.cut(node, _peer(world, node, chance), wait)


def crash(world: World, node: SimNode, chance: random.Random) -> None:
    world.faults["power off between commits"] += node.up
    node.power_off()


def torn(world: World, node: SimNode, chance: random.Random) -> None:
    """The power goes at some statement of the next commit (counted where it happens)."""
    if node.up:
        node.trouble = chance.randrange(14), CUT


def disk(world: World, node: SimNode, chance: random.Random) -> None:
    """The disk is full, busy or broken at some statement of the next commit (counted where it happens)."""
    if node.up:
        node.trouble = chance.randrange(9), chance.choice(list(TROUBLES))


def scarce(world: World, node: SimNode, chance: random.Random) -> None:
    """The disk is nearly full for a while: only floor kinds are read."""
    world.faults["disk nearly full"] += 1
    node.scarce = True

    def space() -> None:
        node.scarce = False

    world.later(chance.randint(1, 120) * MINUTE, space)


def noise(world: World, node: SimNode, chance: random.Random) -> None:
    link = world.link(node, _peer(world, node, chance))
    what = chance.choice(NOISES)
    link.noise[what] = (world.now + chance.randint(2, 90) * MINUTE, chance.choice([0.05, 0.2, 0.6]))
    world.faults[f"spell of {what} packets"] += 1


def slow(world: World, node: SimNode, chance: random.Random) -> None:
    world.faults["slow link"] += 1
    world.link(node, _peer(world, node, chance)).delay = chance.choice([1, 40, 900, 15_000])


def skew(world: World, node: SimNode, chance: random.Random) -> None:
    world.faults["clock skewed"] += 1
    node.offset = chance.randint(-10 * MINUTE, 10 * MINUTE)
    node.tick_soon()


def jump(world: World, node: SimNode, chance: random.Random) -> None:
    world.faults["clock jumped"] += 1
    node.offset += chance.choice([-1, 1]) * chance.choice([5_000, 30 * MINUTE, 5 * 60 * MINUTE])
    node.tick_soon()


def backup(world: World, node: SimNode, chance: random.Random) -> None:
    """No fault yet."""
    if node.up:
        node.images.append((node.disk.image(), node.held.copy()))


def _old(node: SimNode, chance: random.Random) -> tuple[bytes, object] | None:
    return chance.choice(node.images) if node.images and node.up else None


def restore(world: World, node: SimNode, chance: random.Random) -> None:
    """By `detente restore`: everybody here knows."""
    image = _old(node, chance)
    if image is not None:
        world.faults["restored from a backup"] += 1
        world.rolls += 1
        node.put_back(image, known=True)  # type: ignore[arg-type]


def rollback(world: World, node: SimNode, chance: random.Random) -> None:
    """An old state comes back unnoticed."""
    image = _old(node, chance)
    if image is not None:
        world.faults["old state came back unnoticed"] += 1
        world.rolls += 1
        node.put_back(image, known=False)  # type: ignore[arg-type]


def twin(world: World, node: SimNode, chance: random.Random) -> None:
    """A copy of the running node is at work in its stead for a while, then the node again."""
    if not node.up:
        return
    world.faults["copy of a running node"] += 1
    world.rolls += 1
    first, later = (node.disk.image(), node.held.copy()), chance.randint(5, 240) * MINUTE

    def back() -> None:
        if node.up:
            there = node.disk.image(), node.held.copy()
            node.put_back(first, known=False)
            world.later(later, lambda: node.put_back(there, known=False) if node.up else None)

    world.later(later, back)


FAULTS: dict[str, tuple[Fault, int]] = {
    "cut": (cut, 26), "crash": (crash, 7), "torn": (torn, 14), "noise": (noise, 24), "slow": (slow, 8),
    "skew": (skew, 8), "jump": (jump, 8), "backup": (backup, 6), "restore": (restore, 3),
    "rollback": (rollback, 3), "twin": (twin, 1), "disk": (disk, 6), "scarce": (scarce, 3),
}  # fmt: skip
