#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need from Debian: a browser, and Go with x/mod, the judge that shares no code with Detente.
# Without the right to install, says in one line what to do; the tests that need it skip.
set -euo pipefail

missing=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing+=(chromium)
command -v go >/dev/null || missing+=(golang-go)
[ -d /usr/share/gocode/src/golang.org/x/mod/sumdb/note ] || missing+=(golang-golang-x-mod-dev)
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "Not here: ${missing[*]} (Debian's names). Install them by your system's means; the tests that need them skip." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    echo "Not here: ${missing[*]}. Install with: sudo apt-get install ${missing[*]} — until then the tests that need them skip." >&2
    exit 1
fi

echo "Installing ${missing[*]} (once) …"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
