"""The official Python client makes a video, reads what is to be read about it, and hears how it goes: session.py BINARY

Run by the interpreter of the environment that install.sh made. Exits with 1 at the first failed check.
"""

import asyncio
import base64
import json
import os
import sys
import tempfile

import anyio
import mcp_types as types
from mcp import Client, StdioServerParameters

PROMPT = "a 3-second video of a lighthouse in the fog"


def check(words: str, holds: bool, seen: object = None) -> None:
    if not holds:
        print(f"FAILED  {words}: {seen!r}")
        sys.exit(1)
    print(f"ok      {words}")


async def session(binary: str, home: str, mode: str) -> None:
    server = StdioServerParameters(
        command=binary,
        args=["serve"],
        cwd=home,
        env={"FIRSTCUT_HOME": home, "FIRSTCUT_SERVICE": "sandbox", "FIRSTCUT_POLL_S": "0.2"},
    )
    # What the older era tells without a request.
    told: list[str] = []

    async def on_message(message: object) -> None:
        if isinstance(message, types.ResourceUpdatedNotification):
            told.append(str(message.params.uri))
        elif isinstance(message, types.ResourceListChangedNotification):
            told.append("list")

    async with Client(server, mode=mode, message_handler=on_message) as client:
        tools = (await client.list_tools()).tools
        check(f"{mode}: twelve tools", len(tools) == 12, [tool.name for tool in tools])

        seen: list[tuple[float, float | None, str | None]] = []

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            seen.append((progress, total, message))

        made = await client.call_tool(
            "generate_video",
            {"prompt": PROMPT, "duration_seconds": 3, "resolution": "720p", "wait_seconds": 120},
            progress_callback=on_progress,
        )
        report = made.structured_content or {}
        check(f"{mode}: generate_video", not made.is_error and report.get("state") == "done", made)
        numbers = [progress for progress, _, _ in seen]
        check(f"{mode}: progress notifications ({len(seen)})", len(seen) > 1, seen)
        check(f"{mode}: progress rises", all(a < b for a, b in zip(numbers, numbers[1:])), numbers)
        check(f"{mode}: progress has a total and words", all(t == 10000 and p == int(p) and m for p, t, m in seen), seen)
        with open(report["files"][0]["path"], "rb") as file:
            check(f"{mode}: the file is an MP4", file.read(12)[4:8] == b"ftyp")

        await reading(client, mode, report)
        await news(client, mode, told)

        # Giving a call up ends the waiting, not the job.
        names: list[str] = []

        async def note_name(_progress: float, _total: float | None, message: str | None) -> None:
            names.extend(word.strip(".") for word in (message or "").split() if word.startswith("job_"))

        with anyio.move_on_after(30) as scope:

            async def until_named() -> None:
                while not names:
                    await anyio.sleep(0.01)
                scope.cancel()

            async with anyio.create_task_group() as group:
                group.start_soon(until_named)
                await client.call_tool(
                    "generate_video",
                    {"prompt": f"{PROMPT} at night, {mode}", "duration_seconds": 3, "wait_seconds": 120},
                    progress_callback=note_name,
                )
        check(f"{mode}: the call was given up", scope.cancelled_caught and bool(names), names)
        later = await client.call_tool("check_job", {"job_id": names[0], "wait_seconds": 120})
        report = later.structured_content or {}
        check(f"{mode}: its job went on", report.get("state") == "done", later)

        wrong = await client.call_tool("generate_video", {"prompt": "x", "duration_seconds": "ten"})
        check(f"{mode}: a wrong argument is an error to read", bool(wrong.is_error), wrong)


async def reading(client: Client, mode: str, report: dict) -> None:
    """What a finished job left behind, as resources, prompts and completions."""
    uri = f"firstcut://jobs/{report['job_id']}"
    listed = {str(one.uri): one for one in (await client.list_resources()).resources}
    check(f"{mode}: the job is listed", uri in listed and "lighthouse" in (listed[uri].title or ""), list(listed))
    job = (await client.read_resource(uri)).contents[0]
    check(f"{mode}: the job can be read", json.loads(job.text)["job_id"] == report["job_id"], job)
    sheet = (await client.read_resource(f"{uri}/contact-sheet")).contents[0]
    check(f"{mode}: its picture is a JPEG", base64.b64decode(sheet.blob)[:2] == b"\xff\xd8", sheet.mime_type)
    timeline = await client.read_resource(f"firstcut://sessions/{report['session_id']}/timeline")
    layout = json.loads(timeline.contents[0].text)["layout"]
    check(f"{mode}: the timeline is to scale", layout["tracks"][0]["clips"][0]["end_s"] > 0, layout)
    try:
        await client.read_resource("firstcut://nothing")
        check(f"{mode}: an unknown address is refused", False)
    except Exception as error:
        code = getattr(getattr(error, "error", None), "code", None)
        wanted = -32002 if mode == "legacy" else -32602
        check(f"{mode}: an unknown address is refused", code == wanted, error)
    prompt = await client.get_prompt("make_video", {"prompt": "a fox", "duration_seconds": "5"})
    check(f"{mode}: a prompt is a text with steps", "check_job" in prompt.messages[0].content.text, prompt)
    template = types.ResourceTemplateReference(type="ref/resource", uri="firstcut://jobs/{job_id}")
    found = await client.complete(template, {"name": "job_id", "value": "job_"})
    check(f"{mode}: the job's name is completed", report["job_id"] in found.completion.values, found)


async def news(client: Client, mode: str, told: list[str]) -> None:
    """A subscription hears of a job from its beginning to its end."""
    asked = {
        "prompt": f"{PROMPT} at dawn, {mode}",
        "duration_seconds": 1,
        "resolution": "720p",
        "wait_seconds": 0,
    }
    begun = (await client.call_tool("generate_video", asked)).structured_content or {}
    uri = f"firstcut://jobs/{begun['job_id']}"
    heard: list[str] = []

    async def wait() -> None:
        done = (await client.call_tool("check_job", {"job_id": begun["job_id"], "wait_seconds": 120})).structured_content
        check(f"{mode}: the job ends", (done or {}).get("state") == "done", done)

    if mode == "legacy":
        await client.subscribe_resource(uri)
        await wait()
        await anyio.sleep(1)
        heard = told
        await client.unsubscribe_resource(uri)
        check(f"{mode}: hears of new jobs", "list" in heard, heard)
    else:
        async with client.listen(resource_subscriptions=[uri], resources_list_changed=True) as subscription:
            async with anyio.create_task_group() as group:

                async def listen() -> None:
                    async for event in subscription:
                        heard.append(str(getattr(event, "uri", "list")))

                group.start_soon(listen)
                await wait()
                await anyio.sleep(1)
                group.cancel_scope.cancel()
    check(f"{mode}: hears of the job ({heard.count(uri)} times)", uri in heard, heard)


def main() -> None:
    binary = os.path.abspath(sys.argv[1])
    for mode in ("legacy", "2026-07-28"):
        with tempfile.TemporaryDirectory() as home:
            asyncio.run(session(binary, home, mode))
    print("ok      the Python client is content")


main()
