#!/bin/bash
# The official conformance suite, one frozen set of requirements: run.sh URL REQUIREMENTS CLIENTS_DIR
# What is known to fail stands in known-failures.yml with its reason; anything else that fails, and anything there
# that passes, fails the run.
set -euo pipefail
url=${1:?usage: run.sh URL REQUIREMENTS CLIENTS_DIR}
requirements=${2:?usage: run.sh URL REQUIREMENTS CLIENTS_DIR}
suite=${3:?usage: run.sh URL REQUIREMENTS CLIENTS_DIR}/conformance
here=$(cd "$(dirname "$0")" && pwd)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
"$suite/node_modules/node/bin/node" "$suite/node_modules/@modelcontextprotocol/conformance/dist/index.js" server \
    --url "$url" --requirements "$requirements" --expected-failures "$here/known-failures-$requirements.yml" -o "$results"
echo "ok      the conformance suite is content with $requirements"
