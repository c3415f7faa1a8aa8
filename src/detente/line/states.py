# SPDX-License-Identifier: Apache-2.0
"""The states of a line, of the entries and logs that it holds, and of a sending key, as tables.

``LINE`` is what the line itself steps through. The others are states of many small things that the line keeps
in its maps; each change of theirs is one write (``line/writes.py``), which is the event of the table.
"""

from __future__ import annotations

from detente.words.machine import Machine, Move

NO_LOG, OPEN, WAITING, STOPPED = "no log", "open", "waiting", "stopped"
OPENED, ATTACHED, SUCCEEDED = "our first log is opened", "loaded with its keys", "succession"
PROOF, BARRED = "proof of more", "barred"
CLAIM, OVER = "claim of more", "the wait is over"

LINE = Machine(
    "line",
    "May this node sign in its own log? It receives in every state.",
    NO_LOG,
    (
        Move(NO_LOG, OPENED, OPEN, "the party that proposes or assents", "§4, §5"),
        Move(NO_LOG, ATTACHED, OPEN, "the node, at its start", "§5"),
        Move(NO_LOG, PROOF, STOPPED, "a member's proof", "§5, §8"),
        Move(OPEN, CLAIM, WAITING, "a member's `have`, once an hour at most", "§8"),
        Move(WAITING, CLAIM, WAITING, "another member's `have`", "§8"),
        Move(WAITING, OVER, OPEN, "the line, after 5 seconds without a proof", "§8"),
        Move(OPEN, PROOF, STOPPED, "a member's proof, or one that is on our disk", "§5, §8"),
        Move(WAITING, PROOF, STOPPED, "a member's proof", "§5, §8"),
        Move(OPEN, BARRED, STOPPED, "the node, which finds that it was restored or copied", "§5"),
        Move(NO_LOG, BARRED, STOPPED, "the node, which finds that it was restored or copied", "§5"),
        Move(STOPPED, SUCCEEDED, OPEN, "the party's root key", "§5"),
        Move(OPEN, SUCCEEDED, OPEN, "the party's root key", "§5"),
        Move(WAITING, SUCCEEDED, OPEN, "the party's root key", "§5"),
        Move(NO_LOG, SUCCEEDED, OPEN, "the party's root key", "§5"),
    ),
)

OURS = Machine(
    "ours",
    "An entry of ours, for one member.",
    "none",
    (
        Move("none", "PutLeaf", "kept", "we place it", "§3, §5"),
        Move("kept", "PutReceipt", "delivered", "the member's cosignature covers it", "§5, §10"),
        Move("kept", "PutItem", "delivered ahead", "the member's item receipt", "§5, §8"),
        Move("delivered ahead", "PutReceipt", "delivered", "the member's cosignature covers it", "§5"),
        Move("delivered", "PutItem", "delivered", "an item receipt that comes after a cosignature", "§5"),
    ),
)

THEIRS = Machine(
    "theirs",
    "An entry of another member, as we hold it.",
    "none",
    (
        Move("none", "PutEarly", "early", "its author, ahead of a gap", "§8"),
        Move("none", "PutLeaf", "kept", "any member that holds it", "§8"),
        Move("early", "PutItem", "early, receipted", "we, with an item receipt", "§5, §8"),
        Move("early", "PutLeaf", "kept", "the gap is filled", "§8"),
        Move("early, receipted", "PutLeaf", "kept", "the gap is filled", "§8"),
        Move("kept", "PutReceipt", "receipted", "we, with a cosignature over the log", "§5"),
    ),
)

BODY = Machine(
    "body",
    "The content of an entry of another member.",
    "none",
    (
        Move("none", "PutLeaf", "opened", "its author; it matches its commitment", "§4"),
        Move("none", "PutLeaf unopened", "unopened", "its author; our refusal names it", "§6, §7"),
        Move("unopened", "PutLabels", "opened", "its author sends it again, under a new epoch", "§7"),
    ),
)

LOG = Machine(
    "log",
    "One log of one party, as a member holds it.",
    "unknown",
    (
        Move("unknown", "PutLog", "followed", "its author's genesis, signed by the root key", "§5"),
        Move("unknown", "PutLog given", "given back", "a member: a log of ours that we had lost whole", "§5"),
        Move("followed", "PutHead given", "given back", "a member: the lost end of our log", "§5, §8"),
        Move("given back", "PutHead given", "given back", "a member: more of it", "§8"),
        Move("followed", "PutEvidence", "forked", "two heads that cannot both be true", "§5"),
        Move("given back", "PutEvidence", "forked", "two heads that cannot both be true", "§5"),
        Move("forked", "PutEvidence", "forked", "a further proof", "§5"),
        Move("forked", "PutHead given", "forked", "a member: what we had lost", "§5, §8"),
        Move("followed", "PutLog next", "succeeded", "its author's succession", "§5"),
        Move("given back", "PutLog next", "succeeded", "our succession", "§5"),
        Move("forked", "PutLog next", "succeeded", "its author's succession", "§5"),
        Move("succeeded", "PutEvidence", "succeeded", "a proof that comes later", "§5"),
        Move("succeeded", "PutHead given", "succeeded", "a member: what we had lost, later", "§5, §8"),
        Move("followed", "PutLog aside", "set aside", "a member: another succession of our log", "§5"),
        Move("forked", "PutLog aside", "set aside", "a member: another succession of our log", "§5"),
        Move("succeeded", "PutLog aside", "set aside", "a member: another succession of our log", "§5"),
        Move("set aside", "PutEvidence", "set aside", "a proof that comes later", "§5"),
    ),
)

EPOCH = Machine(
    "epoch",
    "One sender's sending key of one number.",
    "unknown",
    (
        Move("unknown", "PutEpoch", "known", "the sender; we, for our own", "§7"),
        Move("known", "PutEpoch", "known", "a sender that lost its newest state and counts again", "§7"),
        Move("known", "grant mismatch", "unknown", "we: the log's grant commits to another blob", "§7"),
    ),
)

PEER = Machine(
    "peer",
    "What this side knows of a member's copy. Gone at a restart, asked for again.",
    "apart",
    (
        Move("apart", "connected", "unheard", "a path is up; we send `have` and ask", "§8"),
        Move("apart", "have", "known", "a packet by pouch, without a path", "§8"),
        Move("unheard", "have", "known", "the member says what it holds; bulk may go", "§8"),
        Move("known", "have", "known", "it says so again; what was under way is sent anew", "§8"),
        Move("unheard", "connected", "unheard", "another path", "§8, §9"),
        Move("known", "connected", "unheard", "another path; we ask again", "§8, §9"),
        Move("apart", "disconnected", "apart", "nothing was up", "§8"),
        Move("unheard", "disconnected", "apart", "the last path is gone", "§8"),
        Move("known", "disconnected", "apart", "the last path is gone", "§8"),
    ),
)

MANDATE = Machine(
    "mandate",
    "A mandate in its log, at the time of a placement. One that is over never comes back.",
    "not yet",
    (
        Move("not yet", "its time begins", "in force", "the root key, by `from`", "§2, §6"),
        Move("not yet", "a higher serial began, or it is revoked", "over", "the root key", "§2, §6"),
        Move("in force", "its time ends", "over", "the root key, by `to`", "§2, §6"),
        Move("in force", "a higher serial begins", "over", "the root key", "§2"),
        Move("in force", "revoked", "over", "the root key, by a `revocation`, from its time on", "§2, §6"),
    ),
)

# What the writes of a line move.
MACHINES = (LINE, OURS, THEIRS, BODY, LOG, EPOCH, PEER)
