# SPDX-License-Identifier: Apache-2.0
"""The tables of the SQLite store, one tuple of statements for each format version.

A version that was ever released is never edited: the next change is a new tuple at the end.
"""

from __future__ import annotations

_LINE = (
    """CREATE TABLE channels(
         channel TEXT PRIMARY KEY, kind TEXT NOT NULL, about TEXT NOT NULL, created INTEGER NOT NULL,
         state TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE members(
         channel TEXT NOT NULL, party TEXT NOT NULL, card TEXT NOT NULL,
         PRIMARY KEY(channel, party)) WITHOUT ROWID""",
    """CREATE TABLE logs(
         id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, party TEXT NOT NULL,
         seq INTEGER NOT NULL, base INTEGER NOT NULL, log_key TEXT NOT NULL, receipt_key TEXT NOT NULL,
         pq_key TEXT NOT NULL, mine INTEGER NOT NULL, lost INTEGER NOT NULL DEFAULT 0,
         UNIQUE(channel, party, seq))""",
    """CREATE TABLE epochs(
         channel TEXT NOT NULL, sender TEXT NOT NULL, epoch INTEGER NOT NULL, key BLOB NOT NULL,
         blobs TEXT NOT NULL, PRIMARY KEY(channel, sender, epoch)) WITHOUT ROWID""",
    """CREATE TABLE leaves(
         n INTEGER PRIMARY KEY, log INTEGER NOT NULL REFERENCES logs(id), idx INTEGER NOT NULL,
         entry_id TEXT NOT NULL, hash BLOB NOT NULL, arrived INTEGER NOT NULL, labels TEXT NOT NULL,
         raw BLOB NOT NULL)""",
    "CREATE UNIQUE INDEX leaves_place ON leaves(log, idx)",
    "CREATE INDEX leaves_entry ON leaves(entry_id)",
    """CREATE TABLE bodies(
         n INTEGER PRIMARY KEY, entry_id TEXT NOT NULL UNIQUE, seed BLOB NOT NULL, raw BLOB NOT NULL)""",
    """CREATE TABLE heads(
         log INTEGER NOT NULL REFERENCES logs(id), size INTEGER NOT NULL, root BLOB NOT NULL,
         note BLOB NOT NULL, PRIMARY KEY(log, size)) WITHOUT ROWID""",
    """CREATE TABLE receipts(
         n INTEGER PRIMARY KEY, log INTEGER NOT NULL REFERENCES logs(id), size INTEGER NOT NULL,
         by TEXT NOT NULL, seconds INTEGER NOT NULL, note BLOB NOT NULL, UNIQUE(log, by, size, seconds))""",
    """CREATE TABLE items(
         n INTEGER PRIMARY KEY, entry_id TEXT NOT NULL, log INTEGER NOT NULL REFERENCES logs(id),
         by TEXT NOT NULL, arrived INTEGER NOT NULL, note BLOB NOT NULL, UNIQUE(entry_id, by))""",
    """CREATE TABLE early(
         entry_id TEXT PRIMARY KEY, log INTEGER NOT NULL REFERENCES logs(id), idx INTEGER NOT NULL,
         arrived INTEGER NOT NULL, labels TEXT NOT NULL, raw BLOB NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE evidence(
         channel TEXT NOT NULL, key TEXT NOT NULL, origin TEXT NOT NULL, what TEXT NOT NULL,
         at INTEGER NOT NULL, files TEXT NOT NULL, PRIMARY KEY(channel, key)) WITHOUT ROWID""",
    # Entries whose labels or body changed after they were kept: what a cache of views must read again.
    "CREATE TABLE revised(n INTEGER PRIMARY KEY AUTOINCREMENT, entry_id TEXT NOT NULL)",
)

_NODE = (
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE peers(party TEXT PRIMARY KEY, card TEXT NOT NULL, met INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE credentials(
         n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, credential TEXT NOT NULL)""",
    """CREATE TABLE drafts(
         id TEXT PRIMARY KEY, channel TEXT NOT NULL, draft TEXT NOT NULL, status TEXT NOT NULL,
         history TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE outgoing(
         id TEXT PRIMARY KEY, channel TEXT NOT NULL, due INTEGER NOT NULL, statement TEXT NOT NULL)
         WITHOUT ROWID""",
    """CREATE TABLE audit(
         n INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
         ref TEXT NOT NULL)""",
    """CREATE TABLE path_health(
         n INTEGER PRIMARY KEY, at INTEGER NOT NULL, peer TEXT NOT NULL, path TEXT NOT NULL,
         ok INTEGER NOT NULL, ms REAL, error TEXT, fault TEXT)""",
    "CREATE INDEX path_health_peer ON path_health(peer, path, at)",
    """CREATE TABLE alarms(
         id TEXT PRIMARY KEY, at INTEGER NOT NULL, channel TEXT NOT NULL, entry TEXT NOT NULL,
         what TEXT NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID""",
)

# What a start need not fold again (``reload``): a cache, each part with a digest of all before it.
_PARTS = (
    """CREATE TABLE parts(
         channel TEXT NOT NULL, part INTEGER NOT NULL, n INTEGER NOT NULL, raw BLOB NOT NULL,
         digest BLOB NOT NULL, PRIMARY KEY(channel, part))""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_LINE + _NODE, _PARTS)
