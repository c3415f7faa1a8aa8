#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds dist/detente-VERSION-offline.tar.gz: wheels, hashes, SBOM and an install script that needs no network.
# PYTHONS names the Python versions whose wheels go in, PLATFORM the machine (default: this one), DIST the folder to write to.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$PWD/.venv/bin/python
here=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
pythons=${PYTHONS:-3.11 3.12 3.13}
case " $pythons " in *" $here "*) ;; *) pythons="$here $pythons" ;; esac
dist=${DIST:-dist}
machine=${PLATFORM:-$(uname -m)}
version=$("$python" -c 'import detente; print(detente.__version__)')
name=detente-$version-offline
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/$name
pip() { "$python" -m pip --disable-pip-version-check -qq "$@"; }

mkdir -p "$root/wheels" "$dist"
echo "Building detente $version …"
pip wheel --no-deps --no-build-isolation --wheel-dir "$root/wheels" .

# pip itself comes along, so that a machine without ensurepip needs nothing more.
"$python" - requirements-build.txt >"$work/pip.txt" <<'PY'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
print(re.search(r"^pip==.*?(?=^\S|\Z)", text, re.M | re.S).group())
PY
echo "Fetching wheels for Python $pythons on $machine …"
pip download --no-deps --require-hashes --only-binary :all: --dest "$root/wheels" --requirement "$work/pip.txt"
for one in $pythons; do
    target=()
    if [ "$one" != "$here" ] || [ "$machine" != "$(uname -m)" ]; then
        target=(--python-version "$one" --implementation cp --abi "cp${one/./}" --abi abi3 --abi none)
        for libc in manylinux_2_34 manylinux_2_31 manylinux_2_28 manylinux_2_24 manylinux_2_17 manylinux2014; do
            target+=(--platform "${libc}_$machine")
        done
    fi
    pip download --no-deps --require-hashes --only-binary :all: --dest "$root/wheels" "${target[@]}" \
        --requirement requirements.txt
done

own=$(basename "$root"/wheels/detente-*.whl)
{
    cat requirements.txt
    printf 'detente==%s \\\n    --hash=sha256:%s\n' "$version" "$(sha256sum "$root/wheels/$own" | cut -d' ' -f1)"
} >"$root/requirements.txt"
cp scripts/offline/install scripts/offline/README docs/deploy/detente@.service LICENSE NOTICE "$root/"
chmod 755 "$root/install"

# The SBOM is read off an installation made from the bundle itself: what is listed is what gets installed.
echo "Installing it once, without the network, for the SBOM …"
(cd "$root" && PYTHON="$python" ./install --unchecked --prefix "$work/prefix" >/dev/null)
"$python" -m cyclonedx_py environment "$work/prefix/$version/bin/python" --pyproject pyproject.toml \
    --mc-type application --output-reproducible --output-format JSON --output-file "$root/sbom.cdx.json"

(cd "$root" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
tar --create --directory "$work" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner "$name" \
    | gzip -9n >"$dist/$name.tar.gz"
(cd "$dist" && sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256")
