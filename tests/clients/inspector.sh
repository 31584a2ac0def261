#!/bin/bash
# The official Inspector lists the tools (strict) and calls each of them, reads the resources and prompts and verifies the
# skill, in both protocol eras, against the sandbox: inspector.sh BINARY CLIENTS_DIR
# Each call is a process of its own, so this also shows that jobs and sessions outlive one.
set -euo pipefail
binary=${1:?usage: inspector.sh BINARY CLIENTS_DIR}
clients=${2:?usage: inspector.sh BINARY CLIENTS_DIR}
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
# The Inspector keeps files of its own in the home folder.
export HOME="$home/user"
mkdir -p "$HOME"

inspect() { # ERA ARGUMENTS…
    local era=$1
    shift
    "$clients/node_modules/.bin/mcp-inspector" --cli -e "FIRSTCUT_HOME=$home/$era" -e FIRSTCUT_SERVICE=sandbox \
        -e FIRSTCUT_POLL_S=0.2 --cwd "$home" --protocol-era "$era" --format json "$@" "$binary" serve
}

call() { # ERA TOOL JSON: leaves the result in $home/result
    if ! inspect "$1" -q --method tools/call --tool-name "$2" --tool-args-json "$3" >"$home/result" 2>"$home/stderr"; then
        echo "FAILED  $1 $2 $3"
        cat "$home/result" "$home/stderr"
        exit 1
    fi
}

ask() { # ERA METHOD ARGUMENTS…: leaves the result in $home/result
    local era=$1 method=$2
    shift 2
    if ! inspect "$era" -q --method "$method" "$@" >"$home/result" 2>"$home/stderr"; then
        echo "FAILED  $era $method $*"
        cat "$home/result" "$home/stderr"
        exit 1
    fi
}

# Prints a value of the result: `result` is the whole, `it` its structured part.
value() {
    node -e 'const {result} = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
        const it = result.structuredContent; console.log(eval(process.argv[2]))' "$home/result" "$1"
}

expect() { # WORDS EXPRESSION
    if [ "$(value "$2")" != true ]; then
        echo "FAILED  $1: $2"
        cat "$home/result"
        exit 1
    fi
    echo "ok      $1"
}

finish() { # ERA: a slow machine needs more than one call; each further one leaves its result instead
    local turns=0
    while [ "$(value 'it.state === "done" || it.state === "failed"')" != true ] && [ $((turns += 1)) -le 10 ]; do
        call "$1" check_job "{\"job_id\": \"$(value it.job_id)\", \"wait_seconds\": 50}"
    done
}

