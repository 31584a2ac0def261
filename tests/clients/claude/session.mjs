// Claude Code, headless, makes a video: session.mjs BINARY CLIENTS_DIR
// Its model service is a stand-in on loopback that asks for a wrong call and a right one, and keeps what the model would have been
// told, so nothing leaves this machine and nothing is paid. Exits with 1 at the first failed check.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [binary, clients] = process.argv.slice(2).map((path) => resolve(path));
const PROMPT = "a 3-second video of a sunset over the ocean";
const TOOL = "mcp__firstcut__generate_video";
const LATER = "mcp__firstcut__check_job";
// Half a minute on a quiet machine; the suite runs it beside everything else.
const PATIENCE_MS = 300_000;

function check(words, holds, seen) {
  if (!holds) {
    console.log(`FAILED  ${words}: ${JSON.stringify(seen)?.slice(0, 4000)}`);
    process.exit(1);
  }
  console.log(`ok      ${words}`);
}

/** The program of this platform; the package's own wrapper is filled in by a script, and we install without scripts. */
function claude() {
  const scope = join(clients, "node_modules/@anthropic-ai");
  const built = readdirSync(scope).filter((name) => name.startsWith(`claude-code-${process.platform}-${process.arch}`));
  return join(scope, built.sort()[0], process.platform === "win32" ? "claude.exe" : "claude");
}

/** A Messages API that answers each request with the next of its turns, as a stream when one is asked for. */
class StandIn {
  requests = [];

  constructor(turn) {
    this.server = createServer((request, response) => {
      let body = "";
      request.on("data", (piece) => (body += piece));
      request.on("end", () => {
        if (request.method !== "POST" || !request.url.startsWith("/v1/messages")) {
          response.writeHead(request.method === "HEAD" ? 200 : 404).end();
          return;
        }
        const asked = JSON.parse(body);
        if (request.url.includes("count_tokens")) {
          response.writeHead(200, { "content-type": "application/json" }).end('{"input_tokens":1}');
          return;
        }
        this.requests.push(asked);
        this.answer(response, asked, turn(asked));
      });
    });
  }

  async listen() {
    await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  answer(response, asked, block) {
    const usage = { input_tokens: 1, output_tokens: 1 };
    const stop = block.type === "tool_use" ? "tool_use" : "end_turn";
    const message = { id: "msg_1", type: "message", role: "assistant", model: asked.model, usage };
    if (!asked.stream) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...message, content: [block], stop_reason: stop, stop_sequence: null }));
      return;
    }
    const piece =
      block.type === "tool_use"
        ? { type: "input_json_delta", partial_json: JSON.stringify(block.input) }
        : { type: "text_delta", text: block.text };
    const empty = block.type === "tool_use" ? { ...block, input: {} } : { ...block, text: "" };
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of [
      { type: "message_start", message: { ...message, content: [], stop_reason: null, stop_sequence: null } },
      { type: "content_block_start", index: 0, content_block: empty },
      { type: "content_block_delta", index: 0, delta: piece },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: stop, stop_sequence: null }, usage },
      { type: "message_stop" },
    ]) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    response.end();
  }
}

/** What came back from the tools, in the order of the calls. */
const results = (asked) =>
  asked.messages.flatMap(({ content }) =>
    Array.isArray(content) ? content.filter((part) => part.type === "tool_result") : [],
  );
const words = (content) => [content].flat().map((part) => part.text ?? part).join("\n");

const texts = (content) => [content].flat().filter((part) => part.type === "text").map((part) => part.text);
/** The structured result, as the model is told it. */
const structured = (result) => JSON.parse(texts(result.content).find((part) => part.startsWith("{")) ?? "{}");
const UNDER_WAY = ["queued", "submitting", "running", "ready", "delivering"];

// First a call that is wrong, then the right one, then looks at its job until that is done, then an end.
const CALLS = [
  { prompt: PROMPT, duration_seconds: "ten" },
  { prompt: PROMPT, duration_seconds: 3, resolution: "720p", wait_seconds: 110 },
];
function call(asked) {
  if (!asked.tools?.some((tool) => tool.name === TOOL)) return undefined;
  const done = results(asked);
  if (done.length < CALLS.length) return { name: TOOL, input: CALLS[done.length] };
  const { state, job_id } = structured(done.at(-1));
  return UNDER_WAY.includes(state) ? { name: LATER, input: { job_id, wait_seconds: 60 } } : undefined;
}

