#!/bin/sh
# Installs the official MCP clients, at the pinned versions, into a folder of its own: install.sh DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?usage: install.sh DIR}
mkdir -p "$dir"
cp "$here/typescript/package.json" "$here/typescript/package-lock.json" "$dir/"
(cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
mkdir -p "$dir/conformance"
cp "$here/conformance/package.json" "$here/conformance/package-lock.json" "$dir/conformance/"
# Only the package that brings a newer Node may run a script of its own.
(cd "$dir/conformance" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm rebuild node --loglevel=error)
[ -x "$dir/venv/bin/python" ] || python3 -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/python/requirements.txt"
echo "The clients are in $dir; run the tests with FIRSTCUT_CLIENTS=$dir"
