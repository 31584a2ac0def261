"""The official Python client makes a video with progress notifications: session.py BINARY

Run by the interpreter of the environment that install.sh made. Exits with 1 at the first failed check.
"""

import asyncio
import os
import sys
import tempfile

import anyio
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
    async with Client(server, mode=mode) as client:
        tools = (await client.list_tools()).tools
        check(f"{mode}: eleven tools", len(tools) == 11, [tool.name for tool in tools])

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


def main() -> None:
    binary = os.path.abspath(sys.argv[1])
    for mode in ("legacy", "2026-07-28"):
        with tempfile.TemporaryDirectory() as home:
            asyncio.run(session(binary, home, mode))
    print("ok      the Python client is content")


main()
