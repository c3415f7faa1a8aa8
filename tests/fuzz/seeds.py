# SPDX-License-Identifier: Apache-2.0
"""Write the first inputs of every target to its corpus: ``python -m tests.fuzz.seeds``.

They come from the protocol's vectors and from the targets' own samples. What a run found stays.
"""

from __future__ import annotations

from tests.fuzz.places import CORPUS, MAX_SEED, MAX_SEEDS, name_of
from tests.fuzz.targets import TARGETS


def main() -> None:
    """Add what is missing."""
    for name, target in sorted(TARGETS.items()):
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        # The smallest say most: a large one is slow to change and to read.
        found = sorted(
            {raw for raw in target.seeds() if len(raw) <= MAX_SEED}, key=lambda raw: (len(raw), raw)
        )
        for raw in found[:: max(1, len(found) // 16)][:16]:
            if len(list(folder.iterdir())) < MAX_SEEDS:
                (folder / name_of(raw)).write_bytes(raw)
        print(f"{name:20} {len(list(folder.iterdir()))} files")


if __name__ == "__main__":
    main()
