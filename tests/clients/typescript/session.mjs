// The official TypeScript client makes a video, reads what is to be read about it, and hears how it goes:
// session.mjs BINARY CLIENTS_DIR
// Exits with 1 at the first failed check.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [binary, clients] = process.argv.slice(2).map((path) => resolve(path));
// The packages lie where install.sh put them, not beside this file.
const require = createRequire(join(clients, "package.json"));
const { Client } = require("@modelcontextprotocol/client");
const { StdioClientTransport } = require("@modelcontextprotocol/client/stdio");

// A slow machine may take longer than the client's usual minute.
const PATIENT = { timeout: 150_000 };
const PROMPT = "a 3-second video of a train in the mountains";

function check(words, holds, seen) {
  if (!holds) {
    console.log(`FAILED  ${words}: ${JSON.stringify(seen)}`);
    process.exit(1);
  }
  console.log(`ok      ${words}`);
}

// What a finished job left behind, as resources, prompts and completions.
async function reading(name, client, report) {
  const uri = `firstcut://jobs/${report.job_id}`;
  const { resources } = await client.listResources();
  check(`${name}: the job is listed`, resources.some((one) => one.uri === uri && one.title.includes("train")), resources);
  const job = (await client.readResource({ uri })).contents[0];
  check(`${name}: the job can be read`, JSON.parse(job.text).job_id === report.job_id, job);
  const sheet = (await client.readResource({ uri: `${uri}/contact-sheet` })).contents[0];
  check(`${name}: its picture is a JPEG`, Buffer.from(sheet.blob, "base64").readUInt16BE(0) === 0xffd8, sheet.mimeType);
  const timeline = await client.readResource({ uri: `firstcut://sessions/${report.session_id}/timeline` });
  const { layout } = JSON.parse(timeline.contents[0].text);
  check(`${name}: the timeline is to scale`, layout.tracks[0].clips[0].end_s > 0, layout);
  const refused = await client.readResource({ uri: "firstcut://nothing" }).then(
    () => undefined,
    (error) => error,
  );
  check(`${name}: an unknown address is refused`, refused?.message.includes("firstcut://nothing"), String(refused));
  const prompt = await client.getPrompt({ name: "make_video", arguments: { prompt: "a fox", duration_seconds: "5" } });
  check(`${name}: a prompt is a text with steps`, prompt.messages[0].content.text.includes("check_job"), prompt);
  const found = await client.complete({
    ref: { type: "ref/resource", uri: "firstcut://jobs/{job_id}" },
    argument: { name: "job_id", value: "job_" },
  });
  check(`${name}: the job's name is completed`, found.completion.values.includes(report.job_id), found);
}

// A subscription hears of a job from its beginning to its end.
async function news(name, client) {
  const heard = [];
  client.setNotificationHandler("notifications/resources/updated", (note) => void heard.push(note.params.uri));
  client.setNotificationHandler("notifications/resources/list_changed", () => void heard.push("list"));
  const begun = await client.callTool({
    name: "generate_video",
    arguments: { prompt: `${PROMPT} at dawn, ${name}`, duration_seconds: 1, resolution: "720p", wait_seconds: 0 },
  });
  const job = begun.structuredContent.job_id;
  const uri = `firstcut://jobs/${job}`;
  const subscription = name === "legacy" ? undefined : await client.listen({ resourceSubscriptions: [uri] });
  if (!subscription) await client.subscribeResource({ uri });
  const done = await client.callTool({ name: "check_job", arguments: { job_id: job, wait_seconds: 120 } }, PATIENT);
  check(`${name}: the job ends`, done.structuredContent?.state === "done", done);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  check(`${name}: hears of the job (${heard.filter((one) => one === uri).length} times)`, heard.includes(uri), heard);
  await (subscription ? subscription.close() : client.unsubscribeResource({ uri }));
}

async function session(name, mode) {
  const home = mkdtempSync(join(tmpdir(), "firstcut-ts-"));
  const env = { ...process.env, FIRSTCUT_HOME: home, FIRSTCUT_SERVICE: "sandbox", FIRSTCUT_POLL_S: "0.2" };
  const transport = new StdioClientTransport({ command: binary, args: ["serve"], cwd: home, env });
  const client = new Client({ name: "firstcut-ts", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(transport);

  const { tools } = await client.listTools();
  check(`${name}: twelve tools`, tools.length === 12, tools.map((tool) => tool.name));

  const seen = [];
  // A timeout far shorter than the job, kept away by progress.
  const options = { onprogress: (news) => seen.push(news), timeout: 11_000, resetTimeoutOnProgress: true };
  const made = await client.callTool(
    {
      name: "generate_video",
      arguments: { prompt: PROMPT, duration_seconds: 3, resolution: "720p", wait_seconds: 120 },
    },
    options,
  );
  const report = made.structuredContent ?? {};
  check(`${name}: generate_video`, !made.isError && report.state === "done", made);
  check(`${name}: progress notifications (${seen.length})`, seen.length > 1, seen);
  const rises = seen.every((news, at) => at === 0 || news.progress > seen[at - 1].progress);
  check(`${name}: progress rises`, rises, seen);
  check(`${name}: progress has a total and words`, seen.every((news) => news.total === 10000 && Number.isInteger(news.progress) && news.message), seen);
  const head = readFileSync(report.files[0].path).subarray(4, 8).toString();
  check(`${name}: the file is an MP4`, head === "ftyp", head);

  await reading(name, client, report);
  await news(name, client);

  // Giving a call up ends the waiting, not the job.
  const giveUp = new AbortController();
  let job;
  const failed = await client
    .callTool(
      {
        name: "generate_video",
        arguments: { prompt: `${PROMPT} by night, ${name}`, duration_seconds: 1, resolution: "720p", wait_seconds: 120 },
      },
      {
        signal: giveUp.signal,
        onprogress: ({ message }) => {
          job ??= message?.match(/job_[0-9a-f]{32}/)?.[0];
          if (job) giveUp.abort("enough");
        },
      },
    )
    .then(
      () => undefined,
      (error) => error,
    );
  check(`${name}: the call was given up`, failed !== undefined && job, String(failed));
  const later = await client.callTool({ name: "check_job", arguments: { job_id: job, wait_seconds: 120 } }, PATIENT);
  check(`${name}: its job went on`, later.structuredContent?.state === "done", later);

  const wrong = await client.callTool({ name: "generate_video", arguments: { prompt: "x", duration_seconds: "ten" } });
  check(`${name}: a wrong argument is an error to read`, wrong.isError === true, wrong);

  await client.close();
  rmSync(home, { recursive: true, force: true });
}

await session("legacy", "legacy");
await session("2026-07-28", { pin: "2026-07-28" });
console.log("ok      the TypeScript client is content");
