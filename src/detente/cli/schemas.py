# SPDX-License-Identifier: Apache-2.0
"""What every command prints with ``--json``, as models; ``detente schema COMMAND`` publishes them.

More fields than these may stand in an output; these stay as they are.
"""

from __future__ import annotations

from typing import Any

import msgspec

from detente.cli.schemas_act import (
    Backup,
    Cases,
    Channels,
    ChannelShown,
    Credential,
    Doctor,
    Draft,
    DraftChanged,
    Drafts,
    EvidenceExported,
    EvidenceKept,
    EvidenceVerified,
    Exported,
    Issued,
    Made,
    Met,
    Names,
    Offices,
    Opened,
    Prepared,
    Ready,
    RecallTime,
    Restored,
    Said,
    Streamed,
    Succeeded,
    TakenOffline,
    Template,
)
from detente.cli.schemas_record import (
    Comparison,
    DemoResult,
    LogResult,
    RoomAttached,
    RoomExported,
    RoomOpened,
    SearchResult,
    ShowResult,
    Sources,
    StandingResult,
    VerifyResult,
    WatchLine,
)

OUTPUTS: dict[str, type[msgspec.Struct]] = {
    "init": Made,
    "card": Credential,
    "meet": Met,
    "office add": Issued,
    "office mandate": Issued,
    "office revoke": Issued,
    "office list": Offices,
    "keys prepare": Prepared,
    "keys take-root-offline": TakenOffline,
    "keys card": Credential,
    "keys succeed": Succeeded,
    "serve": Ready,
    "channel template": Template,
    "channel propose": Opened,
    "channel assent": Opened,
    "channel decline": Opened,
    "channel register": Opened,
    "channel list": Channels,
    "channel show": ChannelShown,
    "say": Said,
    "say stream": Streamed,
    "ack": Said,
    "draft list": Drafts,
    "draft show": Draft,
    "draft sign": DraftChanged,
    "draft release": Said,
    "draft return": DraftChanged,
    "draft recall": DraftChanged,
    "draft recall-time": RecallTime,
    "log": LogResult,
    "show": ShowResult,
    "search": SearchResult,
    "watch": WatchLine,
    "case list": Cases,
    "case run": Cases,
    "standing": StandingResult,
    "readouts compare": Comparison,
    "press import": Sources,
    "press open": RoomOpened,
    "press review": Sources,
    "press export": RoomExported,
    "press attach": RoomAttached,
    "export": Exported,
    "verify": VerifyResult,
    "backup": Backup,
    "restore": Restored,
    "doctor": Doctor,
    "evidence list": EvidenceKept,
    "evidence export": EvidenceExported,
    "evidence verify": EvidenceVerified,
    "demo": DemoResult,
    "schema": Names,
}


def schema_of(command: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a command's output; KeyError if it has none."""
    model = OUTPUTS[command]
    _, parts = msgspec.json.schema_components([model], ref_template="#/$defs/{name}")
    own = dict(parts.pop(model.__name__))
    head: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:detente:command:{command.replace(' ', '-')}:1",
    }
    return head | own | {"title": f"detente {command}"} | ({"$defs": parts} if parts else {})
