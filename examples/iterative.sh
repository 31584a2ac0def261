#!/bin/sh
# Iterative: a rough cut, a look at it, and refinements; the session keeps the timeline.
#   sh examples/iterative.sh
# It rehearses in the sandbox; FIRSTCUT_SERVICE=nemo makes it real.
set -eu
export FIRSTCUT_SERVICE="${FIRSTCUT_SERVICE:-sandbox}"

firstcut make "generate a 2-second 360p video of a city street at night" -o rough-cut.mp4
firstcut state

firstcut edit "change the title to \"Urban Dreams\""
firstcut edit "add lo-fi music at 35%"
firstcut state

firstcut export -o final-cut.mp4
