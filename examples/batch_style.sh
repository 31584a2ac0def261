#!/bin/sh
# Batch style: several files in one session, one instruction after the other, a render for each.
#   sh examples/batch_style.sh FILE FILE…
# It rehearses in the sandbox; FIRSTCUT_SERVICE=nemo makes it real.
set -eu
export FIRSTCUT_SERVICE="${FIRSTCUT_SERVICE:-sandbox}"

firstcut upload "$@"

firstcut edit "trim to 1 second and add a title \"First take\""
firstcut export -o take-1.mp4

firstcut edit "change the title to \"Second take\""
firstcut export -o take-2.mp4
