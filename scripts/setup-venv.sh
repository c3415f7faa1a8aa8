#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the virtual environment: scripts/setup-venv.sh PYTHON DIR
set -euo pipefail

python=$1
dir=$2

if ! command -v "$python" >/dev/null; then
    echo "Python is not here: install Python 3.11 or newer (Debian, Ubuntu: apt-get install python3 python3-venv)." >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$("$python" --version) is too old: Detente needs 3.11 or newer; name one with make PYTHON=python3.12 …" >&2
    exit 1
fi

# Debian and Ubuntu keep ensurepip in a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing python${version}-venv, which is missing …"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "python${version}-venv" >/dev/null
    else
        echo "The package python${version}-venv is missing: sudo apt-get install python${version}-venv, then run this again." >&2
        exit 1
    fi
fi

"$python" -m venv "$dir"
