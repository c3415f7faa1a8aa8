# SPDX-License-Identifier: Apache-2.0
"""The store's tables beside the lines: peers, credentials, drafts, outgoing, audit, path health, alarms.

Values that have a form of their own elsewhere are kept as JSON and come back as dicts.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

Doc = dict[str, Any]
META_SPENT = "spent_logs"


class NodeTables(ABC):
    """Typed access to the node's own tables. Each ``put`` is one durable transaction."""

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...

    @abstractmethod
    def _docs(self, sql: str, values: Sequence[Any] = (), parsed: Sequence[str] = ()) -> list[Doc]: ...

    @abstractmethod
    def _run(self, sql: str, values: Sequence[Any]) -> None: ...

    # Meta ----------------------------------------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        """A value kept under ``key``, or None."""
        rows = self._rows("SELECT value FROM meta WHERE key=?", (key,))
        return str(rows[0][0]) if rows else None

    def put_meta(self, key: str, value: str) -> None:
        """Keep a value under ``key``."""
        self._run("INSERT OR REPLACE INTO meta VALUES(?,?)", (key, value))

    # Channels ------------------------------------------------------------------------------------------

    def channels(self) -> list[Doc]:
        """All channels: ``channel, kind, about, created, state`` (a dict), oldest first."""
        return self._docs("SELECT * FROM channels ORDER BY created, channel", parsed=("state",))

    def channel(self, channel: str) -> Doc | None:
        """One channel as in ``channels``, or None."""
        rows = self._docs("SELECT * FROM channels WHERE channel=?", (channel,), parsed=("state",))
        return rows[0] if rows else None

    def put_channel(self, channel: str, kind: str, about: str, created: int, state: Doc) -> None:
        """Add a channel (``kind``: "channel" or "register") or change its state."""
        self._run(
            "INSERT OR REPLACE INTO channels VALUES(?,?,?,?,?)",
            (channel, kind, about, created, json.dumps(state)),
        )

    def lost_logs(self) -> list[Doc]:
        """Our own logs that need a succession: ``channel, origin``, without those that have one.

        Those that were lost, and those in which somebody else signed too.
        """
        return self._docs(
            "SELECT channel, origin FROM logs a WHERE mine AND (lost OR EXISTS (SELECT 1 FROM evidence e"
            " WHERE e.channel=a.channel AND e.origin=a.origin AND e.what<>'rivals')) AND NOT EXISTS"
            " (SELECT 1 FROM logs b WHERE b.channel=a.channel AND b.mine AND b.seq>a.seq)"
        )

    def spent_logs(self) -> set[str]:
        """Origins that must never be opened as new, without those that the store shows in use."""
        return set(json.loads(self.meta(META_SPENT) or "[]"))

    def own_logs(self) -> set[str]:
        """Origins of our own logs in all channels."""
        return {row["origin"] for row in self._docs("SELECT origin FROM logs WHERE mine")}

    def used_logs(self) -> set[str]:
        """Origins of our own logs that are in use or must not be: what ``unused_log`` leaves out."""
        return self.spent_logs() | self.own_logs()

    def mark_lost(self) -> None:
        """Bar every log of ours: this party goes on only in new ones, by succession."""
        self._run("UPDATE logs SET lost=1 WHERE mine", ())

    # Parties and credentials ---------------------------------------------------------------------------

    def put_peer(self, party: str, card: Doc, met: int) -> None:
        """Keep the card credential of a party that was met; ``met`` (ms) stays that of the first time."""
        self._run(
            "INSERT INTO peers VALUES(?,?,?) ON CONFLICT(party) DO UPDATE SET card=excluded.card",
            (party, json.dumps(card), met),
        )

    def peers(self) -> list[Doc]:
        """Parties met: ``party, card`` (credential), ``met``, oldest first."""
        return self._docs("SELECT * FROM peers ORDER BY met, party", parsed=("card",))

    def peer(self, party: str) -> Doc | None:
        """One party met, or None."""
        rows = self._docs("SELECT * FROM peers WHERE party=?", (party,), parsed=("card",))
        return rows[0] if rows else None

    def put_credential(self, credential_id: str, kind: str, credential: Doc) -> None:
        """Keep a credential of our own party."""
        self._run(
            "INSERT OR IGNORE INTO credentials(id, type, credential) VALUES(?,?,?)",
            (credential_id, kind, json.dumps(credential)),
        )

    def credentials(self, kind: str | None = None) -> list[Doc]:
        """Our own credentials (``{"doc","sig"}``) of one type or all, in the order they were made."""
        rows = self._docs(
            "SELECT credential FROM credentials WHERE ?1 IS NULL OR type=?1 ORDER BY n",
            (kind,),
            ("credential",),
        )
        return [row["credential"] for row in rows]

    # Desk ----------------------------------------------------------------------------------------------

    def put_draft(self, draft_id: str, channel: str, draft: Doc, status: str, history: list[Doc]) -> None:
        """Add or change a draft."""
        self._run(
            "INSERT OR REPLACE INTO drafts VALUES(?,?,?,?,?)",
            (draft_id, channel, json.dumps(draft), status, json.dumps(history)),
        )

    def draft(self, draft_id: str) -> Doc | None:
        """One draft: ``id, channel, draft, status, history``, or None."""
        rows = self._docs("SELECT * FROM drafts WHERE id=?", (draft_id,), ("draft", "history"))
        return rows[0] if rows else None

    def drafts(self, status: str | None = None) -> list[Doc]:
        """Drafts of one status or all."""
        return self._docs(
            "SELECT * FROM drafts WHERE ?1 IS NULL OR status=?1"
            " ORDER BY json_extract(history, '$[0].at'), id",
            (status,),
            ("draft", "history"),
        )

    def put_outgoing(self, entry_id: str, channel: str, due: int, statement: Doc) -> None:
        """Keep a released statement until its recall time ends at ``due`` (ms)."""
        self._run(
            "INSERT OR REPLACE INTO outgoing VALUES(?,?,?,?)", (entry_id, channel, due, json.dumps(statement))
        )

    def outgoing(self) -> list[Doc]:
        """Released statements that wait: ``id, channel, due, statement``, the first due first."""
        return self._docs("SELECT * FROM outgoing ORDER BY due, id", parsed=("statement",))

    def drop_outgoing(self, entry_id: str) -> None:
        """The statement was placed or recalled."""
        self._run("DELETE FROM outgoing WHERE id=?", (entry_id,))

    def put_audit(self, at: int, who: str, what: str, ref: str) -> None:
        """Note who did what here, when (ms)."""
        self._run("INSERT INTO audit(at, who, what, ref) VALUES(?,?,?,?)", (at, who, what, ref))

    def audit(self, limit: int = 1000) -> list[Doc]:
        """The newest notes, oldest of them first: ``at, who, what, ref``."""
        rows = self._docs("SELECT at, who, what, ref FROM audit ORDER BY n DESC LIMIT ?", (limit,))
        return rows[::-1]

    # Paths and alarms ----------------------------------------------------------------------------------

    def put_path_event(
        self,
        at: int,
        peer: str,
        path: str,
        ok: bool,
        ms: float | None = None,
        error: str | None = None,
        fault: str | None = None,
    ) -> None:
        """Note how a path did; ``fault``: "theirs", "ours", "path" or None."""
        self._run(
            "INSERT INTO path_health(at, peer, path, ok, ms, error, fault) VALUES(?,?,?,?,?,?,?)",
            (at, peer, path, ok, ms, error, fault),
        )

    def path_events(self, peer: str | None = None, since: int = 0) -> list[Doc]:
        """What was noted of one peer's paths or all since ``since`` (ms), oldest first."""
        rows = self._docs(
            "SELECT at, peer, path, ok, ms, error, fault FROM path_health"
            " WHERE (?1 IS NULL OR peer=?1) AND at>=?2 ORDER BY n",
            (peer, since),
        )
        return [{**row, "ok": bool(row["ok"])} for row in rows]

    def drop_path_events(self, before: int) -> None:
        """Forget path notes older than ``before`` (ms)."""
        self._run("DELETE FROM path_health WHERE at<?", (before,))

    def put_alarm(
        self,
        alarm_id: str,
        at: int,
        channel: str,
        entry: str,
        what: str,
        state: str,
        detail: Doc | None = None,
    ) -> None:
        """Add or change an alarm; ``state`` is "ringing", "taken" or "over" (or the caller's own word)."""
        self._run(
            "INSERT OR REPLACE INTO alarms VALUES(?,?,?,?,?,?,?)",
            (alarm_id, at, channel, entry, what, state, json.dumps(detail or {})),
        )

    def alarms(self, state: str | None = None) -> list[Doc]:
        """Alarms in one state or all, oldest first."""
        return self._docs(
            "SELECT * FROM alarms WHERE ?1 IS NULL OR state=?1 ORDER BY at, id", (state,), ("detail",)
        )
