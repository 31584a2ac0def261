#!/bin/sh
# Batch style: several files in one session, one after the other, each with its own instruction and its own render.
#   sh examples/batch_style.sh FILE FILE…
# It rehearses in the sandbox; FIRSTCUT_SERVICE=nemo makes it real.
set -eu
export FIRSTCUT_SERVICE="${FIRSTCUT_SERVICE:-sandbox}"

take=0
for file in "$@"; do
    take=$((take + 1))
    firstcut upload "$file"
    if [ "$take" -eq 1 ]; then
        firstcut edit "trim to 1 second and add a title \"Take 1\""
    else
        firstcut edit "replace clip 1 with the new upload and change the title to \"Take $take\""
    fi
    firstcut export -o "take-$take.mp4"
done