for era in legacy modern; do
    mkdir -p "$home/$era"
    if ! inspect "$era" --method tools/list --strict >"$home/result" 2>"$home/lint"; then
        echo "FAILED  $era tools/list --strict"
        cat "$home/lint"
        exit 1
    fi
    if grep -iE 'warning|portab' "$home/lint"; then
        echo "FAILED  $era tools/list --strict: the lint has something to say"
        exit 1
    fi
    echo "ok      $era tools/list --strict"

    call "$era" check_credits '{}'
    expect "$era check_credits" 'it.available > 0 && it.service === "sandbox"'

    call "$era" generate_video '{"prompt": "a 3-second video of a sunset over the ocean", "duration_seconds": 3,
        "resolution": "720p", "wait_seconds": 50}'
    finish "$era"
    expect "$era generate_video" 'it.state === "done" && it.files[0].mime === "video/mp4" && it.files[0].bytes > 1000'
    expect "$era generate_video: a link to the file" 'result.content.some(part => part.type === "resource_link")'
    expect "$era generate_video: says that it is the sandbox" \
        'it.service === "sandbox" && result.content[0].text.includes("sandbox")'
    expect "$era generate_video: a picture of it" \
        'result.content.some(part => part.type === "image") && it.files[1].mime === "image/jpeg"'
    job=$(value it.job_id)
    session=$(value it.session_id)
    file=$(value 'it.files[0].path')
    test -s "$file"

    call "$era" generate_video '{"prompt": "a 3-second video of a sunset over the ocean", "duration_seconds": 3,
        "resolution": "720p", "wait_seconds": 50}'
    expect "$era generate_video again: the same job" "it.job_id === '$job'"

    call "$era" check_job "{\"job_id\": \"$job\"}"
    expect "$era check_job" "it.job_id === '$job' && it.state === 'done'"

    call "$era" estimate_cost '{"model": "veo-3.1", "duration_seconds": 30, "aspect_ratio": "9:16"}'
    expect "$era estimate_cost" 'it.parts_s.join() === "8,8,8,6" && it.most_usd === "12.00"'

    call "$era" update_template '{"template_id": "f5493c17-d01f-445c-bb49-535fae65f219", "name": "Promo",
        "max_cost_usd": 1, "template": {"timeline": {"tracks": [{"clips": [{"asset": {"type": "title", "text": "Hi"},
        "start": 0, "length": 2}]}]}, "output": {"format": "mp4"}}}'
    finish "$era"
    expect "$era update_template" 'it.state === "done" && it.kind === "run" && it.cost.usd !== undefined'

    # A rehearsal needs no bucket and no scheduler: the sandbox's own would take it.
    call "$era" publish "{\"job_id\": \"$job\", \"channels\": [\"x\"], \"caption\": \"Evening.\", \"dry_run\": true}"
    expect "$era publish, only tried" \
        "it.job_id === '$job' && ['sandbox', 'drafts'].every(words => it.message.includes(words))"

    call "$era" session_state "{\"session_id\": \"$session\"}"
    expect "$era session_state" "it.session_id === '$session' && it.tracks > 0 && it.exportable"

    call "$era" upload "{\"session_id\": \"$session\", \"files\": [\"$file\"]}"
    expect "$era upload" "it.session_id === '$session' && it.uploaded.length === 1"

    call "$era" edit_video "{\"session_id\": \"$session\", \"instruction\": \"add a title \\\"Evening\\\"\", \"wait_seconds\": 50}"
    finish "$era"
    expect "$era edit_video" "it.state === 'done' && it.changes?.length > 0"

    call "$era" export "{\"session_id\": \"$session\", \"wait_seconds\": 50}"
    finish "$era"
    expect "$era export" "it.state === 'done' && it.files[0].path !== '$file'"

    call "$era" generate_video '{"prompt": "a 5-second video of rain on a window", "wait_seconds": 0}'
    expect "$era generate_video without waiting" 'it.job_id.startsWith("job_") && it.next.length > 0'
    call "$era" cancel_job "{\"job_id\": \"$(value it.job_id)\"}"
    expect "$era cancel_job" 'it.job_id.startsWith("job_")'

    ask "$era" resources/list
    expect "$era resources/list: what comes with the program" \
        '["skill://firstcut/SKILL.md", "firstcut://jobs", "firstcut://models"].every(uri => result.resources.some(one => one.uri === uri))'
    expect "$era resources/list: jobs by their words" \
        "result.resources.some(one => one.uri === 'firstcut://jobs/$job' && one.title.includes('sunset'))"
    ask "$era" resources/templates/list
    expect "$era resources/templates/list" 'result.resourceTemplates.length === 3'
    ask "$era" resources/read --uri "firstcut://jobs/$job"
    expect "$era resources/read: a job" "JSON.parse(result.contents[0].text).job_id === '$job'"
    ask "$era" resources/read --uri "firstcut://jobs/$job/contact-sheet"
    expect "$era resources/read: its picture" \
        'result.contents[0].mimeType === "image/jpeg" && result.contents[0].blob.length < 900000'
    ask "$era" resources/read --uri "firstcut://sessions/$session/timeline"
    expect "$era resources/read: a timeline" 'JSON.parse(result.contents[0].text).layout.tracks.length > 0'
    ask "$era" resources/read --uri firstcut://models
    expect "$era resources/read: models" 'JSON.parse(result.contents[0].text).models.length > 3'
    ask "$era" prompts/list
    expect "$era prompts/list" 'result.prompts.map(one => one.name).join() === "make_video,edit_video,post_video"'
    ask "$era" prompts/get --prompt-args "prompt=a fox in the snow" duration_seconds=5 --prompt-name make_video
    expect "$era prompts/get" 'result.messages[0].content.text.includes("a fox in the snow")'
    ask "$era" skills/list --verify
    echo "ok      $era skills/list --verify"

    call "$era" list_jobs '{"limit": 5}'
    expect "$era list_jobs" "it.jobs.length >= 4 && it.jobs.some(job => job.job_id === '$job')"
done
echo "ok      the Inspector is content"
