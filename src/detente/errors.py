# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, told apart by whose fault it is.

A message says what happened, where, and what to do next; it is shown to users as it stands.
``exit_status`` is what the command line ends with.
"""

from __future__ import annotations


class DetenteError(Exception):
    """Root of every error that this package lets out."""

    exit_status = 1


class UsageError(DetenteError):
    """The call itself is wrong: an option, a name, a file that is not there."""

    exit_status = 2


class RefusedError(DetenteError):
    """The answer is no: a rule, a mandate, a limit or a missing thing stands against it."""


class MalformedError(DetenteError):
    """Bytes from outside (a peer, a file, a page) are not what they must be."""


class VerificationError(MalformedError):
    """Bytes are well formed but do not prove what they claim."""


class UnreachableError(DetenteError):
    """The other side or a path could not be reached; what was to be sent is kept."""

    exit_status = 3


class FatalError(DetenteError):
    """Our own state is unknown or unsafe: stop, and start again from what is on disk."""
