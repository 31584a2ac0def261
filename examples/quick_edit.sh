#!/bin/sh
# Quick edit: upload a file, describe the video, get the MP4.
#   sh examples/quick_edit.sh FILE
# It rehearses in the sandbox; FIRSTCUT_SERVICE=nemo makes it real.
set -eu
export FIRSTCUT_SERVICE="${FIRSTCUT_SERVICE:-sandbox}"

firstcut upload "$1"
firstcut make "generate a 2-second 360p video of a sunset over the ocean with waves crashing" -o sunset.mp4