const home = mkdtempSync(join(tmpdir(), "firstcut-claude-"));
const askedAt_ms = [];
const standIn = new StandIn((asked) => {
  askedAt_ms.push(Date.now());
  const next = call(asked);
  if (!next) return { type: "text", text: "The video is ready." };
  return { type: "tool_use", id: `toolu_${results(asked).length}`, ...next };
});
const address = await standIn.listen();

// Nothing but the stand-in is to be contacted: no updates, no statistics, no look at an account.
const env = {
  PATH: process.env.PATH,
  HOME: home,
  CLAUDE_CONFIG_DIR: join(home, "claude"),
  ANTHROPIC_BASE_URL: address,
  ANTHROPIC_API_KEY: "no-key-is-needed-here",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_AUTOUPDATER: "1",
  DISABLE_TELEMETRY: "1",
  DISABLE_ERROR_REPORTING: "1",
  // Otherwise the model is first told names only, and asks for the schemas.
  ENABLE_TOOL_SEARCH: "false",
  // Otherwise the model may be asked before a server has listed its tools.
  MCP_CONNECTION_NONBLOCKING: "0",
  NO_PROXY: "127.0.0.1",
};
// It learns of us as a user's would: by our own command, with the settings of a rehearsal.
const installing = ["--home", join(home, "firstcut"), "--service", "sandbox", "install", "claude-code"];
execFileSync(binary, [...installing, "--env", "FIRSTCUT_POLL_S=0.2"], { cwd: home, env });
const asking = ["-p", `Make ${PROMPT}`, "--allowedTools", TOOL, LATER];
const child = spawn(claude(), [...asking, "--output-format", "json"], {
  cwd: home,
  env,
  stdio: ["ignore", "pipe", "pipe"],
});
let said = "";
child.stdout.on("data", (piece) => (said += piece));
child.stderr.on("data", (piece) => (said += piece));
const impatience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
const code = await new Promise((done) => child.on("close", done));
clearTimeout(impatience);
standIn.server.close();
check("Claude Code ends well", code === 0, { code, said });

const asked = standIn.requests.filter((one) => one.tools?.some((tool) => tool.name === TOOL));
// Once for each call and once for the end; more only where the second call waited in vain as long as it was told to.
const patient = askedAt_ms.at(-1) - askedAt_ms[0] >= 100_000;
const enough = asked.length === 3 || (asked.length > 3 && patient);
check("the model is asked three times", enough, standIn.requests.map((one) => one.tools?.length));
const offered = asked[0].tools.filter((tool) => tool.name.startsWith("mcp__firstcut__"));
const names = offered.map((tool) => tool.name.slice("mcp__firstcut__".length)).sort();
check(`it is offered ${names.length} tools`, names.length >= 11 && names.includes("check_job"), names);
const generate = offered.find((tool) => tool.name === TOOL);
check("with the schema of generate_video", generate.input_schema.required.join() === "prompt", generate);
check("and its whole description", generate.description.endsWith("finds the same job."), generate.description);
check("and our instructions", JSON.stringify([asked[0].system, asked[0].messages]).includes("firstcut makes and edits"));

const returned = results(asked.at(-1));
const wrong = returned[0];
const made = returned.at(-1);
check("a wrong call comes back as an error", wrong.is_error === true, wrong);
check("that says what to correct", /duration_seconds must be a number/.test(words(wrong.content)), wrong);
check("and that nothing was spent", /Nothing was spent/.test(words(wrong.content)), wrong);

check("the right call is no error", !made.is_error, made);
const told = texts(made.content);
const report = structured(made);
check("the model is told the structured result", report.state === "done" && report.next, told);
check("that it is the sandbox", report.message?.includes("sandbox"), report);
check("what was checked, and what it cost", report.checks?.length > 5 && report.cost, report);
check("a link to the file", told.some((part) => part.startsWith("[Resource link:") && part.includes(".mp4")), told);
check("the file lies where it says", readFileSync(report.files[0].path).subarray(4, 8).toString() === "ftyp", report.files);
const picture = made.content.find((part) => part.type === "image")?.source;
const jpeg = Buffer.from(picture?.data ?? "", "base64");
check("and the picture of it", picture?.media_type === "image/jpeg" && jpeg.readUInt16BE(0) === 0xffd8, picture?.media_type);
rmSync(home, { recursive: true, force: true });
console.log("ok      Claude Code is content");
